"""Composing the contract from the deal, the quote and what was signed; where they differ, what was signed wins (R38)."""

import re
from collections.abc import Sequence
from decimal import Decimal

from canonical.contract import Contract, ContractLine, MilestoneTerm, PurchaseOrder, RateTerm
from canonical.document import SignedContract
from canonical.errors import Malformed
from canonical.money import Money
from canonical.party import Customer, TaxRegistration
from canonical.period import Period
from canonical.quote import BillingKind, Deal, Quote, QuoteLine
from canonical.rules.signed_terms import SignedTerms
from canonical.usage import Tier, UsagePlan

_WITH_AMOUNT = re.compile(r"(.*\S)\s*\(([0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)\)")


def compose(
    *,
    version: int,
    deal: Deal,
    customer: Customer,
    payer: Customer | None,
    quote: Quote,
    signed: SignedContract,
    terms: SignedTerms,
) -> Contract:
    """The contract as executed. Pure: the same records give the same contract."""
    currency = terms.currency or quote.currency
    lines = tuple(_line(group, terms, currency) for group in _by_reference(quote.lines))
    return Contract(
        reference=signed.contract or deal.contract or quote.reference,
        version=version,
        title=deal.title,
        entity=terms.entity or deal.entity or customer.entity,
        currency=currency,
        customer=_with_tax_number(customer, terms),
        bill_to=payer,
        region=deal.region,
        service_line=deal.service_line,
        term=_term(quote, terms),
        executed_at=signed.executed_at,
        payment_terms_days=terms.payment_terms_days if terms.payment_terms_days is not None else quote.payment_terms_days,
        lines=lines,
        purchase_orders=_purchase_orders(deal, terms, currency),
        document=signed.document,
        deal_id=deal.target_id,
        source_versions={"deal": deal.version, "quote": quote.version, "signed": signed.version},
    )


def _by_reference(lines: Sequence[QuoteLine]) -> list[list[QuoteLine]]:
    grouped: dict[str, list[QuoteLine]] = {}
    for line in lines:
        grouped.setdefault(line.reference, []).append(line)
    return list(grouped.values())


def _line(quoted: Sequence[QuoteLine], terms: SignedTerms, currency: str) -> ContractLine:
    first = quoted[0]
    kind = terms.line_kinds.get(first.reference, first.kind)
    is_time = kind is BillingKind.TIME_AND_MATERIALS
    months = terms.line_months.get(first.reference, int(first.quantity) if kind is BillingKind.SUBSCRIPTION else 0)
    return ContractLine(
        reference=first.reference,
        kind=kind,
        description=first.description,
        service_template=first.service_template,
        workstream=first.workstream,
        amount=None if is_time else _amount(quoted, kind, terms, currency),
        milestones=_milestones(first.reference, terms, currency),
        rates=tuple(_rate(line, terms, currency) for line in quoted) if is_time else (),
        months=months,
        usage=_usage(first, terms, currency) if kind is BillingKind.USAGE else None,
        cap=terms.money(terms.line_caps.get(first.reference), currency),
        clause=terms.clauses.get(first.reference, ""),
    )


def _amount(quoted: Sequence[QuoteLine], kind: BillingKind, terms: SignedTerms, currency: str) -> Money:
    signed = terms.money(terms.line_amounts.get(quoted[0].reference), currency)
    if signed is not None:
        return signed
    if kind is BillingKind.SUBSCRIPTION and quoted[0].rate is not None:
        return quoted[0].rate
    return Money.sum((line.amount for line in quoted), quoted[0].amount.currency)


def _rate(line: QuoteLine, terms: SignedTerms, currency: str) -> RateTerm:
    signed = terms.money(terms.rates.get((line.reference, line.role)), currency)
    rate = signed if signed is not None else line.rate
    return RateTerm(role=line.role, rate=rate or Money.zero(currency), hours=line.quantity)


def _usage(quoted: QuoteLine, terms: SignedTerms, currency: str) -> UsagePlan:
    """The signed tiers, else the quoted price of a unit, whatever is used."""
    signed = {upto: price for (line, upto), price in terms.usage_tiers.items() if line == quoted.reference}
    tiers = [
        Tier(up_to=_up_to(quoted.reference, upto), rate=Money(amount=price, currency=currency)) for upto, price in signed.items()
    ]
    if not tiers and quoted.rate is not None:
        tiers = [Tier(rate=quoted.rate)]
    return UsagePlan(
        unit=terms.usage_units.get(quoted.reference, ""),
        included=terms.usage_included.get(quoted.reference, Decimal(0)),
        tiers=tuple(sorted(tiers, key=lambda one: (one.up_to is None, one.up_to))),
    )


def _up_to(line: str, text: str) -> Decimal | None:
    if text == "above":
        return None
    if not text.isdecimal():
        raise Malformed(
            f"The signed tier 'line.{line}.tier.{text}' holds up to {text!r}, which is no quantity",
            remedy="Name each tier by the whole quantity up to which it holds, and the last one 'above'.",
            evidence={"line": line, "tier": text},
        )
    return Decimal(text)


def _milestones(line: str, terms: SignedTerms, currency: str) -> tuple[MilestoneTerm, ...]:
    chosen = [ref for ref in terms.milestone_amounts if terms.milestone_lines.get(ref, line) == line or not terms.milestone_lines]
    if not chosen or (not terms.milestone_lines and not _is_only_fixed(line, terms)):
        return ()
    return tuple(
        MilestoneTerm(
            reference=ref,
            title=terms.milestone_titles.get(ref, ref),
            amount=terms.money(terms.milestone_amounts[ref], currency) or Money.zero(currency),
            due=terms.milestone_dues.get(ref),
            after=tuple(chosen[:n][-1:]),
            clause=terms.clauses.get(line, ""),
        )
        for n, ref in enumerate(chosen)
    )


def _is_only_fixed(line: str, terms: SignedTerms) -> bool:
    fixed = [ref for ref, kind in terms.line_kinds.items() if kind is BillingKind.FIXED_FEE]
    return fixed == [line] or (not fixed and list(terms.line_amounts)[:1] == [line])


def _with_tax_number(customer: Customer, terms: SignedTerms) -> Customer:
    country = customer.bill_to.country if customer.bill_to else None
    if not terms.tax_number or country is None or customer.tax_registrations:
        return customer
    return customer.model_copy(update={"tax_registrations": (TaxRegistration(country=country, number=terms.tax_number),)})


def _term(quote: Quote, terms: SignedTerms) -> Period | None:
    start, last = terms.start or quote.start, terms.last or quote.end
    return Period.through(start, last) if start and last and last >= start else None


def _purchase_orders(deal: Deal, terms: SignedTerms, currency: str) -> tuple[PurchaseOrder, ...]:
    numbers = {**deal.purchase_orders, **terms.purchase_orders}
    if terms.purchase_order:
        numbers[""] = terms.purchase_order
    return tuple(_purchase_order(text, workstream, currency) for workstream, text in sorted(numbers.items()) if text)


def _purchase_order(text: str, workstream: str, currency: str) -> PurchaseOrder:
    """4500-1, or with what it is good for: 4500-1 (60,000.00)."""
    found = _WITH_AMOUNT.fullmatch(text)
    if found is None:
        return PurchaseOrder(number=text, workstream=workstream)
    return PurchaseOrder(number=found[1], workstream=workstream, amount=Money.of(found[2].replace(",", ""), currency))


def planned_hours(lines: Sequence[ContractLine]) -> Decimal:
    """All hours planned on time-and-materials lines."""
    return sum((term.hours for line in lines for term in line.rates), Decimal(0))
