"""Reading what was signed: labelled texts of the envelope become typed terms, by a policy's table of labels (R38)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from canonical.errors import Malformed
from canonical.money import Money
from canonical.quote import BillingKind
from canonical.schema import Part

DEFAULT_LABELS: Mapping[str, str] = {
    "total": "total",
    "currency": "currency",
    "legal_entity": "entity",
    "payment_terms_days": "payment_terms_days",
    "start_date": "start",
    "end_date": "last",
    "tax_number": "tax_number",
    "line.<ref>.amount": "line_amounts",
    "line.<ref>.kind": "line_kinds",
    "line.<ref>.clause": "clauses",
    "line.<ref>.months": "line_months",
    "line.<ref>.cap": "line_caps",
    "line.<ref>.rate.<role>": "rates",
    "line.<ref>.unit": "usage_units",
    "line.<ref>.included": "usage_included",
    "line.<ref>.tier.<upto>": "usage_tiers",
    "milestone.<ref>.amount": "milestone_amounts",
    "milestone.<ref>.title": "milestone_titles",
    "milestone.<ref>.due": "milestone_dues",
    "milestone.<ref>.line": "milestone_lines",
    "po.<workstream>": "purchase_orders",
    "po": "purchase_order",
}


class SignedTerms(Part):
    """The signed terms, typed; what the document does not say is empty. Amounts are in ``currency``.

    A tier is named by the quantity up to which it holds, or by "above" for all beyond.
    """

    total: Decimal | None = None
    currency: str = ""
    entity: str = ""
    payment_terms_days: int | None = None
    start: date | None = None
    last: date | None = None
    tax_number: str = ""
    line_amounts: dict[str, Decimal] = {}
    line_kinds: dict[str, BillingKind] = {}
    line_months: dict[str, int] = {}
    line_caps: dict[str, Decimal] = {}
    clauses: dict[str, str] = {}
    rates: dict[tuple[str, str], Decimal] = {}
    usage_units: dict[str, str] = {}
    usage_included: dict[str, Decimal] = {}
    usage_tiers: dict[tuple[str, str], Decimal] = {}
    milestone_amounts: dict[str, Decimal] = {}
    milestone_titles: dict[str, str] = {}
    milestone_dues: dict[str, date] = {}
    milestone_lines: dict[str, str] = {}
    purchase_orders: dict[str, str] = {}
    purchase_order: str = ""

    def money(self, amount: Decimal | None, currency: str) -> Money | None:
        """A signed amount as money in the contract's currency."""
        return None if amount is None else Money(amount=amount, currency=self.currency or currency)


def read_terms(raw: Mapping[str, str], labels: Mapping[str, str] = DEFAULT_LABELS) -> SignedTerms:
    """Type the labelled texts; an unreadable one is refused with its label, an unknown label is nobody's business."""
    found: dict[str, Any] = {}
    patterns = [(_pattern(label), field) for label, field in labels.items()]
    for label, text in raw.items():
        if not text.strip():
            continue
        for pattern, field in patterns:
            match = pattern.fullmatch(label)
            if match:
                _put(found, field, match.groups(), _typed(field, label, text.strip()))
                break
    return SignedTerms(**found)


def _pattern(label: str) -> re.Pattern[str]:
    return re.compile("".join("([^.]+)" if part.startswith("<") else re.escape(part) for part in re.split(r"(<[a-z]+>)", label)))


def _put(found: dict[str, Any], field: str, keys: tuple[str, ...], value: object) -> None:
    if not keys:
        found[field] = value
    else:
        found.setdefault(field, {})[keys if len(keys) > 1 else keys[0]] = value


def _typed(field: str, label: str, text: str) -> object:
    convert = _CONVERT.get(field, str)
    try:
        return convert(text)
    except (ValueError, InvalidOperation) as error:
        raise Malformed(
            f"The signed term '{label}' says {text!r}, which cannot be read",
            remedy=f"Correct '{label}' in the contract document, or its label in policies/contracts.",
            evidence={"label": label, "text": text},
        ) from error


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?|-?[0-9]+(\.[0-9]+)?", text):
        raise ValueError(text)
    return Decimal(text.replace(",", ""))


_CONVERT: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(
        ("total", "line_amounts", "line_caps", "rates", "milestone_amounts", "usage_included", "usage_tiers"), _amount
    ),
    **dict.fromkeys(("start", "last", "milestone_dues"), date.fromisoformat),
    **dict.fromkeys(("payment_terms_days", "line_months"), int),
    "line_kinds": BillingKind,
}
