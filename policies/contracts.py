"""How a contract is read, judged and delivered: labels of signed terms, required fields, service templates, control points."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pydantic import Field

from canonical.contract import Contract, ContractLine
from canonical.money import Money
from canonical.quote import BillingKind
from canonical.rules.activation import PurchaseOrderMode
from canonical.rules.signed_terms import SignedTerms
from canonical.service_template import ServiceTemplate
from policies.control_point import ControlPoint, ControlPointName
from policies.shape import Flaw, Path, Shape, Version, Versioned


class Required(Shape):
    """Which fields must be filled: of every contract, for an entity besides, and of a line by its kind."""

    contract: tuple[str, ...] = ()
    by_entity: dict[str, tuple[str, ...]] = {}
    by_line_kind: dict[BillingKind, tuple[str, ...]] = {}

    def fields_for(self, entity: str) -> tuple[str, ...]:
        """The fields a contract of this entity must have."""
        return tuple(dict.fromkeys((*self.contract, *self.by_entity.get(entity, ()))))

    def flaws(self, path: Path) -> Iterator[Flaw]:
        """Only fields that exist can be required."""
        contract, line = Contract.model_fields, ContractLine.model_fields
        lists = [
            ((*path, "contract"), self.contract, contract),
            *(((*path, "by_entity", code), names, contract) for code, names in self.by_entity.items()),
            *(((*path, "by_line_kind", kind.value), names, line) for kind, names in self.by_line_kind.items()),
        ]
        for where, names, known in lists:
            for number, name in enumerate(names):
                if name not in known:
                    yield Flaw((*where, number), f"there is no field {name!r}", f"Use one of {', '.join(sorted(known))}.")


class TaxNumberRule(Shape):
    """In which countries a customer is not invoiced without a tax number."""

    countries: tuple[str, ...] = ()
    by_entity: dict[str, tuple[str, ...]] = {}

    def countries_for(self, entity: str) -> tuple[str, ...]:
        """The entity's own list, or the general one."""
        return self.by_entity.get(entity, self.countries)


class ActivationTerms(Shape):
    """How strictly contract activation is judged."""

    purchase_orders: PurchaseOrderMode = PurchaseOrderMode.STRICT
    checks_credit: bool = True
    tax_numbers: TaxNumberRule = TaxNumberRule()
    quote_tolerance: tuple[Money, ...] = ()

    def tolerance(self, currency: str) -> Money:
        """By how much a signed amount may differ from the quoted one; nothing in a currency that is not listed."""
        return next((money for money in self.quote_tolerance if money.currency == currency), Money.zero(currency))


class ExpectationTerms(Shape):
    """When a missing thing is healed (elapsed time) and when it becomes an exception (business hours)."""

    heal_after_minutes: int = Field(gt=0)
    raise_after_hours: Decimal = Field(gt=0)

    @property
    def heal_after(self) -> timedelta:
        """The elapsed time after which the handoff is started again."""
        return timedelta(minutes=self.heal_after_minutes)


class ContractsVersion(Version):
    """All of it, from a date."""

    labels: dict[str, str]
    required: Required = Required()
    activation: ActivationTerms = ActivationTerms()
    activation_by_entity: dict[str, ActivationTerms] = {}
    expectations: dict[str, ExpectationTerms]
    service_templates: tuple[ServiceTemplate, ...] = Field(min_length=1)
    control_points: dict[ControlPointName, ControlPoint]

    def activation_for(self, entity: str) -> ActivationTerms:
        """The entity's own terms, or the general ones."""
        return self.activation_by_entity.get(entity, self.activation)

    def flaws(self, path: Path, roles: frozenset[str], entities: frozenset[str], treatments: frozenset[str]) -> Iterator[Flaw]:
        """Everything named exists, and nothing is left out."""
        yield from _label_flaws((*path, "labels"), self.labels)
        yield from self.required.flaws((*path, "required"))
        yield from self._entity_flaws(path, entities)
        yield from self._template_flaws((*path, "service_templates"), treatments)
        yield from self._control_point_flaws((*path, "control_points"), roles, entities)
        for what in sorted({"activation", "execution"} - set(self.expectations)):
            yield Flaw((*path, "expectations"), f"nothing says when {what} is overdue", f"Add {what} with its two times.")

    def _entity_flaws(self, path: Path, entities: frozenset[str]) -> Iterator[Flaw]:
        named = [
            *((("activation_by_entity", code)) for code in self.activation_by_entity),
            *((("required", "by_entity", code)) for code in self.required.by_entity),
            *((("activation", "tax_numbers", "by_entity", code)) for code in self.activation.tax_numbers.by_entity),
        ]
        for inner in named:
            if inner[-1] not in entities:
                yield Flaw((*path, *inner), f"there is no entity {inner[-1]!r}", "Name an entity of entities.yaml.")

    def _template_flaws(self, path: Path, treatments: frozenset[str]) -> Iterator[Flaw]:
        seen: set[str] = set()
        for number, template in enumerate(self.service_templates):
            where = (*path, number)
            if template.reference in seen:
                yield Flaw((*where, "reference"), f"template {template.reference} exists already", "Give it another reference.")
            seen.add(template.reference)
            if template.revenue_treatment not in treatments:
                yield Flaw(
                    (*where, "revenue_treatment"),
                    f"there is no revenue treatment {template.revenue_treatment!r}",
                    f"Use one of revenue.yaml: {', '.join(sorted(treatments))}.",
                )
            yield from _phase_flaws(where, template)

    def _control_point_flaws(self, path: Path, roles: frozenset[str], entities: frozenset[str]) -> Iterator[Flaw]:
        for missing in [name for name in ControlPointName if name not in self.control_points]:
            yield Flaw(path, f"the control point {missing.value} is missing", "Add it with its rules, owner and escalation.")
        for name, point in self.control_points.items():
            yield from point.flaws((*path, name.value), roles, entities)


def _label_flaws(path: Path, labels: dict[str, str]) -> Iterator[Flaw]:
    known = set(SignedTerms.model_fields)
    for label, field in labels.items():
        if field not in known:
            yield Flaw((*path, label), f"there is no signed term {field!r}", f"Use one of {', '.join(sorted(known))}.")


def _phase_flaws(path: Path, template: ServiceTemplate) -> Iterator[Flaw]:
    references = [template.phases[n].reference for n in range(len(template.phases))]
    for number, phase in enumerate(template.phases):
        where = (*path, "phases", number)
        if references.index(phase.reference) != number:
            yield Flaw((*where, "reference"), f"phase {phase.reference} exists already", "Give it another reference.")
        if phase.share <= 0:
            yield Flaw((*where, "share"), "a phase takes some of the time", "Write a share above 0.")
        if not phase.tasks:
            yield Flaw(where, f"phase {phase.reference} has no tasks, so nobody could record time on it", "Add a task.")
        if phase.tasks and sum(task.share for task in phase.tasks) <= 0:
            yield Flaw((*where, "tasks"), "the tasks' shares are all zero", "Give at least one task a share above 0.")
    if not template.phases:
        yield Flaw((*path, "phases"), "a template without phases makes no project", "Add a phase.")


class Contracts(Versioned[ContractsVersion]):
    """The contracts file."""

    def flaws(self, roles: frozenset[str], entities: frozenset[str], treatments: frozenset[str]) -> Iterator[Flaw]:
        """What is wrong in any version."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            yield from version.flaws(("versions", number), roles, entities, treatments)
