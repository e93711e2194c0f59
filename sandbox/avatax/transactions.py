"""The calls about transactions: estimate, record, adjust, commit, lock, read, list."""

import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.avatax.desk import Call, Desk, Record, body_of, code_in
from sandbox.avatax.documents import require_unlocked, wrong_status
from sandbox.avatax.engine import Document
from sandbox.avatax.listing import page_of
from sandbox.avatax.new_transaction import ESTIMATES, checked, company_of, tax_date
from sandbox.avatax.refusals import not_found, required
from sandbox.avatax.shapes import shown, transaction, wire

_REASON = "NotAdjusted"


class TransactionCalls(Desk):
    """``/transactions`` and ``/companies/{companyCode}/transactions``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        one = "/companies/{company_code}/transactions/{code}"
        return [
            ("POST", "/transactions/create", self.create),
            ("POST", "/transactions/createoradjust", self.create_or_adjust),
            ("GET", "/transactions/{number}", self.by_number),
            ("GET", "/companies/{company_code}/transactions", self.listed),
            ("GET", one, self.by_code),
            ("GET", one + "/types/{kind}", self.by_code),
            ("POST", one + "/commit", self.commit),
            ("POST", one + "/adjust", self.adjust),
            ("POST", one + "/lock", self.lock),
        ]

    async def create(self, request: Request) -> Response:
        """A new document; one that is committed under its code is refused, one that is only saved is replaced."""
        model = checked(self.state, await body_of(request))
        company = company_of(self.state, model.get("companyCode") or "")
        there = self._there(company, model)
        if there is not None and there["status"] == "Committed":
            raise wrong_status(there, "Saved|Posted")
        return self._recorded(request, company, model, there, _REASON, "")

    async def create_or_adjust(self, request: Request) -> Response:
        """A new document, or a new revision of the one that is there."""
        body = await body_of(request)
        if "createTransactionModel" not in body:
            raise required("createTransactionModel")
        model = checked(self.state, body["createTransactionModel"])
        company = company_of(self.state, model.get("companyCode") or "")
        there = self._there(company, model)
        require_unlocked(there)
        return self._recorded(request, company, model, there, *_why(body))

    async def adjust(self, request: Request) -> Response:
        """A new revision of a document that has to be there."""
        body, company = await body_of(request), self.company_named(request)
        there = self._named(request, company)
        require_unlocked(there)
        if there["status"] == "Cancelled":
            raise wrong_status(there, "Saved|Posted|Committed")
        given = {**body.get("newTransaction", {}), "code": there["code"], "companyCode": company["companyCode"]}
        model = checked(self.state, {**given, "type": there["type"]})
        return self._recorded(request, company, model, there, *_why(body))

    async def commit(self, request: Request) -> Response:
        """From Saved to Committed; a committed one stays so."""
        body, company = await body_of(request), self.company_named(request)
        there = self._named(request, company)
        if not body.get("commit"):
            raise required("commit")
        if there["status"] not in {"Saved", "Posted", "Committed"}:
            raise wrong_status(there, "Saved|Posted")
        return shown(self.documents().change(there, status="Committed"), request.query_params.get("$include"))

    async def lock(self, request: Request) -> Response:
        """As when a return was filed with it."""
        body, company = await body_of(request), self.company_named(request)
        there = self._named(request, company)
        if there["status"] != "Committed":
            raise wrong_status(there, "Committed")
        return shown(self.documents().change(there, locked=bool(body.get("isLocked"))), request.query_params.get("$include"))

    async def by_code(self, request: Request) -> Response:
        """The current revision of a code."""
        return shown(self._named(request, self.company_named(request)), request.query_params.get("$include"))

    async def by_number(self, request: Request) -> Response:
        """Any revision by its id."""
        found = self.state["transactions"].get(request.path_params["number"])
        if found is None or self.documents().is_hidden(found):
            raise not_found("Transaction", request.path_params["number"])
        return shown(found, request.query_params.get("$include"))

    async def listed(self, request: Request) -> Response:
        """All revisions of a company's documents that match."""
        company, documents = self.company_named(request), self.documents()
        include = request.query_params.get("$include", "")
        ours = [t for t in self.state["transactions"].values() if t["companyId"] == company["id"]]
        return JSONResponse(page_of((wire(t, include) for t in ours if not documents.is_hidden(t)), request))

    def _named(self, request: Request, company: Record) -> Record:
        kind = request.path_params.get("kind") or request.query_params.get("documentType") or ""
        return self.documents().named(company, code_in(request, "code"), "" if kind == "Any" else kind)

    def _there(self, company: Record, model: Record) -> Record | None:
        """What is recorded under the code; a cancelled one makes room for a new one."""
        found = self.documents().current(company, model.get("code") or "", model["type"])
        return None if found is None or found["status"] == "Cancelled" else found

    def _recorded(
        self, request: Request, company: Record, model: Record, there: Record | None, reason: str, description: str
    ) -> Response:
        include, now = request.query_params.get("$include"), self._vendor.now()
        code = model.get("code") or str(uuid.uuid4())
        document = Document(self.state, company, model, tax_date(model))
        if model["type"] in ESTIMATES:
            return shown(transaction(document, code=code, status="Temporary", version=1, now=now), include, is_new=True)
        is_adjusted = there is not None and there["status"] == "Committed"
        version = there["version"] + is_adjusted if there else 1
        status = "Committed" if model.get("commit") else "Saved"
        record = transaction(document, code=code, status=status, version=version, now=now)
        if is_adjusted:
            record |= {"adjustmentReason": reason, "adjustmentDescription": description}
        documents = self.documents()
        if there is not None and is_adjusted:
            documents.change(there, status="Adjusted")
        elif there is not None:
            documents.delete(company, there)
        return shown(documents.keep(company, record, invisible_seconds=request.state.invisible_seconds), include, is_new=True)


def _why(body: Record) -> tuple[str, str]:
    reason = body.get("adjustmentReason") or _REASON
    if reason == "Other" and not body.get("adjustmentDescription"):
        raise required("adjustmentDescription")
    return reason, body.get("adjustmentDescription") or ""
