"""Our invoices and credit memos <-> NetSuite's. Pure: no I/O, no clock.

A retainer that was invoiced lies on a liability account, and NetSuite draws on it as on any other item: by a negative line of the
retainer's item. A retainer that was paid without an invoice is a customer deposit, and is applied to invoices (applications.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from canonical.invoice import CreditMemo, DocumentLine, DocumentRecord, DocumentState, Invoice
from canonical.money import Money
from connectors.http import Json
from connectors.netsuite.mapping import dimension_fields, marked
from connectors.netsuite.schemas import DocumentShape
from connectors.netsuite.settings import Settings
from connectors.netsuite.wire import external_id, reference_of

PENDING, APPROVED = {"id": "1"}, {"id": "2"}
_DRAFTS, _SETTLED, _VOID = {"D", "E"}, "B", "V"
LONGEST_MEMO, _LONGEST_TEXT = 999, 4_000
_PROMISE = re.compile(r"\[total (-?[0-9.]+), tax (-?[0-9.]+)\]")


@dataclass(frozen=True)
class Frame:
    """The internal ids and dates that every document is written with."""

    subsidiary: str
    currency: str
    period: str
    day: date

    def body(self) -> Json:
        """As fields."""
        return {
            "subsidiary": {"id": self.subsidiary},
            "currency": {"id": self.currency},
            "postingPeriod": {"id": self.period},
            "tranDate": self.day.isoformat(),
        }


def invoice_body(invoice: Invoice, *, customer_id: str, project_id: str, frame: Frame, settings: Settings, key: str) -> Json:
    """A new invoice, pending where the account lets us approve it after its totals were compared."""
    fields = settings.document_fields
    body: Json = {
        **frame.body(),
        **_document(invoice, settings, key, invoice.memo),
        "entity": {"id": customer_id},
        "job": {"id": project_id} if project_id else None,
        "dueDate": invoice.due_date.isoformat() if invoice.due_date else None,
        "otherRefNum": invoice.purchase_order or None,
        "approvalStatus": PENDING if settings.invoice_approval == "handoff" else None,
    }
    if fields.prior_period and invoice.is_prior_period:
        body[fields.prior_period] = True
    return {name: value for name, value in body.items() if value is not None}


def credit_memo_body(
    memo: CreditMemo, *, invoice: DocumentShape, applied: Decimal, frame: Frame, settings: Settings, key: str
) -> Json:
    """A new credit memo for the customer and project of its invoice, applied as far as that is open."""
    body: Json = {
        **frame.body(),
        **_document(memo, settings, key, memo.reason),
        "entity": {"id": invoice.entity.id},
        "job": {"id": invoice.job.id} if invoice.job else None,
        "apply": {"items": [application(invoice.id, applied)]} if applied > 0 else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def application(document_id: str, amount: Decimal) -> Json:
    """A line of an ``apply`` list; a later one for the same document replaces it."""
    return {"doc": {"id": document_id}, "apply": True, "amount": amount}


def _document(document: Invoice | CreditMemo, settings: Settings, key: str, memo: str) -> Json:
    body: Json = {
        "externalId": external_id(document.reference),
        "memo": marked(f"{key} {_promise(document)}", memo)[:LONGEST_MEMO],
        "exchangeRate": document.exchange_rate,
        "item": {"items": [_line(line, settings) for line in document.lines]},
    }
    if settings.document_fields.contract:
        body[settings.document_fields.contract] = document.contract
    # Without this the account's own tax set-up would have its say, even about an invoice without tax.
    if settings.has_suite_tax or not document.tax.is_zero:
        body["taxDetailsOverride"] = True
        body["taxDetails"] = {"items": _taxes(document.lines, document.tax, settings)}
    return body


def _line(line: DocumentLine, settings: Settings) -> Json:
    body: Json = {
        "item": reference(settings.chart.item(line.account, line.billing or line.kind)),
        "quantity": line.quantity,
        "amount": line.amount.amount,
        "description": line.description,
        "taxDetailsReference": str(line.number),
        **_lineage(line, settings),
        **dimension_fields(line.dimensions, settings.line_dimensions),
    }
    # The amount was rounded when the items were rated; a rate that does not lead to it must not compete with it.
    if line.rate and (line.rate * line.quantity).rounded() == line.amount:
        body["rate"] = line.rate.amount
    return body


def _lineage(line: DocumentLine, settings: Settings) -> Json:
    fields, service = settings.document_fields, line.service
    given = {
        fields.line: line.line,
        fields.billables: _named(line.billables),
        fields.service_start: service.start.isoformat() if service else "",
        fields.service_end: service.last.isoformat() if service else "",
    }
    return {name: value for name, value in given.items() if name and value}


def _named(references: Sequence[str]) -> str:
    text = ", ".join(references)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT].rpartition(",")[0]


def reference(name: str) -> Json:
    """A record of the settings: an internal id, or ``eid:`` and an external id."""
    return {"externalId": name[4:]} if name.startswith("eid:") else {"id": name}


# Tax.


def _taxes(lines: Sequence[DocumentLine], tax: Money, settings: Settings) -> list[Json]:
    shares = zip(lines, tax_by_line(lines, tax), strict=True)
    return [_tax(line, share, settings) for line, share in shares if line.tax_code or not share.is_zero]


def _tax(line: DocumentLine, share: Money, settings: Settings) -> Json:
    basis = line.amount.amount
    percent = (share.amount / basis * 100).quantize(Decimal("0.0001")) if basis else Decimal(0)
    return {
        "taxDetailsReference": str(line.number),
        "taxCode": reference(settings.chart.tax_codes.get(line.tax_code, settings.chart.other_tax_code)),
        "taxBasis": basis,
        "taxRate": percent,
        "taxAmount": share.amount,
    }


def tax_by_line(lines: Sequence[DocumentLine], tax: Money) -> list[Money]:
    """The document's tax by line: what lines say, and the rest (all of it, or a cent) over those that say nothing, else all."""
    given = [line.tax or Money.zero(tax.currency) for line in lines]
    rest = tax - Money.sum(given, tax.currency)
    if rest.is_zero:
        return given
    weights = [max(line.amount.amount, Decimal(0)) for line in lines]
    silent = [weight if line.tax is None else Decimal(0) for line, weight in zip(lines, weights, strict=True)]
    return [one + share for one, share in zip(given, rest.split(silent if any(silent) else weights), strict=True)]


