"""Control point *contract activation*: everything that must hold before anything is created (R38-R45, R150)."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from canonical.contract import Contract, ContractLine
from canonical.exception import Finding
from canonical.money import Currency, Money
from canonical.party import CustomerRecord
from canonical.quote import BillingKind
from canonical.rules.comparison import Difference
from canonical.rules.matching import Match, MatchKind
from canonical.rules.tax_numbers import is_valid
from canonical.rules.taxation import nexus_findings
from canonical.schema import Part
from canonical.service_template import ServiceTemplate
from canonical.tax import TaxAnswer


class PurchaseOrderMode(StrEnum):
    """Whether one missing purchase order holds the whole contract or its workstream only (S14)."""

    STRICT = "strict"
    WORKSTREAM = "workstream"


class ActivationRules(Part):
    """What policy says about this contract's entity, at this date."""

    entity_currencies: dict[str, tuple[Currency, ...]] = {}
    required_fields: tuple[str, ...] = ()
    tax_number_countries: tuple[str, ...] = ()
    purchase_orders: PurchaseOrderMode = PurchaseOrderMode.STRICT
    checks_credit: bool = True


class ActivationCase(Part):
    """Everything the control point judges, read at one time."""

    contract: Contract
    rules: ActivationRules
    templates: tuple[ServiceTemplate, ...] = ()
    match: Match
    differences: tuple[Difference, ...] = ()
    own_findings: tuple[Finding, ...] = ()
    tax: TaxAnswer | None = None


class Judgement(Part):
    """The outcome: what blocks the contract, and which workstreams wait while the rest may start."""

    blocking: tuple[Finding, ...] = ()
    held: dict[str, Finding] = {}

    @property
    def is_clear(self) -> bool:
        """Whether something may be created."""
        return not self.blocking


Check = Callable[[ActivationCase], Iterable[Finding]]


def judge(case: ActivationCase, *, overridden: frozenset[tuple[str, str]] = frozenset()) -> Judgement:
    """Run every check; findings a person has overridden, by (code, subject), are passed over."""
    found = [f for check in CHECKS for f in check(case) if (f.code, f.subject) not in overridden]
    if case.rules.purchase_orders is PurchaseOrderMode.STRICT:
        return Judgement(blocking=tuple(found))
    held = {f.subject: f for f in found if f.code == "PO_MISSING"}
    blocking = [f for f in found if f.code != "PO_MISSING"]
    if set(held) == set(case.contract.workstreams):
        blocking += held.values()
    return Judgement(blocking=tuple(blocking), held=held)


def _is_executed(case: ActivationCase) -> Iterable[Finding]:
    if case.contract.executed_at is None:
        yield Finding(
            code="CONTRACT_NOT_EXECUTED",
            sentence=f"Contract {case.contract.reference} is not signed by everybody yet.",
            remedy="Wait for the last signature, or void the envelope.",
            can_override=False,
        )


def _knows_entity(case: ActivationCase) -> Iterable[Finding]:
    contract, known = case.contract, case.rules.entity_currencies
    if contract.entity not in known:
        yield Finding(
            code="LEGAL_ENTITY_UNKNOWN",
            sentence=f"No legal entity of ours is named on contract {contract.reference}"
            + (f" ('{contract.entity}' is none of {', '.join(sorted(known))})." if contract.entity else "."),
            remedy="Name the selling entity on the deal, or add it to policies/entities.",
            money=contract.value,
            can_override=False,
        )
    elif contract.currency not in known[contract.entity]:
        yield Finding(
            code="CONTRACT_INCOMPLETE",
            subject="currency",
            sentence=f"{contract.entity} does not sell in {contract.currency}.",
            remedy=f"Sell in {' or '.join(known[contract.entity])}, or let {contract.entity} accept it in policies/entities.",
            money=contract.value,
        )


def _is_complete(case: ActivationCase) -> Iterable[Finding]:
    contract = case.contract
    for field in case.rules.required_fields:
        if getattr(contract, field, None) in (None, "", ()):
            yield _incomplete(
                contract, field.replace("_", " "), f"The {field.replace('_', ' ')} is missing on contract {contract.reference}."
            )
    if not contract.lines:
        yield _incomplete(contract, "lines", f"Contract {contract.reference} has no lines.")
    for line in contract.lines:
        yield from _line_is_complete(contract, line)


