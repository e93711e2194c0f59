"""Salesforce's deals, accounts and quotes -> ours, and our write-back -> theirs. Pure: no I/O, no clock."""

import html
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import pycountry
from pydantic import ValidationError

from canonical.errors import NotReady, Rejected
from canonical.money import Money, minor_unit
from canonical.party import Address, Customer, TaxRegistration
from canonical.quote import BillingKind, Deal, DealStage, Quote, QuoteLine
from connectors.http import Json
from connectors.salesforce.schemas import AccountRow, DealRow, LineRow, QuoteRow
from connectors.salesforce.settings import DealFields

_TAG = re.compile(r"<[^>]+>")
_NET_DAYS = re.compile(r"^net\s*(\d+)$", re.IGNORECASE)


class Update(Protocol):
    """What a deal is told (activities.ports.CrmUpdate, by shape)."""

    contract: str
    deal_id: str
    status: str
    note: str
    project_id: str
    erp_project_id: str
    customer_id: str
    workspace_url: str


def to_deal(row: DealRow, *, only_currency: str | None) -> Deal:
    """Opportunity -> deal."""
    if not row.account_id:
        raise _incomplete("Opportunity", row.title, "account (AccountId)")
    currency = row.currency or only_currency
    try:
        return Deal(
            target_id=row.id,
            version=row.version,
            contract=row.contract,
            title=row.title,
            stage=DealStage.WON if row.is_won else DealStage.LOST if row.is_closed else DealStage.OPEN,
            amount=Money(amount=row.amount, currency=currency) if row.amount is not None and currency else None,
            account_id=row.account_id,
            bill_to_account_id=row.bill_to,
            quote_id=row.quote_id,
            entity=row.entity or "",
            region=row.region or "",
            service_line=row.service_line or "",
            purchase_orders=purchase_orders(row.title, row.purchase_orders or ""),
        )
    except ValidationError as mistakes:
        raise _unusable("Opportunity", row.title, mistakes) from None


def purchase_orders(title: str, text: str) -> dict[str, str]:
    """One WORKSTREAM=NUMBER a line; a bare NUMBER covers the whole contract."""
    orders: dict[str, str] = {}
    for line in filter(None, map(str.strip, re.split(r"[\n;]", text))):
        workstream, found, number = line.rpartition("=")
        workstream, number = workstream.strip(), number.strip()
        if not number or (found and not workstream) or workstream in orders:
            raise Rejected(
                f"The purchase orders of deal {title} cannot be read at {line!r}",
                remedy="Write one WORKSTREAM=NUMBER a line, each workstream once, then settle the exception with retry.",
            )
        orders[workstream] = number
    return orders


def to_customer(row: AccountRow, *, only_currency: str | None) -> Customer:
    """Account -> customer; who has no account number cannot be named by us."""
    if not row.number:
        raise _incomplete("Account", row.name, "account number (AccountNumber)")
    currency = row.currency or only_currency
    if not currency:
        raise _incomplete("Account", row.name, "currency (CurrencyIsoCode)")
    country = _country(row)
    try:
        return Customer(
            reference=f"CUST-{row.number}",
            legal_name=row.legal_name or row.name,
            trading_name=row.name,
            currency=currency,
            entity=row.entity or "",
            addresses=(_address(row, country),) if country else (),
            tax_registrations=(TaxRegistration(country=country, number=row.tax_number),) if country and row.tax_number else (),
            parent=f"CUST-{row.parent_number}" if row.parent_number else None,
            is_purchase_order_per_workstream=row.order_per_workstream,
        )
    except ValidationError as mistakes:
        raise _unusable("Account", row.name, mistakes) from None


def to_quote(head: QuoteRow, lines: Sequence[LineRow], *, only_currency: str | None) -> Quote:
    """The package's quote -> ours; optional lines were not sold. Totals that may be stale are not given out."""
    sold = [line for line in lines if not line.is_optional]
    require_calculated(head, sold)
    currency = head.currency or only_currency
    if not currency:
        raise _incomplete("Quote", head.name, "currency (CurrencyIsoCode)")
    try:
        return Quote(
            reference=head.name,
            version=head.version,
            currency=currency,
            lines=tuple(_line(line, currency) for line in sold if not _is_heading(line)),
            start=head.start,
            end=head.end,
            payment_terms_days=_payment_days(head),
        )
    except ValidationError as mistakes:
        raise _unusable("Quote", head.name, mistakes) from None


def require_calculated(head: QuoteRow, sold: Sequence[LineRow]) -> None:
    """Prices come late in this package: its flag, or a total that is not that of the lines, says that they are not there yet."""
    total = sum((line.net_total or Decimal(0) for line in sold), Decimal(0))
    if head.is_uncalculated or (head.net_amount or Decimal(0)) != total:
        raise NotReady(
            f"Quote {head.name} is still being calculated by Salesforce CPQ",
            remedy="Nothing to do for some minutes; if it stays, open the quote in the line editor and save it.",
            evidence={"quote": head.id, "uncalculated": head.is_uncalculated, "net_amount": head.net_amount, "lines": total},
        )


