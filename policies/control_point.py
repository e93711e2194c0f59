"""The five control points: rules, owner, escalation, for the handoff and for an entity that wants it otherwise (R150, R154)."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from canonical.contract import Contract
from canonical.exception import Finding
from policies.contract_facts import DECLARED, facts_of
from policies.escalation import Chain, chain_flaws
from policies.expression import BadExpression, check, holds
from policies.shape import Flaw, Path, Shape


class ControlPointName(StrEnum):
    """Where the chain is controlled (R150)."""

    CONTRACT_ACTIVATION = "contract_activation"
    PROJECT_PROVISIONING = "project_provisioning"
    BILLING_ELIGIBILITY = "billing_eligibility"
    INVOICE_RELEASE = "invoice_release"
    CASH_APPLICATION = "cash_application"


class ControlRule(Shape):
    """What must hold, and the exception that opens when it does not.

    With ``refuse_when`` it is the firm's own rule, decided by CEL; without, the check is built in and this gives it its words.
    """

    code: str
    says: str
    remedy: str = ""
    refuse_when: str | None = None
    may_be_overridden: bool = True


class Responsibility(Shape):
    """Who answers for a control point in one entity."""

    owner: str
    escalation: Chain = Field(min_length=1)


class ControlPoint(Shape):
    """One control point."""

    title: str
    trigger: str
    owner: str
    escalation: Chain = Field(min_length=1)
    rules: tuple[ControlRule, ...] = Field(min_length=1)
    by_entity: dict[str, Responsibility] = {}

    def responsibility(self, entity: str) -> Responsibility:
        """Who answers for it in that entity."""
        return self.by_entity.get(entity) or Responsibility(owner=self.owner, escalation=self.escalation)

    def findings(self, contract: Contract) -> tuple[Finding, ...]:
        """What the firm's own rules have against a contract; built-in checks are judged in canonical.rules."""
        facts = facts_of(contract)
        return tuple(
            Finding(
                code=rule.code,
                subject=rule.code.lower(),
                sentence=f"Contract {contract.reference}: {rule.says}",
                remedy=rule.remedy,
                money=contract.value,
                can_override=rule.may_be_overridden,
            )
            for rule in self.rules
            if rule.refuse_when and holds(rule.refuse_when, facts)
        )

    def flaws(self, path: Path, roles: frozenset[str], entities: frozenset[str]) -> Iterator[Flaw]:
        """Owners exist, escalations end, expressions can work."""
        yield from chain_flaws(path, self.owner, self.escalation, roles)
        for entity, responsibility in self.by_entity.items():
            if entity not in entities:
                yield Flaw((*path, "by_entity", entity), f"there is no entity {entity!r}", "Name an entity of entities.yaml.")
            yield from chain_flaws((*path, "by_entity", entity), responsibility.owner, responsibility.escalation, roles)
        codes: set[str] = set()
        for number, rule in enumerate(self.rules):
            if rule.code in codes:
                yield Flaw(
                    (*path, "rules", number, "code"), f"{rule.code} stands for another rule already", "Give it its own code."
                )
            codes.add(rule.code)
            yield from _rule_flaws((*path, "rules", number), rule)


def _rule_flaws(path: Path, rule: ControlRule) -> Iterator[Flaw]:
    if rule.refuse_when is None:
        return
    try:
        check(rule.refuse_when, DECLARED)
    except BadExpression as error:
        yield Flaw((*path, "refuse_when"), error.wrong, error.remedy)
    if not rule.remedy:
        yield Flaw(path, "a rule of the firm's own says nothing of the remedy", "Add remedy: what a person must do.")
