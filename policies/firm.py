"""All the firm's policies as one frozen object: what the rest of Handoff asks; it satisfies ports.ActivationPolicy by shape."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from canonical.billable import BillableKind
from canonical.claim import GroupBy
from canonical.contract import Contract
from canonical.errors import Misconfigured, NotOwner
from canonical.exception import CaseTerms, Finding
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.party import Address
from canonical.period import Period
from canonical.rules.activation import ActivationRules
from canonical.rules.cash_application import CashTerms
from canonical.rules.close import LatePolicy
from canonical.rules.expenses import ExpensePolicy
from canonical.rules.postings import Chart
from canonical.rules.rating import RatingPolicy
from canonical.rules.reconciling import ReconciliationTerms
from canonical.rules.recurring import RecurringPolicy
from canonical.rules.retroactive import RetroactivePolicy
from canonical.service_template import ServiceTemplate
from canonical.written import RoundingLevel
from policies.access import Access
from policies.billing import Billing
from policies.calendar import elapsed
from policies.contracts import Contracts, ExpectationTerms
from policies.control_point import ControlPointName
from policies.entities import Entities
from policies.exceptions import Exceptions
from policies.landscape import Landscape
from policies.ownership import OwnedObject, Ownership
from policies.revenue import Revenue
from policies.shape import Shape


class Policies(Shape):
    """Everything, as loaded from one folder; ``version`` is a short hash of its files, so equal rules have equal versions."""

    version: str
    landscape: Landscape
    ownership: dict[str, Ownership]
    entities: Entities
    contracts: Contracts
    exceptions: Exceptions
    access: Access
    revenue: Revenue
    billing: Billing

    def versions(self, on: date) -> dict[str, str]:
        """The name of each policy's version in force on a date, for the audit trail."""
        return {
            "entities": self.entities.on(on).version,
            "contracts": self.contracts.on(on).version,
            "exceptions": self.exceptions.on(on).version,
            "access": self.access.on(on).version,
            "revenue": self.revenue.on(on).version,
            "billing": self.billing.on(on).version,
            **{f"ownership/{name}": model.on(on).version for name, model in self.ownership.items()},
        }

    # What activation asks.

    def system_for(self, capability: Capability, scope: Scope) -> str | None:
        """The system that serves the capability there and then, or None."""
        return self.landscape.system_for(capability, scope)

    def serving(self, capability: Capability, on: date) -> Mapping[str | None, Sequence[str]]:
        """By system the legal entities for which it serves the capability; None: those for which nobody does."""
        return self.landscape.serving_of(capability, self.entities.on(on).entities, on)

    def activation_rules(self, entity: str, on: date) -> ActivationRules:
        """What contract activation demands of this entity."""
        contracts = self.contracts.on(on)
        terms = contracts.activation_for(entity)
        return ActivationRules(
            entity_currencies={code: known.currencies for code, known in self.entities.on(on).entities.items()},
            required_fields=contracts.required.fields_for(entity),
            tax_number_countries=terms.tax_numbers.countries_for(entity),
            purchase_orders=terms.purchase_orders,
            checks_credit=terms.checks_credit,
        )

    def own_findings(self, point: str, contract: Contract, on: date) -> tuple[Finding, ...]:
        """What the firm's own rules (CEL) at a control point have against a contract."""
        return self.contracts.on(on).control_points[ControlPointName(point)].findings(contract)

    def templates(self, on: date) -> Sequence[ServiceTemplate]:
        """The service templates in force."""
        return self.contracts.on(on).service_templates

    def signed_labels(self, on: date) -> Mapping[str, str]:
        """How the labels of signed terms are read."""
        return self.contracts.on(on).labels

    def quote_tolerance(self, entity: str, currency: str, on: date) -> Money:
        """By how much a signed amount may differ from the quoted one."""
        return self.contracts.on(on).activation_for(entity).tolerance(currency)

    def case_terms(self, code: str, entity: str, at: datetime) -> CaseTerms:
        """Who owns an exception, and until when it should be settled in the entity's business hours."""
        rule = self.exceptions.on(at.date()).rule(code, entity)
        due = self.entities.on(at.date()).calendar(entity).add_business_time(at, rule.due_hours)
        return CaseTerms(owner_role=rule.owner, due_at=due)

    def escalated_to(self, code: str, entity: str, opened: datetime, now: datetime) -> tuple[str, ...]:
        """The roles that have been told by now, since nobody settled it."""
        rule = self.exceptions.on(opened.date()).rule(code, entity)
        passed = self.entities.on(opened.date()).calendar(entity).business_time_between(opened, now)
        return tuple(step.to for step in rule.escalation if elapsed(step.after_hours) <= passed)

    def deadlines(self, what: str, entity: str, since: datetime) -> tuple[datetime, datetime]:
        """When the absence of something is healed (elapsed time), and when it is raised (the entity's business hours)."""
        terms = self._expectation(what, since.date())
        calendar = self.entities.on(since.date()).calendar(entity)
        return since + terms.heal_after, calendar.add_business_time(since, terms.raise_after_hours)

    def _expectation(self, what: str, on: date) -> ExpectationTerms:
        expectations = self.contracts.on(on).expectations
        if what not in expectations:
            raise Misconfigured(
                f"Nothing says when {what!r} is overdue",
                remedy=f"Add expectations.{what} to policies/contracts.",
            )
        return expectations[what]

    # What billing asks.

    def chart(self, on: date) -> Chart:
        """The firm's account numbers."""
        return self.billing.on(on).accounts

    def line_grouping(self, entity: str, on: date) -> tuple[GroupBy, ...]:
        """What makes an invoice line of its own."""
        return self.billing.on(on).terms(entity).lines_by

    def payment_days(self, entity: str, on: date) -> int:
        """After how many days an invoice is due, where the contract does not say."""
        return self.billing.on(on).terms(entity).payment_terms_days

    def tax_code(self, entity: str, kind: BillableKind, on: date) -> str:
        """The tax engine's code for what is billed; empty: its default."""
        return self.billing.on(on).terms(entity).tax_codes.get(kind, "")

    def rating_policy(self, entity: str, on: date) -> RatingPolicy:
        """How hours are rated."""
        return self.billing.on(on).terms(entity).rating

    def recurring_policy(self, entity: str, on: date) -> RecurringPolicy:
        """Where the periods of subscriptions begin, and how many months they are."""
        return self.billing.on(on).terms(entity).recurring

    def rounds_documents(self, entity: str, on: date) -> bool:
        """Whether the net of an invoice is rounded as a whole, not item by item (S12)."""
        return self.billing.on(on).terms(entity).rounding_level is RoundingLevel.DOCUMENT

    def expense_policy(self, entity: str, category: str, currency: str, on: date) -> ExpensePolicy:
        """How an expense of that category is passed on."""
        return self.billing.on(on).terms(entity).expenses.policy(category, currency)

    def late_policy(self, entity: str, on: date) -> LatePolicy:
        """What becomes of work in a closed period."""
        return self.billing.on(on).terms(entity).closed_period

    def top_up_share(self, entity: str, on: date) -> Decimal:
        """At which share of the agreed amount a retainer is topped up."""
        return self.billing.on(on).terms(entity).retainer.top_up_at

    def retainer_months(self, entity: str, on: date) -> int | None:
        """After how many months what is left of a retainer expires; none: it does not (S09)."""
        return self.billing.on(on).terms(entity).retainer.expires_after_months

    def order_tolerance(self, entity: str, customer: str, currency: str, on: date) -> Money:
        """How far above a purchase order of that customer may be billed, in the currency it was agreed in (R44, S14)."""
        agreed = self.billing.on(on).terms(entity).purchase_order_tolerance.get(customer)
        return agreed if agreed and agreed.currency == currency else Money.zero(currency)

    def needs_release(self, entity: str, total: Money, on: date) -> bool:
        """Whether a person must release an invoice of that total (R84)."""
        return self.billing.on(on).terms(entity).release.needs_person(total)

    def credit_needs_approval(self, entity: str, total: Money, on: date) -> bool:
        """Whether a second person must agree to a credit of that total (R80)."""
        return self.billing.on(on).terms(entity).credit.needs_person(total)

    def retroactive_policy(self, entity: str, on: date) -> RetroactivePolicy:
        """What a retroactive rate does to what is billed (R56)."""
        return self.billing.on(on).terms(entity).retroactive_rate

    def entity_codes(self, on: date) -> tuple[str, ...]:
        """The legal entities in force."""
        return tuple(sorted(self.entities.on(on).entities))

    def closing_day(self, entity: str, period: Period) -> date:
        """From which day on a month is closed: so many of the entity's business days after its end (R82)."""
        terms = self.entities.on(period.last).entity(entity)
        day, left = period.end, terms.billing.closes_after_business_days
        while left or not terms.calendar.is_business_day(day):
            left -= terms.calendar.is_business_day(day)
            day += timedelta(days=1)
        return day

    def issuer_address(self, entity: str, on: date) -> Address:
        """Where an entity's services are taxed from."""
        return Address(country=self.entities.on(on).entity(entity).country)

    def legal_entities(self, on: date) -> tuple[str, ...]:
        """The codes of all entities."""
        return tuple(self.entities.on(on).entities)

    def functional_currency(self, entity: str, on: date) -> str:
        """The currency of an entity's books."""
        return self.entities.on(on).entity(entity).currency

    def billing_code(self, category: str, on: date) -> str:
        """The ERP's billing code of a labor category; empty where the firm names none (R64)."""
        return self.billing.on(on).billing_codes.get(category, "")

    def cash_terms(self, entity: str, on: date) -> CashTerms:
        """What is asked of payments, and when collections begin."""
        return self.billing.on(on).terms(entity).cash

    def reconciliation(self, entity: str, on: date) -> ReconciliationTerms:
        """An entity's own day, and over how many of them a run looks."""
        entities = self.entities.on(on)
        terms = entities.entity(entity)
        return ReconciliationTerms(
            time_zone=terms.time_zone, look_back_days=terms.reconciliation.look_back_days, home=entities.home
        )

    # Who owns what.

    def ownership_for(self, scope: Scope) -> Ownership:
        """The model of the scope's region, or of its entity's region, or the general one."""
        region = scope.region
        if not region and scope.entity:
            entity = self.entities.on(scope.service_date).entities.get(scope.entity)
            region = entity.region if entity else ""
        return self.ownership[self.landscape.ownership.model_for(region)]

    def owner_of(self, owned: OwnedObject, field: str, scope: Scope) -> Capability:
        """The capability whose system is the system of record."""
        return self.ownership_for(scope).on(scope.service_date).owner_of(owned, field)

    def may_write(self, writer: str, owned: OwnedObject, field: str, scope: Scope) -> bool:
        """Whether a system (or a capability, by its name) is the field's system of record."""
        owner = self.owner_of(owned, field, scope)
        return writer in {owner.value, self.system_for(owner, scope)}

    def require_owner(self, writer: str, owned: str, field: str, scope: Scope, *, held: object, offered: object) -> None:
        """Refuse a change by a system that does not own the field, with both values (C2)."""
        thing = OwnedObject(owned)
        if self.may_write(writer, thing, field, scope):
            return
        owner = self.owner_of(thing, field, scope)
        system = self.system_for(owner, scope)
        raise NotOwner(
            f"{writer} may not change {field} of the {thing.value}: its system of record is {system or 'none'} ({owner.value})",
            remedy=f"Change {field} in {system or 'the system that serves ' + owner.value}, or change policies/ownership.",
            evidence={"object": thing.value, "field": field, "owner": system or owner.value, "held": held, "offered": offered},
        )
