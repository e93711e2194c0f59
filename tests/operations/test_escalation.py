"""Overdue exceptions go up the chain that policy names, in the entity's business hours, and stay with its last role."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from canonical.exception import Case
from ledger.books import Books
from operations.escalation import by_policy
from operations.office import Office
from tests.gateway.house import PEOPLE

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONDAY = datetime(2026, 3, 30, 14, 0, tzinfo=UTC)  # 10:00 in New York


async def a_case(office: Office, opened: datetime = MONDAY, **changes: Any) -> int:
    facts: dict[str, Any] = {"code": "CREDIT_LIMIT", "sentence": "No.", "remedy": "Do.", "entity": "US01", **changes}
    terms = office.policies.case_terms(facts["code"], facts["entity"], opened)
    case = Case(key=uuid4().hex, owner_role=terms.owner_role, opened_at=opened, due_at=terms.due_at, **facts)
    [number] = await office.books.cases.open([case])
    return number


async def at(books: Books, moment: datetime) -> None:
    await books.clock.move_to(moment)


async def test_an_exception_goes_up_the_chain_and_stays_with_the_last(office: Office, books: Books) -> None:
    number, owners = await a_case(office), list[tuple[str, int]]()
    for hours in (1, 5.5, 26, 51, 77):
        await at(books, MONDAY + timedelta(hours=hours))
        await books.cases.escalate(by_policy(office.policies))
        case = await office.exceptions.read(number)
        owners.append((case.owner_role, case.escalations))
        assert case.due_at is not None and case.due_at > await books.clock.now()
    assert owners[0] == ("finance_operations", 0)  # not due yet
    assert [owner for owner, _ in owners[1:]] == ["controller", "executive", "executive", "executive"]
    assert [times for _, times in owners] == sorted(times for _, times in owners)


async def test_nights_and_weekends_do_not_count(office: Office, books: Books) -> None:
    friday = datetime(2026, 4, 10, 19, 0, tzinfo=UTC)  # 15:00 in New York; four business hours end on Monday
    number = await a_case(office, friday)
    await at(books, friday + timedelta(hours=48))
    await books.cases.escalate(by_policy(office.policies))
    assert (await office.exceptions.read(number)).escalations == 0
    await at(books, friday + timedelta(hours=70))
    await books.cases.escalate(by_policy(office.policies))
    assert (await office.exceptions.read(number)).owner_role == "controller"


async def test_a_snoozed_exception_rests_until_its_time(office: Office, books: Books) -> None:
    number = await a_case(office)
    await office.exceptions.snooze(number, MONDAY + timedelta(days=100), actor=PEOPLE["fin"])
    await at(books, MONDAY + timedelta(days=50))
    await books.cases.escalate(by_policy(office.policies))
    assert (await office.exceptions.read(number)).escalations == 0
    await at(books, MONDAY + timedelta(days=101))
    await books.cases.escalate(by_policy(office.policies))
    assert (await office.exceptions.read(number)).escalations == 1


async def test_a_code_without_a_rule_follows_the_default_chain(office: Office) -> None:
    case = Case(key="k", code="NEVER_SEEN", sentence="s", remedy="r", entity="US01", opened_at=MONDAY)
    told = by_policy(office.policies)(case, MONDAY + timedelta(days=7))
    assert told.owner_role == "executive"
    at_once = by_policy(office.policies)(case, MONDAY + timedelta(minutes=1))
    assert at_once.owner_role == "integration_engineer" and at_once.due_at > MONDAY
