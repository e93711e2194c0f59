"""The exception queue: one case a trouble, ranked by money, two pairs of eyes, every step audited."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from canonical.errors import MoveRefused, NotFound, Rejected
from canonical.exception import Case, CaseState, Decision
from ledger.audit import Audit
from ledger.clock import BusinessClock
from ledger.database import Database
from ledger.exceptions import CaseFilter, Cases
from ledger.settlement import Escalated
from ledger.upkeep import Upkeep

DUE = datetime(2030, 1, 1, tzinfo=UTC)


def a_case(key: str, **changed: object) -> Case:
    """A contract over the credit limit."""
    fields: dict[str, object] = {
        "key": key,
        "code": "CREDIT_LIMIT",
        "sentence": "ACME would exceed its credit limit by 60,000.00 USD.",
        "remedy": "Raise the limit, or override with a reason.",
        "money_amount": Decimal("60000.00"),
        "money_currency": "USD",
        "engagement": "C-100",
        "workflow_id": "provision_project/C-100",
        "owner_role": "credit",
        "due_at": DUE,
        "evidence": {"limit": "250000"},
    }
    return Case.model_validate({**fields, **changed})


@pytest.fixture
def cases(database: Database) -> Cases:
    return Cases(database)


async def _opened(cases: Cases, key: str, **changed: object) -> int:
    [number] = await cases.open([a_case(key, **changed)])
    return number


async def _steps(database: Database, key: str) -> list[tuple[str, str]]:
    return [(noted.entry.action, noted.entry.origin.actor) for noted in await Audit(database).of_key(key)]


async def test_the_same_trouble_found_again_is_the_same_case_with_newer_words(database: Database, cases: Cases) -> None:
    [first, other] = await cases.open([a_case("again/1"), a_case("again/2")])
    assert await cases.open([a_case("again/2"), a_case("again/1", sentence="Now by 80,000.00 USD.")]) == [other, first]
    case = await cases.read(first)
    assert case.sentence == "Now by 80,000.00 USD." and case.evidence == {"limit": "250000"}
    assert case.opened_at is not None and case.money_amount == Decimal("60000.00") and case.state is CaseState.OPEN
    assert await _steps(database, "again/1") == [("open_exception", "handoff")]
    assert await cases.open([]) == []


async def test_trouble_that_comes_back_after_it_was_settled_is_a_new_case(cases: Cases) -> None:
    first = await _opened(cases, "back")
    await cases.settle(first, Decision.RETRY, actor="ann")
    second = await _opened(cases, "back")
    assert second != first
    assert await cases.resolve(["back", "unknown"], actor="handoff", reason="the limit was raised") == 1
    assert (await cases.read(second)).state is CaseState.RESOLVED
    assert [case.number for case in await cases.of_keys(["back"])] == [second]


async def test_two_that_find_it_at_once_open_one_case(cases: Cases) -> None:
    numbers = await asyncio.gather(*(cases.open([a_case(f"once/{n}") for n in (1, 2)]) for _ in range(10)))
    assert len({tuple(pair) for pair in numbers}) == 1


async def test_the_queue_is_ranked_by_money_then_due_time_then_age(cases: Cases) -> None:
    listed: dict[str, dict[str, object]] = {
        "rank/jpy": {"money_amount": Decimal(9_000_000), "money_currency": "JPY"},
        "rank/usd": {"money_amount": Decimal(70_000)},
        "rank/late": {"money_amount": Decimal(500), "due_at": DUE + timedelta(days=1)},
        "rank/soon": {"money_amount": Decimal(500)},
        "rank/none": {"money_amount": None, "money_currency": None},
    }
    for key in reversed(listed):
        await _opened(cases, key, entity="RANK", **listed[key])
    in_usd = await cases.list(CaseFilter(entity="RANK"), rates={"JPY": Decimal("0.0065")})
    assert [case.key for case in in_usd] == ["rank/usd", "rank/jpy", "rank/soon", "rank/late", "rank/none"]
    assert [case.key for case in await cases.list(CaseFilter(entity="RANK", limit=1))] == ["rank/jpy"]
    assert await cases.list(CaseFilter(entity="RANK", owner_role="tax")) == []


async def test_the_proposer_never_approves(database: Database, cases: Cases) -> None:
    number = await _opened(cases, "eyes")
    await cases.propose(number, Decision.OVERRIDE, actor="ann", reason="paid yesterday")
    with pytest.raises(MoveRefused) as refused:
        await cases.approve(number, actor="ann")
    assert refused.value.specific_code == "SAME_PAIR_OF_EYES"
    with pytest.raises(asyncpg.CheckViolationError):  # nor by any other way into the table
        await database.execute("UPDATE cases SET state = 'settled', approved_by = 'ann' WHERE number = $1", number)
    approved = await cases.approve(number, actor="bob")
    assert (approved.state, approved.decision, approved.decided_by, approved.approved_by, approved.reason) == (
        CaseState.SETTLED, Decision.OVERRIDE, "ann", "bob", "paid yesterday",
    )  # fmt: skip
    assert approved.settled_at is not None
    assert await _steps(database, "eyes") == [
        ("open_exception", "handoff"),
        ("propose_settlement", "ann"),
        ("approve_settlement", "bob"),
    ]


async def test_a_declined_proposal_leaves_the_case_open(cases: Cases) -> None:
    number = await _opened(cases, "declined")
    await cases.propose(number, Decision.REJECT, actor="ann", reason="not worth it")
    declined = await cases.decline(number, actor="bob", reason="it is")
    assert (declined.state, declined.decision, declined.decided_by) == (CaseState.OPEN, None, "")


async def test_two_who_settle_at_once_are_one_settlement(database: Database, cases: Cases) -> None:
    number = await _opened(cases, "race")
    answers = await asyncio.gather(
        *(cases.settle(number, Decision.RETRY, actor=actor) for actor in ("ann", "bob")), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Case", "MoveRefused"]
    assert len(await _steps(database, "race")) == 2


async def test_decisions_of_the_last_hours_can_be_told_again(database: Database, cases: Cases) -> None:
    told, workflow_less = await _opened(cases, "told"), await _opened(cases, "told to nobody", workflow_id="")
    for number in (told, workflow_less):
        await cases.settle(number, Decision.RETRY, actor="ann")
    assert told in [case.number for case in await cases.settled_within(2)]
    assert workflow_less not in [case.number for case in await cases.settled_within(2)]
    await BusinessClock(database).advance(timedelta(hours=3))
    assert await cases.settled_within(2) == []


async def test_what_may_not_be_decided_is_refused(cases: Cases) -> None:
    number = await _opened(cases, "refused", can_override=False)
    with pytest.raises(MoveRefused):
        await cases.settle(number, Decision.OVERRIDE, actor="ann", reason="because")
    with pytest.raises(Rejected):
        await cases.settle(number, Decision.ADOPT, actor="ann", reason="seen there")
    with pytest.raises(MoveRefused):
        await cases.approve(number, actor="bob")
    with pytest.raises(NotFound):
        await cases.read(10**9)


async def test_people_take_it_on_put_it_off_and_hand_it_to_the_service_desk(database: Database, cases: Cases) -> None:
    number = await _opened(cases, "people", entity="PEOPLE")
    await cases.assign(number, actor="ann", assignee="bob", owner_role="controller")
    await cases.hand_to_ticket(number, actor="bob", ticket="INC-7")
    case = await cases.snooze(number, actor="bob", until=await BusinessClock(database).now() + timedelta(days=2), reason="waits")
    assert (case.assignee, case.owner_role, case.ticket) == ("bob", "controller", "INC-7")
    assert await cases.list(CaseFilter(entity="PEOPLE")) == []
    assert len(await cases.list(CaseFilter(entity="PEOPLE", with_snoozed=True))) == 1
    await BusinessClock(database).advance(timedelta(days=3))
    assert len(await cases.list(CaseFilter(entity="PEOPLE"))) == 1
    assert [did for did, _ in await _steps(database, "people")][1:] == [
        "assign_exception", "hand_exception_to_ticket", "snooze_exception",
    ]  # fmt: skip


async def test_an_overdue_case_is_passed_on_once_a_due_time(database: Database, cases: Cases) -> None:
    now = await BusinessClock(database).now()
    number = await _opened(cases, "overdue", due_at=now - timedelta(minutes=1))
    await _opened(cases, "not overdue", due_at=now + timedelta(days=9))
    assert await cases.overdue() == 1
    upkeep = Upkeep(
        database, next_owner=lambda case, at: Escalated(owner_role=f"head of {case.owner_role}", due_at=at + timedelta(hours=8))
    )
    assert list(await upkeep.escalate()) == [number] and list(await upkeep.escalate()) == []
    case = await cases.read(number)
    assert (case.owner_role, case.escalations) == ("head of credit", 1)
    await BusinessClock(database).advance(timedelta(hours=9))
    assert list(await Upkeep(database).escalate()) == [number]
    assert (await cases.read(number)).owner_role == "head of credit"


async def test_a_decision_is_not_lost_when_its_case_is_asked_for_again(cases: Cases) -> None:
    asked = a_case("heard/1", asking="first")
    [number] = await cases.open([asked])
    await cases.settle(number, Decision.RETRY, actor="pat")
    assert await cases.open([asked, a_case("heard/2", asking="first")]) == [number, number + 1]
    [settled] = await cases.settled_of([number, number + 1])
    assert (settled.number, settled.decided_by) == (number, "pat")


async def test_another_asking_is_another_case(cases: Cases) -> None:
    [number] = await cases.open([a_case("heard/3", asking="first")])
    await cases.settle(number, Decision.RETRY, actor="pat")
    [later] = await cases.open([a_case("heard/3", asking="second")])
    assert later != number and await cases.settled_of([later]) == []