def to_note(update: Update, *, key: str, key_field: str) -> Json:
    """The Task that stays on the deal's timeline: one for every write-back, found again by its key."""
    return {
        "WhatId": update.deal_id,
        "Subject": f"Handoff of {update.contract}: {update.status}"[:255],
        "Description": update.note or None,
        "Status": "Completed",
        key_field: key,
    }


def to_deal_update(update: Update, *, key: str, fields: DealFields) -> Json:
    """What changes on the Opportunity: what is empty is left alone."""
    told = {
        fields.status: update.status,
        fields.note: update.note,
        fields.project_id: update.project_id,
        fields.erp_project_id: update.erp_project_id,
        fields.workspace_url: update.workspace_url,
        fields.key: key,
    }
    return {name: value for name, value in told.items() if value}


def _line(line: LineRow, currency: str) -> QuoteLine:
    if not (line.reference and line.kind):
        raise _incomplete("Quote line", f"{line.name} ({line.product or 'no product'})", "line reference and billing kind")
    quantity, rate, amount = _priced(line, currency)
    return QuoteLine(
        reference=line.reference,
        kind=_kind(line),
        description=_plain(line.description) or line.product or line.name,
        service_template=line.service_template or line.product_code or "",
        workstream=line.workstream or "",
        role=line.role or "",
        quantity=quantity,
        rate=rate,
        amount=amount,
    )


def _kind(line: LineRow) -> BillingKind:
    try:
        return BillingKind(line.kind or "")
    except ValueError:
        raise Rejected(
            f"The billing kind of quote line {line.name} is unknown: {line.kind!r}",
            remedy=f"Choose one of {', '.join(BillingKind)} in Salesforce, then settle the exception with retry.",
        ) from None


def _priced(line: LineRow, currency: str) -> tuple[Decimal, Money | None, Money]:
    """Quantity, rate and amount. A prorated subscription is priced for its term: we want its months and the price of one."""
    amount = Money(amount=line.net_total or Decimal(0), currency=currency)
    if line.kind == BillingKind.SUBSCRIPTION and line.term and line.prorated:
        monthly = amount.amount / line.term
        if monthly != monthly.quantize(minor_unit(currency)):
            raise Rejected(
                f"Quote line {line.name} of {amount} does not divide into {line.term} equal months",
                remedy="Correct its price or its term in the quote, then settle the exception with retry.",
            )
        return line.term, Money(amount=monthly, currency=currency), amount
    rate = Money(amount=line.net_price, currency=currency) if line.net_price is not None else None
    return line.quantity if line.quantity is not None else Decimal(1), rate, amount


def _is_heading(line: LineRow) -> bool:
    """A bundle's own line that costs nothing; its components are the sold lines."""
    return not line.net_total and not line.reference


def _address(row: AccountRow, country: str) -> Address:
    street = [part.strip() for part in (row.street or "").splitlines() if part.strip()]
    return Address(
        line1=street[0] if street else "",
        line2=", ".join(street[1:]),
        city=row.city or "",
        region=row.state or "",
        postal_code=row.postal_code or "",
        country=country,
    )


def _country(row: AccountRow) -> str:
    given = row.country_code or row.country or ""
    if not given:
        return ""
    try:
        return str(pycountry.countries.lookup(given.strip()).alpha_2)
    except LookupError:
        raise Rejected(
            f"The billing country of account {row.name} is unknown: {given!r}",
            remedy="Choose a country of the list in Salesforce, then settle the exception with retry.",
        ) from None


def _payment_days(head: QuoteRow) -> int | None:
    terms = (head.payment_terms or "").strip()
    if not terms:
        return None
    if terms.lower() == "due on receipt":
        return 0
    days = _NET_DAYS.match(terms)
    if days is None:
        raise Rejected(
            f"The payment terms of quote {head.name} are unknown: {terms!r}",
            remedy="Choose 'Net DAYS' or 'Due on receipt' on the quote, then settle the exception with retry.",
        )
    return int(days[1])


def _plain(rich: str | None) -> str:
    """A rich text field's words."""
    return " ".join(html.unescape(_TAG.sub(" ", rich or "")).split())


def _incomplete(kind: str, name: str, missing: str) -> Rejected:
    return Rejected(
        f"{kind} {name} has no {missing}", remedy=f"Fill in the {missing} in Salesforce, then settle the exception with retry."
    )


def _unusable(kind: str, name: str, mistakes: ValidationError) -> Rejected:
    first = mistakes.errors()[0]
    field = ".".join(map(str, first["loc"])) or "record"
    return Rejected(
        f"{kind} {name} cannot be used: {field}: {first['msg']}",
        remedy=f"Correct '{field}' in Salesforce, then settle the exception with retry.",
        evidence={"field": field, "value": first.get("input", "")},
    )
