"""The calls that take a transaction back: void, and the refund that repeats its tax whatever has changed since."""

from collections.abc import Iterable
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from sandbox.avatax.desk import Call, Desk, Record, body_of, code_in
from sandbox.avatax.documents import require_unlocked, wrong_status
from sandbox.avatax.engine import number_of, summary_of
from sandbox.avatax.new_transaction import on_date
from sandbox.avatax.refusals import Refusal, required
from sandbox.avatax.shapes import shown, totals

_AMOUNTS = ("lineAmount", "exemptAmount", "taxableAmount", "nonTaxableAmount")
_TAXES = ("tax", "taxCalculated")


class ReversalCalls(Desk):
    """``void`` and ``refund`` of one transaction."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        one = "/companies/{company_code}/transactions/{code}"
        return [("POST", one + "/void", self.void), ("POST", one + "/refund", self.refund)]

    async def void(self, request: Request) -> Response:
        """What becomes of the document depends on the reason and on its status."""
        body, company = await body_of(request), self.company_named(request)
        there = self.documents().named(company, code_in(request, "code"), request.query_params.get("documentType", ""))
        require_unlocked(there)
        if "code" not in body:
            raise required("code")
        return shown(self._voided(company, there, body["code"]), request.query_params.get("$include"))

    async def refund(self, request: Request) -> Response:
        """A committed ReturnInvoice over all of a committed sale, some of its lines, a part of each, or its tax alone."""
        body, company = await body_of(request), self.company_named(request)
        sale = self.documents().named(company, code_in(request, "code"), request.query_params.get("documentType", ""))
        if "refundDate" not in body:
            raise required("refundDate")
        if sale["type"] != "SalesInvoice":
            raise Refusal(400, "InvalidDocumentTypeForRefund", f"{sale['code']} is a {sale['type']}.")
        if sale["status"] != "Committed":
            raise Refusal(400, "DocumentNotCommitted", f"{sale['code']} is {sale['status']}.")
        record = _refund_of(sale, body, code=body.get("refundTransactionCode") or sale["code"])
        if self.documents().current(company, record["code"], "ReturnInvoice"):
            raise wrong_status(record, "no document of this code")
        return shown(self.documents().keep(company, record), request.query_params.get("$include"), is_new=True)

    def _voided(self, company: Record, there: Record, reason: str) -> Record:
        documents, status = self.documents(), there["status"]
        match reason, status:
            case "Unspecified", _:
                return there
            case "DocVoided", "Cancelled":
                described = f"The transaction '{there['code']}' is already in a 'Cancelled' status."
                raise Refusal(400, "TransactionAlreadyCancelled", described)
            case "DocVoided", _:
                return documents.change(there, status="Cancelled")
            case "DocDeleted", "Committed":
                return documents.change(there, status="Cancelled")
            case "DocDeleted", _:
                documents.delete(company, there)
                return {**there, "status": "Cancelled"}
            case "AdjustmentCancelled", "Committed":
                return documents.step_back(company, there)
            case "PostFailed", "Posted":
                return documents.change(there, status="Saved")
            case "PostFailed" | "AdjustmentCancelled", _:
                raise wrong_status(there, "Posted" if reason == "PostFailed" else "Adjusted")
        raise Refusal(400, "InvalidEnumValue", f"'{reason}' is no reason to void.", refers_to="code")


def _refund_of(sale: Record, body: Record, *, code: str) -> Record:
    amounts, taxes = _shares(body)
    lines = [_taken_back(line, amounts, taxes) for line in _refunded(sale["lines"], body)]
    return {
        **sale,
        "code": code,
        "type": "ReturnInvoice",
        "date": on_date(body["refundDate"], "refundDate").isoformat(),
        "referenceCode": body.get("referenceCode") or "",
        "version": 1,
        **totals(lines),
        "lines": lines,
        "summary": summary_of(lines),
    }


def _shares(body: Record) -> tuple[Decimal, Decimal]:
    """Which part of the amounts and of the taxes goes back."""
    kind = body.get("refundType") or "Full"
    if kind not in {"Full", "Partial", "Percentage", "TaxOnly"}:
        raise Refusal(400, "InvalidRefundType", f"'{kind}' is no type of a refund.", refers_to="refundType")
    if kind == "Percentage" and not body.get("refundPercentage"):
        raise Refusal(400, "RefundPercentageMissing", "refundPercentage is needed.", refers_to="refundPercentage")
    part = Decimal(str(body.get("refundPercentage") or 100)) / 100
    return (Decimal(0), part) if kind == "TaxOnly" else (part, part)


def _refunded(lines: list[Record], body: Record) -> Iterable[Record]:
    if body.get("refundType") != "Partial":
        return lines
    wanted = [str(number) for number in body.get("refundLines") or ()]
    if not wanted:
        raise Refusal(400, "RefundLinesRequired", "refundLines is empty.", refers_to="refundLines")
    unknown = set(wanted) - {line["lineNumber"] for line in lines}
    if unknown:
        raise Refusal(400, "LineNoOutOfRange", f"No line {', '.join(sorted(unknown))}.", refers_to="refundLines")
    return [line for line in lines if line["lineNumber"] in wanted]


def _taken_back(line: Record, amounts: Decimal, taxes: Decimal) -> Record:
    details = [_scaled(detail, amounts, taxes) for detail in line["details"]]
    return {**_scaled(line, amounts, taxes), "details": details}


def _scaled(entry: Record, amounts: Decimal, taxes: Decimal) -> Record:
    changed = {name: _part(entry[name], amounts) for name in _AMOUNTS if name in entry}
    return {**entry, **changed, **{name: _part(entry[name], taxes) for name in _TAXES if name in entry}}


def _part(amount: float, share: Decimal) -> float:
    return number_of((-Decimal(str(amount)) * share).quantize(Decimal("0.01")))
