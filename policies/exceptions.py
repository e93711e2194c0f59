"""Exceptions as policy: owner, due time, escalation, who may settle, and when a second person must agree (DESIGN 6)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pydantic import Field

from canonical.exception import Decision
from canonical.money import Money
from policies.escalation import Chain, chain_flaws
from policies.expression import BadExpression, Declared, Holds, check, holds
from policies.shape import Flaw, Path, Shape, Version, Versioned

CASE_FACTS: Declared = {
    "amount": Holds.NUMBER,
    "currency": Holds.TEXT,
    "entity": Holds.TEXT,
    "decision": Holds.TEXT,
    "code": Holds.TEXT,
}


class SecondPerson(Shape):
    """When a decision needs a second pair of eyes: above an amount, or when an expression says so."""

    above: tuple[Money, ...] = ()
    when: str | None = None
    decisions: tuple[Decision, ...] = (Decision.OVERRIDE, Decision.ADOPT)

    def is_needed(self, decision: Decision, money: Money | None, *, code: str = "", entity: str = "") -> bool:
        """Whether another person must agree; an amount in a currency without a threshold always needs one."""
        if decision not in self.decisions:
            return False
        if self.when and holds(self.when, _facts(decision, money, code, entity)):
            return True
        return bool(self.above) and money is not None and self._is_above(money)

    def _is_above(self, money: Money) -> bool:
        threshold = next((limit for limit in self.above if limit.currency == money.currency), None)
        return threshold is None or abs(money.amount) > threshold.amount


def _facts(decision: Decision, money: Money | None, code: str, entity: str) -> Mapping[str, object]:
    return {
        "amount": abs(money.amount) if money else Decimal(0),
        "currency": money.currency if money else "",
        "entity": entity,
        "decision": decision.value,
        "code": code,
    }


class CaseRule(Shape):
    """What happens with exceptions of a code. ``due_hours`` and escalation are business hours of the entity."""

    title: str
    owner: str
    due_hours: Decimal = Field(gt=0)
    escalation: Chain = Field(min_length=1)
    decisions: tuple[Decision, ...] = Field(default=(Decision.RETRY, Decision.REJECT), min_length=1)
    may_settle: tuple[str, ...] = Field(default=(), description="roles besides the owner")
    may_approve: tuple[str, ...] = Field(default=(), description="roles of the second person")
    second_person: SecondPerson | None = None
    opens_ticket: bool = False

    @property
    def settlers(self) -> tuple[str, ...]:
        """The roles that may settle one."""
        return tuple(dict.fromkeys((self.owner, *self.may_settle)))

    def flaws(self, path: Path, roles: frozenset[str]) -> Iterator[Flaw]:
        """Roles exist, the escalation ends, somebody can be the second person."""
        yield from chain_flaws(path, self.owner, self.escalation, roles)
        for field, named in (("may_settle", self.may_settle), ("may_approve", self.may_approve)):
            for number, role in enumerate(named):
                if role not in roles:
                    yield Flaw((*path, field, number), f"there is no role {role!r}", "Name a role of access.yaml.")
        if self.second_person is not None:
            yield from self._second_person_flaws((*path, "second_person"), self.second_person)

    def _second_person_flaws(self, path: Path, second: SecondPerson) -> Iterator[Flaw]:
        if not self.may_approve:
            yield Flaw(path, "nobody may be the second person", "Name their roles in may_approve.")
        if not second.above and not second.when:
            yield Flaw(path, "nothing says when a second person is needed", "Give above (amounts) or when (an expression).")
        if second.when:
            try:
                check(second.when, CASE_FACTS)
            except BadExpression as error:
                yield Flaw((*path, "when"), error.wrong, error.remedy)


class CaseRuleChange(Shape):
    """What an entity wants otherwise for a code (R155)."""

    owner: str | None = None
    due_hours: Decimal | None = Field(default=None, gt=0)
    escalation: Chain | None = None
    may_settle: tuple[str, ...] | None = None
    may_approve: tuple[str, ...] | None = None
    second_person: SecondPerson | None = None

    def applied(self, rule: CaseRule) -> CaseRule:
        """The rule as it holds for the entity."""
        given = {name: getattr(self, name) for name in self.model_fields_set if getattr(self, name) is not None}
        return rule.model_copy(update=given)


class ExceptionsVersion(Version):
    """The rules by code, from a date; a code without one follows ``default``."""

    default: CaseRule
    codes: dict[str, CaseRule]
    by_entity: dict[str, dict[str, CaseRuleChange]] = {}

    def rule(self, code: str, entity: str = "") -> CaseRule:
        """The rule of a code, as it holds for an entity."""
        rule = self.codes.get(code, self.default)
        change = self.by_entity.get(entity, {}).get(code)
        return change.applied(rule) if change else rule

    def flaws(self, path: Path, roles: frozenset[str], entities: frozenset[str]) -> Iterator[Flaw]:
        """What is wrong in this version."""
        yield from self.default.flaws((*path, "default"), roles)
        for code, rule in self.codes.items():
            yield from rule.flaws((*path, "codes", code), roles)
        for entity, changes in self.by_entity.items():
            if entity not in entities:
                yield Flaw((*path, "by_entity", entity), f"there is no entity {entity!r}", "Name an entity of entities.yaml.")
            for code in changes:
                yield from self.rule(code, entity).flaws((*path, "by_entity", entity, code), roles)


class Exceptions(Versioned[ExceptionsVersion]):
    """The exceptions file."""

    def flaws(self, roles: frozenset[str], entities: frozenset[str]) -> Iterator[Flaw]:
        """What is wrong in any version."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            yield from version.flaws(("versions", number), roles, entities)
