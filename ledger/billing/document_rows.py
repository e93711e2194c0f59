"""Invoices and credit memos as rows and back; the database's record functions take them as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from canonical.billable import BillableKind
from canonical.invoice import CreditMemo, DocumentLine, Invoice, LineKind
from canonical.period import Period
from canonical.project import Dimensions
from ledger.billing.amounts import money, money_or_none, plain

Row = asyncpg.Record | Mapping[str, Any]
_DIMENSIONS = tuple(Dimensions.model_fields)
_LINE = ("number", "line", "description", "unit", "tax_code", "account", "items")


def invoice_head(invoice: Invoice, *, run: str = "", correlation: str = "") -> dict[str, Any]:
    """The row of an invoice request."""
    head = _head(invoice)
    return head | {
        "run": run,
        "correlation": correlation,
        "document_date": invoice.invoice_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "purchase_order": invoice.purchase_order,
        "exchange_rate_source": invoice.exchange_rate_source,
        "is_prior_period": invoice.is_prior_period,
        "memo": invoice.memo,
        "net": str(invoice.net.amount),
        "tax": str(invoice.tax.amount),
        "total": str(invoice.total.amount),
    }


def memo_head(memo: CreditMemo, *, state: str, correlation: str = "") -> dict[str, Any]:
    """The row of a credit-memo request; its net follows from what it credits."""
    head = _head(memo)
    return head | {
        "invoice": memo.invoice,
        "state": state,
        "correlation": correlation,
        "document_date": memo.memo_date.isoformat(),
        "memo": memo.reason,
    }


def _head(document: Invoice | CreditMemo) -> dict[str, Any]:
    plain = {name: getattr(document, name) for name in ("reference", "contract", "entity", "customer", "currency")}
    rate = None if document.exchange_rate is None else str(document.exchange_rate)
    return plain | {"accounting_date": document.accounting_date.isoformat(), "exchange_rate": rate}


def line_row(line: DocumentLine) -> dict[str, Any]:
    """The row of a line."""
    plain = {name: getattr(line, name) for name in ("number", "line", "description", "unit", "tax_code", "account", "items")}
    dimensions = {name: getattr(line.dimensions, name) for name in _DIMENSIONS}
    return {**plain, **dimensions} | {
        "kind": line.kind.value,
        "billing": line.billing.value if line.billing else "",
        "quantity": str(line.quantity),
        "amount": str(line.amount.amount),
        "rate": str(line.rate.amount) if line.rate else None,
        "tax": str(line.tax.amount) if line.tax else None,
        "service_from": line.service.start.isoformat() if line.service else None,
        "service_until": line.service.end.isoformat() if line.service else None,
    }


def line_of(row: Row, currency: str) -> DocumentLine:
    """The line of a row that may name ``billables``."""
    has_service = row["service_from"] is not None and row["service_until"] is not None
    return DocumentLine(
        **{name: row[name] for name in _LINE},
        quantity=plain(row["quantity"]),
        kind=LineKind(row["kind"]),
        billing=BillableKind(row["billing"]) if row["billing"] else None,
        amount=money(row, "amount", currency),
        rate=money_or_none(row, "rate", currency),
        tax=money_or_none(row, "tax", currency),
        service=Period(start=row["service_from"], end=row["service_until"]) if has_service else None,
        dimensions=Dimensions(**{name: row[name] for name in _DIMENSIONS}),
        billables=tuple(row["billables"] or ()),
    )


def invoice_of(row: Row, lines: Sequence[Row]) -> Invoice:
    """The invoice request of a document and its lines."""
    return Invoice(
        **_common(row, lines),
        invoice_date=row["document_date"],
        due_date=row["due_date"],
        purchase_order=row["purchase_order"],
        exchange_rate_source=row["exchange_rate_source"],
        is_prior_period=row["is_prior_period"],
        memo=row["memo"],
    )


def memo_of(row: Row, lines: Sequence[Row]) -> CreditMemo:
    """The credit-memo request of a document and its lines."""
    return CreditMemo(**_common(row, lines), invoice=row["invoice"], memo_date=row["document_date"], reason=row["memo"])


def _common(row: Row, lines: Sequence[Row]) -> dict[str, Any]:
    names = ("reference", "contract", "entity", "customer", "currency", "accounting_date", "exchange_rate")
    currency = row["currency"]
    return {
        **{name: row[name] for name in names},
        "lines": tuple(line_of(line, currency) for line in lines),
        "tax": money(row, "tax", currency),
    }