def _line_is_complete(contract: Contract, line: ContractLine) -> Iterable[Finding]:
    where = f"Line {line.reference} ({line.description})"
    if line.kind is BillingKind.TIME_AND_MATERIALS:
        if not line.rates:
            yield _incomplete(contract, f"{line.reference} rates", f"{where} has no rates.")
        for term in line.rates:
            if term.rate.amount <= 0:
                yield _incomplete(
                    contract,
                    f"{line.reference} rate {term.role}",
                    f"{where} has no price for {term.role}: a rate of zero is no rate.",
                )
        return
    if line.kind is BillingKind.USAGE:
        yield from _use_is_priced(contract, line, where)
        return
    if line.amount is None or line.amount.amount <= 0:
        yield _incomplete(contract, f"{line.reference} amount", f"{where} has no amount.")
    elif line.milestones:
        total = Money.sum((m.amount for m in line.milestones), contract.currency)
        if total != line.amount:
            yield _incomplete(
                contract, f"{line.reference} milestones", f"{where}: the milestones add up to {total}, the line to {line.amount}."
            )


def _use_is_priced(contract: Contract, line: ContractLine, where: str) -> Iterable[Finding]:
    """However much is used has a price; what is expected to be used may be nothing."""
    tiers = line.usage.tiers if line.usage else ()
    if not tiers or tiers[-1].up_to is not None:
        beyond = f" beyond {tiers[-1].up_to:f}" if tiers else ""
        yield _incomplete(contract, f"{line.reference} tiers", f"{where} has no price for what is used{beyond}.")
    for tier in tiers:
        if tier.rate.amount <= 0:
            name = "above" if tier.up_to is None else f"up to {tier.up_to:f}"
            yield _incomplete(
                contract, f"{line.reference} tier {name}", f"{where} has no price {name}: include it, or price it above zero."
            )


def _incomplete(contract: Contract, subject: str, sentence: str) -> Finding:
    return Finding(
        code="CONTRACT_INCOMPLETE",
        subject=subject,
        sentence=sentence,
        remedy="Complete the quote or the contract document, then settle with retry.",
        money=contract.value,
        can_override=False,
    )


def _agrees_with_quote(case: ActivationCase) -> Iterable[Finding]:
    if case.differences:
        told = "; ".join(f"{d.field}: quoted {d.quoted}, signed {d.signed}" for d in case.differences)
        at_risk = max((abs(d.money.amount) for d in case.differences if d.money), default=None)
        yield Finding(
            code="QUOTE_DIFFERS",
            sentence=f"The signed contract {case.contract.reference} differs from its quote: {told}.",
            remedy="Correct the quote and settle with retry, or override: what was signed is then carried out.",
            money=Money(amount=at_risk, currency=case.contract.currency) if at_risk is not None else None,
            evidence={d.field: f"quoted {d.quoted}, signed {d.signed}" for d in case.differences},
        )


def _has_tax_registration(case: ActivationCase) -> Iterable[Finding]:
    contract, payer = case.contract, case.contract.payer
    country = payer.bill_to.country if payer.bill_to else ""
    registrations = payer.tax_registrations or contract.customer.tax_registrations
    if country in case.rules.tax_number_countries and not registrations:
        yield Finding(
            code="TAX_ID_MISSING",
            sentence=f"{payer.legal_name} has no tax number for {country}; {contract.entity} may not invoice without it.",
            remedy="Enter the tax number on the account in the CRM, then settle with retry.",
            subject=payer.reference,
            money=contract.value,
        )
    for registration in registrations:
        if not is_valid(registration.country, registration.number):
            yield Finding(
                code="TAX_ID_INVALID",
                sentence=f"The tax number of {payer.legal_name} is not valid in {registration.country}.",
                remedy="Correct the tax number on the account in the CRM, then settle with retry.",
                subject=payer.reference,
                money=contract.value,
                evidence={"tax_number": registration.number},
            )


def _is_registered_for_tax(case: ActivationCase) -> Iterable[Finding]:
    """Work may begin while the registration is under way, if the tax owner says so; an invoice without it is held (S17)."""
    contract = case.contract
    if case.tax is None:
        return
    then = f"of {contract.reference} could not be invoiced"
    for finding in nexus_findings(case.tax, contract.value, entity=contract.entity, subject=contract.reference, then=then):
        remedy = f"{finding.remedy} Override lets the work begin meanwhile; its invoices are held until then."
        yield finding.model_copy(update={"remedy": remedy, "can_override": True})


