"""Work for people and the engagement's own books, each activity run twice."""

from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from activities.case import Carry, CaseActivities, OpenCases, ResolveCases, case_key
from activities.check import CheckActivities
from activities.engagement import Checkpoint, EngagementActivities
from activities.ports import Psa
from activities.step import Undo
from activities.systems import Systems, required
from canonical.engagement import EngagementStatus
from canonical.errors import Misconfigured, NotServed, OutcomeUnknown
from canonical.exception import Decision, Finding, Settlement
from canonical.expectation import Expectation, activation_key
from canonical.landscape import Capability, Scope
from ledger.exceptions import CaseFilter
from policies.landscape import Route
from tests.activities.firm import Firm, an_origin
from tests.activities.memory import Remembering
from tests.activities.ports import RememberingPsa
from tests.activities.steps import CASES, Scene, set_scene
from tests.build import EXECUTED, usd

FINDING = Finding(code="CREDIT_LIMIT", sentence="Short by 60,000.", remedy="Raise the limit.", subject="501", money=usd(60_000))


def to_open(contract: str) -> OpenCases:
    other = Finding(code="PO_MISSING", sentence="WS-C has none.", remedy="Add it.", subject="WS-C")
    return OpenCases(
        origin=an_origin(contract),
        findings=[FINDING, other],
        control_point="contract_activation",
        entity="US01",
        status=EngagementStatus.WAITING,
    )


async def test_the_same_trouble_is_one_case(firm: Firm) -> None:
    first = await firm.run(CaseActivities.open_cases, to_open("K-1"))
    second = await firm.run(CaseActivities.open_cases, to_open("K-1"))
    assert first == second and len(set(first.numbers)) == 2
    case = await firm.books.cases.read(first.numbers[0])
    assert (case.code, case.money_amount, case.owner_role) == ("CREDIT_LIMIT", Decimal(60_000), "finance_operations")
    assert case.due_at is not None and case.workflow_id == "provision_project/K-1/1"
    row = await firm.books.engagements.read("K-1")
    assert row is not None and row.status is EngagementStatus.WAITING


async def test_what_no_longer_holds_is_closed_once(firm: Firm) -> None:
    await firm.run(CaseActivities.open_cases, to_open("K-2"))
    keys = [case_key(an_origin("K-2"), FINDING)]
    request = ResolveCases(origin=an_origin("K-2"), keys=keys, reason="The limit was raised.")
    assert [await firm.run(CaseActivities.resolve_cases, request) for _ in range(2)] == [1, 0]
    assert [case.code for case in await firm.books.cases.list(CaseFilter(engagement="K-2"))] == ["PO_MISSING"]


async def an_unknown_outcome(firm: Firm) -> Scene:
    [case] = [case for case in CASES if case.name == "create_schedule"]
    scene = await set_scene(firm, case)
    firm.erp.is_searchable = False
    firm.erp.fail("create_schedule", scene.contract, "lost")
    with pytest.raises(OutcomeUnknown):
        await scene.do()
    return scene


async def test_a_person_who_found_the_record_has_it_adopted(firm: Firm) -> None:  # S20 e
    scene = await an_unknown_outcome(firm)
    settlement = Settlement(number=1, decision=Decision.ADOPT, actor="ann", reason="seen", adopt="SCH-9")
    carry = Carry(key=f"create_schedule/{scene.contract}", settlement=settlement)
    for _ in range(2):
        await firm.run(CaseActivities.carry_settlement, carry)
    assert (await scene.do()).target_id == "SCH-9" and scene.calls() == 1


async def test_a_person_who_found_nothing_has_it_sent_again(firm: Firm) -> None:
    scene = await an_unknown_outcome(firm)
    settlement = Settlement(number=1, decision=Decision.RETRY, actor="ann", reason="not there")
    for _ in range(2):
        await firm.run(CaseActivities.carry_settlement, Carry(key=f"create_schedule/{scene.contract}", settlement=settlement))
    await scene.do()
    assert scene.calls() == 2


async def test_planned_revenue_is_kept_once_and_withdrawn_once(firm: Firm) -> None:
    firm.sell("K-3")
    step = await firm.step("K-3", "psa")
    for _ in range(2):
        await firm.run(EngagementActivities.plan_revenue, step)
    planned = await firm.books.plans.of("K-3", version=1)
    assert sum(item.amount.amount for item in planned) == 289_000
    for _ in range(2):
        await firm.run(EngagementActivities.withdraw_revenue_plan, Undo(step=step, reason="withdrawn"))
    assert await firm.books.plans.of("K-3", version=1) == []


async def test_an_active_project_meets_what_was_expected(firm: Firm) -> None:
    key = activation_key("K-4", 1)
    await firm.books.expectations.expect(Expectation(key=key, what="x", reference="K-4", engagement="K-4", raise_at=EXECUTED))
    checkpoint = Checkpoint(origin=an_origin("K-4"), status=EngagementStatus.ACTIVE, version=1, note="done")
    for _ in range(2):
        await firm.run(EngagementActivities.reach, checkpoint)
    assert await firm.books.expectations.unmet("K-4") == []
    row = await firm.books.engagements.read("K-4")
    assert row is not None and row.activated_at is not None and row.note == "done"


async def test_every_capability_is_checked_and_what_fails_is_told(firm: Firm) -> None:
    async def refuses() -> str:
        raise Misconfigured("the token has expired", remedy="Make a new one.")

    firm.psa.check = refuses  # type: ignore[method-assign]
    [bound] = [one for one in firm.activities() if one.__qualname__ == CheckActivities.check_systems.__qualname__]
    found = {one.capability: one for one in await ActivityEnvironment().run(bound)}
    assert found["crm"].works and not found["psa"].works and found["psa"].remedy == "Make a new one."
    assert not found["tax"].works and found["tax"].system in {"", None}


async def test_a_capability_that_one_entity_has_is_told_with_that_entity_and_each_system_is_asked_once(firm: Firm) -> None:
    asked = list[str]()

    class Taxes(Remembering):
        async def check(self) -> str:
            asked.append(self.name)
            return {"rate": "225.00"}["cost"]

    route = Route.model_validate({"capabilities": ["tax", "people"], "system": "avatax", "entities": ["US01"]})
    landscape = firm.policies.landscape
    policies = firm.policies.model_copy(update={"landscape": landscape.model_copy(update={"serves": (*landscape.serves, route)})})
    systems = Systems({**firm.systems, "avatax": Taxes("avatax")})
    check = CheckActivities(systems, policies, firm.books.clock)
    found = await ActivityEnvironment().run(check.check_systems)
    taxes = {one.system: one for one in found if one.capability == "tax"}
    assert taxes["avatax"].entities == ("US01",) and taxes["avatax"].code == "DEFECT" and "225" not in taxes["avatax"].seen
    assert taxes[None].entities == ("DE01", "IN01", "UK01") and not taxes[None].works
    assert [one.entities for one in found if one.capability == "crm"] == [()] and asked == ["avatax"]


def test_a_system_is_handed_out_as_what_it_can_do_only() -> None:
    systems = Systems({"kantata": RememberingPsa("kantata")})
    assert systems.get("kantata", Psa).name == "kantata"
    with pytest.raises(Misconfigured):
        systems.get("other", Psa)
    with pytest.raises(NotServed):
        required(Capability.PSA, None, Scope(entity="US01", service_date=EXECUTED.date()))
