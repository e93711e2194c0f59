"""An item as a row and back: the columns that come in by COPY, in their order, and what makes one record differ from another."""

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

import asyncpg

from canonical.billable import Balance, Billable, BillableKind, Work
from canonical.errors import Malformed
from canonical.money import Money
from canonical.period import Period
from canonical.project import Dimensions
from canonical.schema import trusted
from ledger.billing.amounts import money, plain

COLUMNS = (
    "reference", "kind", "contract", "line", "entity", "customer", "currency", "service_from", "service_until", "quantity",
    "unit", "rate", "rate_version", "amount", "description", "workstream", "purchase_order", "tax_code", "practice", "region",
    "revenue_treatment", "cost_center", "person", "role", "task", "phase", "approved_by", "note", "source", "source_version",
    "evidence", "hold_code", "hold_note",
)  # fmt: skip
"""What is copied in; a row is a tuple in this order, its evidence JSON, for which COPY has no codec."""

_DIMENSIONS, _WORK = tuple(Dimensions.model_fields), tuple(Work.model_fields)
_PLAIN = ("reference", "contract", "line", "entity", "customer", "currency", "unit", "rate_version", "description",
          "workstream", "purchase_order", "tax_code", "source", "source_version")  # fmt: skip
_plain_of, _dimensions_of, _work_of = itemgetter(*_PLAIN), itemgetter(*_DIMENSIONS), itemgetter(*_WORK)


def as_row(item: Billable, *, hold_code: str = "", hold_note: str = "") -> tuple[object, ...]:
    """The item in the order of the columns; an amount with more digits than its currency is refused here, at the door."""
    amounts = (item.amount, *([item.rate] if item.rate else []))
    if any(money.currency != item.currency for money in amounts) or not item.amount.is_exact or item.amount.amount < 0:
        raise Malformed(
            f"Item {item.reference} has the amount {item.amount} in the currency {item.currency}.",
            remedy="Round the amount to its currency and write it there; what lowers a bill is a credit, not an item.",
            evidence={"reference": item.reference, "amount": item.amount, "currency": item.currency},
            code="AMOUNT_NOT_EXACT",
        )
    fields: dict[str, object] = {name: getattr(item, name) for name in _PLAIN}
    fields |= {name: getattr(item.dimensions, name) for name in _DIMENSIONS}
    fields |= {name: getattr(item.work, name) for name in _WORK}
    fields |= {
        "kind": item.kind.value,
        "quantity": item.quantity,
        "amount": item.amount.amount,
        "rate": item.rate.amount if item.rate else None,
    }
    fields |= {"service_from": item.service.start, "service_until": item.service.end}
    fields |= {"evidence": json.dumps(item.evidence), "hold_code": hold_code, "hold_note": hold_note}
    return tuple(fields[name] for name in COLUMNS)


def of_row(row: asyncpg.Record | Mapping[str, Any]) -> Billable:
    """The item of a row. It was validated when it came in, and the database keeps it so: it is not validated once more."""
    fields: dict[str, object] = dict(zip(_PLAIN, _plain_of(row), strict=True))
    rate, currency = row["rate"], row["currency"]
    fields["schema_version"] = Billable.VERSION
    fields["kind"] = BillableKind(row["kind"])
    fields["service"] = _period(row["service_from"], row["service_until"])
    fields["quantity"] = plain(row["quantity"])
    fields["amount"] = trusted(Money, {"amount": plain(row["amount"]), "currency": currency})
    fields["rate"] = None if rate is None else trusted(Money, {"amount": plain(rate), "currency": currency})
    fields["dimensions"] = _dimensions(_dimensions_of(row))
    fields["work"] = trusted(Work, dict(zip(_WORK, _work_of(row), strict=True)))
    fields["evidence"] = row["evidence"]
    return trusted(Billable, fields)


@lru_cache(maxsize=4_096)
def _period(start: date, end: date) -> Period:
    """A month has few days and very many items."""
    return Period(start=start, end=end)


@lru_cache(maxsize=4_096)
def _dimensions(values: tuple[str, ...]) -> Dimensions:
    """So it is with what accounting tells apart."""
    return Dimensions(**dict(zip(_DIMENSIONS, values, strict=True)))


def balance_of(row: asyncpg.Record | Mapping[str, Any]) -> Balance:
    """The balance of a row."""
    return Balance(**{name: money(row, name) for name in ("approved", "billed", "credited", "closed")})