# Reading.


def _promise(document: Invoice | CreditMemo) -> str:
    return f"[total {document.total.amount:f}, tax {document.tax.amount:f}]"


def differs(found: DocumentShape) -> str:
    """What a document was to come to, if it did not; it is in the memo, so that a look-up knows it as well."""
    promised = _PROMISE.search(found.memo)
    if promised is None or is_void(found):
        return ""
    total, tax = Decimal(promised[1]), Decimal(promised[2])
    return "" if (total, tax) == (found.total, found.tax) else f"total {total} with tax {tax}"


def is_void(found: DocumentShape) -> bool:
    """Whether a person voided it."""
    return found.status is not None and found.status.id == _VOID


def is_draft(found: DocumentShape) -> bool:
    """Whether it waits for approval, and has posted nothing."""
    return found.status is not None and found.status.id in _DRAFTS


def still_open(found: DocumentShape) -> Decimal:
    """What is not paid or applied yet."""
    left = found.unapplied if found.remaining is None else found.remaining
    return found.total if left is None else left


def document_record(found: DocumentShape, currency: str, url: str) -> DocumentRecord:
    """An invoice or credit memo as NetSuite holds it; its postings are its own, under its own id."""
    draft = is_draft(found)
    return DocumentRecord(
        target_id=found.id,
        number=found.number,
        reference=reference_of(found.external_id),
        state=_state(found),
        net=Money.of(found.total - found.tax, currency),
        tax=Money.of(found.tax, currency),
        total=Money.of(found.total, currency),
        open=Money.of(still_open(found), currency),
        posted_on=None if draft else found.day,
        journal="" if draft else found.id,
        url=url,
        version=found.changed.isoformat(),
        changed_at=found.changed,
    )


def _state(found: DocumentShape) -> DocumentState:
    if is_draft(found):
        return DocumentState.DRAFT
    if is_void(found):
        return DocumentState.VOID
    return DocumentState.PAID if found.status and found.status.id == _SETTLED else DocumentState.OPEN
