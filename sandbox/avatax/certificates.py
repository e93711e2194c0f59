"""The calls about customers and the exemption certificates that they have handed in."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.avatax.desk import Call, Desk, Record, body_of, code_in
from sandbox.avatax.exemptions import of_customer, valid_certificate
from sandbox.avatax.listing import page_of
from sandbox.avatax.refusals import Refusal, not_found, required

_CUSTOMER_NEEDS = ("customerCode", "name", "line1", "city", "postalCode", "region", "country")
_CERTIFICATE_NEEDS = ("signedDate", "expirationDate", "exemptionReason", "exposureZone")


class CertificateCalls(Desk):
    """``/companies/{companyId}/customers`` and ``/companies/{companyId}/certificates``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        customers, certificates = "/companies/{company_id}/customers", "/companies/{company_id}/certificates"
        return [
            ("GET", customers, self.customers),
            ("POST", customers, self.create_customers),
            ("GET", customers + "/{code}/certificates", self.of_customer),
            ("GET", customers + "/{code}/certificates/{country}/{region}", self.valid),
            ("POST", customers + "/{code}/certificates/link", self.link),
            ("GET", certificates, self.listed),
            ("POST", certificates, self.create),
        ]

    async def customers(self, request: Request) -> Response:
        """A company's customers in the exemption system."""
        company = self._set_up(request)
        return JSONResponse(page_of((c for c in self.state["customers"].values() if c["companyId"] == company["id"]), request))

    async def create_customers(self, request: Request) -> Response:
        """New ones."""
        company, made = self._set_up(request), []
        for model in await body_of(request):
            for field in _CUSTOMER_NEEDS:
                if not model.get(field):
                    raise required(field)
            made.append({**model, "id": self.new_id(), "companyId": company["id"]})
        self.state["customers"].update({str(each["id"]): each for each in made})
        return JSONResponse(made)

    async def of_customer(self, request: Request) -> Response:
        """All that a customer has handed in, valid or not."""
        company = self._set_up(request)
        customer = self._customer(company, request)
        return JSONResponse(page_of(of_customer(self.state, company["id"], customer["customerCode"]), request))

    async def valid(self, request: Request) -> Response:
        """The certificate that counts today in a country and region, if there is one."""
        company = self._set_up(request)
        place = {"country": request.path_params["country"], "region": request.path_params["region"]}
        code = self._customer(company, request)["customerCode"]
        found = valid_certificate(self.state, company, code, place, self._vendor.now().date())
        return JSONResponse({"status": "Exempt", "certificate": found} if found else {"status": "NotExempt"})

    async def link(self, request: Request) -> Response:
        """These certificates are this customer's too."""
        company, body = self._set_up(request), await body_of(request)
        customer, linked = self._customer(company, request), []
        for number in body.get("certificates") or ():
            held = self.state["certificates"].get(str(number))
            if held is None:
                raise not_found("Certificate", number)
            if customer["customerCode"] not in (each["customerCode"] for each in held["customers"]):
                held["customers"].append(customer)
            linked.append(held)
        return JSONResponse({"@recordsetCount": len(linked), "value": linked})

    async def listed(self, request: Request) -> Response:
        """A company's certificates."""
        company = self._set_up(request)
        ours = (each for each in self.state["certificates"].values() if each["companyId"] == company["id"])
        return JSONResponse(page_of(ours, request))

    async def create(self, request: Request) -> Response:
        """New ones, with the customers that they name."""
        company, made = self._set_up(request), []
        for model in await body_of(request):
            for field in _CERTIFICATE_NEEDS:
                if not model.get(field):
                    raise required(field)
            made.append(certificate_of({**model, "id": self.new_id(), "companyId": company["id"]}))
        self.state["certificates"].update({str(each["id"]): each for each in made})
        return JSONResponse(made)

    def _set_up(self, request: Request) -> Record:
        company = self.company_numbered(request)
        if company["id"] in self.state["without_certificates"]:
            raise Refusal(400, "CertificatesNotSetup", f"Company {company['companyCode']} has no certificate storage.")
        return company

    def _customer(self, company: Record, request: Request) -> Record:
        code = code_in(request, "code")
        ours = (each for each in self.state["customers"].values() if each["companyId"] == company["id"])
        found = next((each for each in ours if each["customerCode"] == code), None)
        if found is None:
            raise not_found("Customer", code)
        return found  # type: ignore[no-any-return]


def certificate_of(model: Record) -> Record:
    """A certificate with what it may leave out."""
    percentage = float(model.get("exemptPercentage") or 100)
    return {"valid": True, "customers": [], "exemptionNumber": "", **model, "exemptPercentage": percentage}
