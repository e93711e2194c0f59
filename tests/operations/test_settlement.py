"""Decisions of people, from the queue to the workflow that waits: one pair of eyes, two, and told again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.sweep import SweepActivities
from canonical.engagement import EngagementStatus
from canonical.errors import MoveRefused, NotFound, Rejected, Transient
from canonical.exception import Case, CaseState, Decision
from operations.office import Office
from operations.settlement import NotAllowedToSettle, Settlements
from tests.activities.firm import Firm
from tests.gateway.house import PEOPLE
from tests.operations.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIN, CORA, TESSA, DANA, INES = (PEOPLE[name] for name in ("fin", "cora", "tessa", "dana", "ines"))


async def a_case(office: Office, code: str = "TAX_ID_MISSING", **changes: Any) -> int:
    facts: dict[str, Any] = {"key": uuid4().hex, "code": code, "sentence": "No.", "remedy": "Do.", "entity": "US01"}
    [number] = await office.books.cases.open([Case(**{**facts, **changes})])
    return number


def worth(amount: str, currency: str = "USD") -> dict[str, Any]:
    return {"money_amount": Decimal(amount), "money_currency": currency}


@pytest.mark.parametrize(
    ("code", "money", "entity", "decision", "needed"),
    [
        ("TAX_ID_MISSING", worth("50000.00"), "US01", Decision.OVERRIDE, False),
        ("TAX_ID_MISSING", worth("50000.01"), "US01", Decision.OVERRIDE, True),
        ("TAX_ID_MISSING", worth("50000.01"), "US01", Decision.RETRY, False),
        ("TAX_ID_MISSING", worth("1", "JPY"), "US01", Decision.OVERRIDE, True),  # no threshold in that currency
        ("CREDIT_LIMIT", worth("20000", "EUR"), "UK01", Decision.OVERRIDE, False),
        ("CREDIT_LIMIT", worth("20000", "EUR"), "DE01", Decision.OVERRIDE, True),  # that entity is stricter
        ("SOMETHING_NEW", {}, "US01", Decision.ADOPT, True),  # the default rule says so in words
    ],
)
async def test_policy_says_when_a_second_person_must_agree(
    office: Office, code: str, money: dict[str, Any], entity: str, decision: Decision, needed: bool
) -> None:
    number = await a_case(office, code, entity=entity, **money)
    settled = await office.exceptions.settle(
        number, decision, actor=FIN, reason="seen", adopt="501" if decision is Decision.ADOPT else ""
    )
    assert settled.state is (CaseState.PROPOSED if needed else CaseState.SETTLED)
    assert bool(settled.needs_approval_by) == needed


async def test_only_those_with_a_say_put_an_exception_off_or_give_it_to_somebody(office: Office) -> None:
    number = await a_case(office, "CREDIT_LIMIT")
    with pytest.raises(NotAllowedToSettle, match="finance_operations"):
        await office.exceptions.assign(number, CORA, actor="sam.sales@northwind.example")
    with pytest.raises(NotAllowedToSettle, match="has no say in CREDIT_LIMIT"):
        await office.exceptions.snooze(number, datetime(2999, 1, 1, tzinfo=UTC), actor="sam.sales@northwind.example")
    assert (await office.exceptions.assign(number, CORA, actor=FIN)).assignee == CORA


async def test_two_people_decide_and_both_are_in_the_trail(office: Office) -> None:
    number = await a_case(office, engagement="C-2P", **worth("60000"))
    await office.exceptions.settle(number, Decision.OVERRIDE, actor=CORA, reason="exempt")
    with pytest.raises(MoveRefused, match="cannot approve it too"):
        await office.exceptions.approve(number, actor=CORA)
    with pytest.raises(NotAllowedToSettle, match="controller"):
        await office.exceptions.approve(number, actor=FIN)
    declined = await office.exceptions.decline(number, actor=CORA, reason="I was wrong")
    assert declined.state is CaseState.OPEN
    await office.exceptions.settle(number, Decision.OVERRIDE, actor=FIN, reason="exempt, letter seen")
    assert (await office.exceptions.approve(number, actor=CORA)).state is CaseState.SETTLED
    case = await office.exceptions.read(number)
    assert (case.decided_by, case.approved_by, case.reason) == (FIN, CORA, "exempt, letter seen")
    actions = [(noted.entry.action, noted.entry.origin.actor) for noted in await office.books.audit.story("C-2P")]
    assert actions[-2:] == [("propose_settlement", FIN), ("approve_settlement", CORA)]
    with pytest.raises(MoveRefused):
        await office.exceptions.approve(number, actor=CORA)


@pytest.mark.parametrize(
    ("actor", "code"), [(DANA, "TAX_ID_MISSING"), (TESSA, "CREDIT_LIMIT"), ("nobody@elsewhere", "NOT_FOUND")]
)
async def test_a_role_that_may_not_settle_is_told_who_may(office: Office, actor: str, code: str) -> None:
    number = await a_case(office, code)
    with pytest.raises(NotAllowedToSettle, match="may not settle"):
        await office.exceptions.settle(number, Decision.RETRY, actor=actor, reason="")
    assert (await office.exceptions.read(number)).state is CaseState.OPEN


@pytest.mark.parametrize(
    ("decision", "reason", "adopt", "case", "said"),
    [
        (Decision.ADOPT, "seen", "501", {}, "cannot be settled with 'adopt'"),
        (Decision.OVERRIDE, " ", "", {}, "must give a reason"),
        (Decision.REJECT, "", "", {}, "must give a reason"),
        (Decision.OVERRIDE, "because", "", {"can_override": False}, "cannot be settled with 'override'"),
        (Decision.ADOPT, "seen", "", {"code": "OUTCOME_UNKNOWN"}, "must name it"),
    ],
)
async def test_a_decision_that_is_not_offered_or_not_complete_is_refused(
    office: Office, decision: Decision, reason: str, adopt: str, case: dict[str, Any], said: str
) -> None:
    number = await a_case(office, **case)
    with pytest.raises(Rejected, match=said):
        await office.exceptions.settle(number, decision, actor=FIN, reason=reason, adopt=adopt)
    assert (await office.exceptions.read(number)).state is CaseState.OPEN


# The workflow that waits.


async def waiting_case(firm: Firm, office: Office, contract: str) -> Case:
    """A contract without tax registration, asked for, that now waits for people."""
    firm.sell(contract, tax_registrations=())
    await office.handoffs.start(contract, actor=FIN)
    [case] = await until(lambda: office.exceptions.waiting(engagement=contract), lambda cases: bool(cases))
    return case


async def test_settling_resumes_the_step_that_waits(firm: Firm, office: Office, at_work: None) -> None:
    case = await waiting_case(firm, office, "C-S1")
    assert (case.code, case.workflow_id) == ("TAX_ID_MISSING", "provision_project/C-S1/1")
    settled = await office.exceptions.settle(case.number, Decision.OVERRIDE, actor=FIN, reason="exempt")
    assert settled.state is CaseState.PROPOSED  # 289,000 USD
    assert (await office.handoffs.engagement("C-S1")).status is EngagementStatus.WAITING
    await office.exceptions.approve(case.number, actor=CORA)
    row = await until(lambda: office.handoffs.engagement("C-S1"), lambda row: row.status is EngagementStatus.ACTIVE)
    assert row.targets


async def test_a_decision_that_no_worker_heard_is_kept_and_told_by_the_next_sweep(
    firm: Firm, office: Office, at_work: None
) -> None:
    case = await waiting_case(firm, office, "C-S2")
    await office.books.cases.settle(case.number, Decision.REJECT, actor=FIN, reason="not wanted")  # kept, and nobody told
    [bound] = [one for one in firm.activities() if one.__qualname__ == SweepActivities.tell_decisions_again.__qualname__]
    environment = ActivityEnvironment(client=office.client)
    assert await environment.run(bound) >= 1
    await office.client.get_workflow_handle(case.workflow_id).result()
    assert (await office.handoffs.engagement("C-S2")).status is EngagementStatus.WITHDRAWN
    told = [noted.entry.action for noted in await office.books.audit.story("C-S2")]
    await environment.run(bound)  # one that was heard is not taken twice
    assert [noted.entry.action for noted in await office.books.audit.story("C-S2")] == told


async def test_records_that_were_corrected_let_it_go_on_and_a_withdrawal_ends_it(
    firm: Firm, office: Office, at_work: None
) -> None:
    await waiting_case(firm, office, "C-S3")
    await office.handoffs.signal("C-S3", actor=FIN)
    cancelled = await office.handoffs.cancel("C-S3", actor=FIN, reason="the customer thought again")
    assert cancelled.workflow_id == "provision_project/C-S3/1"
    await until(lambda: office.handoffs.engagement("C-S3"), lambda row: row.status is EngagementStatus.WITHDRAWN)
    handle = office.client.get_workflow_handle(cancelled.workflow_id)
    await until(handle.describe, lambda described: described.close_time is not None)
    with pytest.raises(MoveRefused, match="No handoff of C-S3 runs"):
        await office.handoffs.cancel("C-S3", actor=FIN, reason="again")


async def test_the_dry_run_and_its_failures_keep_their_names(firm: Firm, office: Office, at_work: None) -> None:
    firm.sell("C-S4")
    plan = await office.handoffs.plan("C-S4")
    assert plan.findings == [] and {write.system for write in plan.writes} >= {"kantata", "netsuite", "sharepoint"}
    with pytest.raises(NotFound) as refused:
        await office.handoffs.plan("C-404")
    assert refused.value.remedy and "C-404" in refused.value.message


async def test_where_no_worker_runs_the_decision_is_kept_and_the_caller_told(office: Office) -> None:
    """A workflow of a queue that nobody polls stands for a worker that is down."""
    workflow_id = f"provision_project/{uuid4().hex}/1"
    await office.client.start_workflow("provision_project", id=workflow_id, task_queue="nobody-polls")
    number = await a_case(office, workflow_id=workflow_id)
    hasty = Settlements(office.engine, office.books.cases, office.policies, office.books.clock, patience=timedelta(seconds=0.3))
    with pytest.raises(Transient, match="is kept"):
        await hasty.settle(number, Decision.RETRY, actor=TESSA, reason="", adopt="")
    assert (await office.exceptions.read(number)).state is CaseState.SETTLED
    await office.client.get_workflow_handle(workflow_id).terminate()
