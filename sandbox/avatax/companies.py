"""The calls about companies and where they have declared nexus."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.avatax.credentials import known
from sandbox.avatax.desk import Call, Desk, Record, body_of
from sandbox.avatax.listing import page_of
from sandbox.avatax.refusals import Refusal, not_found, required

_NEXUS_NEEDS = ("country", "region", "jurisCode", "jurisName")
_USER_SELECTABLE = ("effectiveDate", "endDate", "localNexusTypeId", "taxId", "nexusTypeId", "hasPermanentEstablishment")


class CompanyCalls(Desk):
    """``/companies`` and ``/companies/{companyId}/nexus``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        nexus = "/companies/{company_id}/nexus"
        return [
            ("GET", "/companies", self.companies),
            ("GET", "/companies/{company_id}", self.company),
            ("GET", nexus, self.listed),
            ("POST", nexus, self.declare),
            ("GET", nexus + "/{nexus_id}", self.one),
            ("PUT", nexus + "/{nexus_id}", self.change),
            ("DELETE", nexus + "/{nexus_id}", self.withdraw),
        ]

    async def ping(self, request: Request) -> Response:
        """Says who you are, and answers whoever you are."""
        name = known(self.state, request)
        kind = "AccountIdLicenseKey" if name and name.isdigit() else "UsernamePassword" if name else "None"
        answer: Record = {"version": "26.10.0", "authenticated": name is not None, "authenticationType": kind}
        return JSONResponse({**answer, "authenticatedUserName": name or ""})

    async def companies(self, request: Request) -> Response:
        """All that match."""
        return JSONResponse(page_of(self.state["companies"].values(), request))

    async def company(self, request: Request) -> Response:
        """One by its number."""
        return JSONResponse(self.company_numbered(request))

    async def listed(self, request: Request) -> Response:
        """What a company has declared."""
        company = self.company_numbered(request)
        declared = (each for each in self.state["nexus"].values() if each["companyId"] == company["id"])
        return JSONResponse(page_of(declared, request))

    async def declare(self, request: Request) -> Response:
        """New nexus; the same jurisdiction twice is refused, and so is all of the call then."""
        company, models = self.company_numbered(request), await body_of(request)
        declared = [self._declared(company, model) for model in models]
        self.state["nexus"].update({str(each["id"]): each for each in declared})
        return JSONResponse(declared)

    async def one(self, request: Request) -> Response:
        """One by its number."""
        return JSONResponse(self._nexus(request))

    async def change(self, request: Request) -> Response:
        """Other dates or types; what Avalara defines stays."""
        held, given = self._nexus(request), await body_of(request)
        changed = {**held, **{name: given[name] for name in _USER_SELECTABLE if name in given}}
        self.state["nexus"][str(held["id"])] = changed
        return JSONResponse(changed)

    async def withdraw(self, request: Request) -> Response:
        """The company is registered there no longer."""
        held = self._nexus(request)
        del self.state["nexus"][str(held["id"])]
        message = "The entity was marked as deleted."
        return JSONResponse([{"code": "DeleteInformation", "number": 100, "message": message, "severity": "Success"}])

    def _declared(self, company: Record, model: Record) -> Record:
        for field in _NEXUS_NEEDS:
            if not model.get(field):
                raise required(field)
        nexus = {**nexus_of(model), "id": self.new_id(), "companyId": company["id"]}
        same = ("companyId", "country", "region", "jurisCode", "jurisdictionTypeId")
        if any(all(each[name] == nexus[name] for name in same) for each in self.state["nexus"].values()):
            raise Refusal(400, "DuplicateNexusError", f"Nexus for {nexus['jurisName']} is declared already.")
        return nexus

    def _nexus(self, request: Request) -> Record:
        company, number = self.company_numbered(request), request.path_params["nexus_id"]
        held = self.state["nexus"].get(number)
        if held is None or held["companyId"] != company["id"]:
            raise not_found("Nexus", number)
        return held  # type: ignore[no-any-return]


def nexus_of(model: Record) -> Record:
    """A declaration with what it may leave out."""
    return {
        "jurisdictionTypeId": "State",
        "nexusTypeId": "SalesOrSellersUseTax",
        "hasLocalNexus": False,
        **model,
    }