def _has_bill_to(case: ActivationCase) -> Iterable[Finding]:
    payer = case.contract.payer
    if payer.bill_to is None or not payer.bill_to.is_complete:
        yield Finding(
            code="BILL_TO_INCOMPLETE",
            sentence=f"{payer.legal_name} has no complete bill-to address.",
            remedy="Complete street and city on the billing account in the CRM, then settle with retry.",
            subject=payer.reference,
            money=case.contract.value,
        )


def _is_one_customer(case: ActivationCase) -> Iterable[Finding]:
    contract, match = case.contract, case.match
    names = "; ".join(f"{r.legal_name} ({r.entity}, {r.target_id})" for r in match.others)
    if match.kind is MatchKind.AMBIGUOUS:
        yield Finding(
            code="CUSTOMER_AMBIGUOUS",
            sentence=f"{contract.payer.legal_name} could be: {names}.",
            remedy="Settle with adopt and the ERP's id of the right customer, or override to create a new one.",
            money=contract.value,
            evidence={r.target_id: f"{r.legal_name}, {r.entity}" for r in match.others},
        )
    elif match.kind is MatchKind.OTHER_ENTITY:
        yield Finding(
            code="CUSTOMER_WRONG_ENTITY",
            sentence=f"{contract.payer.legal_name} is a customer of other entities only ({names}), not of {contract.entity}.",
            remedy=f"Override to open an account under {contract.entity}, or correct the selling entity on the deal.",
            money=contract.value,
            evidence={r.target_id: f"{r.legal_name}, {r.entity}" for r in match.others},
        )


def _is_within_credit(case: ActivationCase) -> Iterable[Finding]:
    record = case.match.record
    if not case.rules.checks_credit or record is None or record.credit_limit is None:
        return
    value = case.contract.value
    is_comparable = record.credit_limit.currency == value.currency
    short = short_of_credit(record, value) if is_comparable else value
    if short is not None:
        sentence = f"{record.legal_name} would owe {short} more than its credit limit of {record.credit_limit}."
        other = f"{record.legal_name} has a credit limit of {record.credit_limit}; whether {value} more fit is not known."
        yield Finding(
            code="CREDIT_LIMIT",
            sentence=sentence if is_comparable else other,
            remedy="Have the credit approved (override with the reason), raise the limit in the ERP, or ask for a deposit.",
            subject=record.target_id,
            money=short,
            evidence={"limit": str(record.credit_limit), "exposure": str(record.exposure), "contract": str(case.contract.value)},
        )


def short_of_credit(record: CustomerRecord, addition: Money) -> Money | None:
    """How far exposure and a new contract exceed the limit; None when they do not, or when there is none."""
    limit = record.credit_limit
    if limit is None:
        return None
    exposure = record.exposure or Money.zero(limit.currency)
    short = exposure + addition - limit
    return short if short.amount > 0 else None


def _has_purchase_orders(case: ActivationCase) -> Iterable[Finding]:
    contract = case.contract
    if not contract.payer.is_purchase_order_per_workstream and not contract.customer.is_purchase_order_per_workstream:
        return
    for workstream in contract.workstreams:
        if contract.purchase_order(workstream) is None:
            at_risk = (line.value(contract.currency) for line in contract.lines if line.workstream == workstream)
            yield Finding(
                code="PO_MISSING",
                sentence=f"{contract.payer.legal_name} wants an order by workstream; {workstream or 'the contract'} has none.",
                remedy="Enter the customer's purchase order on the deal, then settle with retry.",
                subject=workstream,
                money=Money.sum(at_risk, contract.currency),
            )


def _has_templates(case: ActivationCase) -> Iterable[Finding]:
    known = {template.reference for template in case.templates}
    for line in case.contract.lines:
        if line.service_template not in known:
            yield Finding(
                code="TEMPLATE_MISSING",
                sentence=f"Line {line.reference} ({line.description}) sells '{line.service_template}', which has no template.",
                remedy="Add the template to policies/contracts, or correct the service on the quote line.",
                subject=line.reference,
                money=line.value(case.contract.currency),
                can_override=False,
            )


def _passes_own_rules(case: ActivationCase) -> Iterable[Finding]:
    """What the firm's own rules (policies/contracts) found, beside the built-in ones."""
    return case.own_findings


CHECKS: tuple[Check, ...] = (
    _is_executed,
    _knows_entity,
    _is_complete,
    _agrees_with_quote,
    _is_one_customer,
    _has_tax_registration,
    _is_registered_for_tax,
    _has_bill_to,
    _is_within_credit,
    _has_purchase_orders,
    _has_templates,
    _passes_own_rules,
)
