"""Taking facts in: an event is a hint, the record is re-read; duplicates, claims and order change nothing (S18, S34)."""

from datetime import timedelta
from typing import Any

import pytest

from activities.fact import FactActivities, IdentifyEvent, TakeFacts, TakenFacts
from canonical.document import SigningState
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.event import FactKind
from canonical.exception import Case
from canonical.expectation import activation_key, execution_key
from ledger.exceptions import CaseFilter
from tests.activities.firm import Firm, a_delivery
from tests.build import SIGNED_TERMS

LATER = "2026-04-02T09:00:00Z"


async def take(firm: Firm, contract: str, numbers: list[int]) -> TakenFacts:
    return await firm.run(FactActivities.take_facts, TakeFacts(contract=contract, numbers=numbers))


async def outcomes(firm: Firm, contract: str) -> dict[str, str]:
    """What became of each delivery, by its event."""
    return {row.event.event_id.split("/")[1]: outcome for row, outcome in await firm.books.inbox.story(contract)}


async def cases(firm: Firm, contract: str) -> list[Case]:
    return list(await firm.books.cases.list(CaseFilter(engagement=contract)))


async def awaited(firm: Firm, contract: str) -> set[str]:
    return {one.key for one in await firm.books.expectations.unmet(contract)}


async def provisioned(firm: Firm, contract: str, version: int = 1, status: EngagementStatus = EngagementStatus.ACTIVE) -> None:
    """The handoff of that version has been judged, at least."""
    await firm.books.engagements.update(EngagementRow(reference=contract, status=status, version=version))


async def test_the_first_word_of_a_contract_is_a_version_to_provision(firm: Firm) -> None:
    firm.sell("F-1")
    numbers = await firm.receive("F-1", "a", "b", "c")
    taken = await take(firm, "F-1", numbers)
    assert (taken.version, taken.is_changed, taken.is_voided) == (1, False, False)
    assert sorted((await outcomes(firm, "F-1")).values()) == ["duplicate", "duplicate", "taken"]
    assert await awaited(firm, "F-1") == {activation_key("F-1", 1)}


async def test_taking_the_same_facts_twice_comes_to_the_same(firm: Firm) -> None:
    firm.sell("F-2")
    numbers = await firm.receive("F-2", "a", "b")
    first = await take(firm, "F-2", numbers)
    before = await outcomes(firm, "F-2")
    second = await take(firm, "F-2", numbers)
    assert (first.version, first.source_version) == (second.version, second.source_version) == (1, SIGNED_VERSION)
    assert await outcomes(firm, "F-2") == before


SIGNED_VERSION = "2026-03-30T09:00:00Z"


async def test_an_attempt_that_died_after_judging_is_made_up_for(firm: Firm) -> None:
    firm.sell("F-3")
    numbers = await firm.receive("F-3", "a")
    await take(firm, "F-3", numbers)
    taken = await take(firm, "F-3", numbers)
    assert taken.version == 1 and activation_key("F-3", 1) in await awaited(firm, "F-3")


async def test_a_duplicate_of_what_was_provisioned_starts_nothing(firm: Firm) -> None:
    firm.sell("F-4")
    await take(firm, "F-4", await firm.receive("F-4", "a"))
    await provisioned(firm, "F-4")
    taken = await take(firm, "F-4", await firm.receive("F-4", "b"))
    assert taken.version is None and taken.provisioned_version == 1
    assert await outcomes(firm, "F-4") == {"a": "taken", "b": "duplicate"}


async def test_a_redelivery_long_after_the_engine_forgot_starts_nothing(firm: Firm) -> None:  # S34
    firm.sell("F-5")
    await take(firm, "F-5", await firm.receive("F-5", "a"))
    await provisioned(firm, "F-5")
    await firm.books.clock.advance(timedelta(days=45))
    taken = await take(firm, "F-5", await firm.receive("F-5", "a-again", "a"))
    assert taken.version is None and taken.summary.startswith("duplicate")


async def test_a_handoff_that_was_lost_before_it_was_judged_is_started_again(firm: Firm) -> None:
    firm.sell("F-6")
    await take(firm, "F-6", await firm.receive("F-6", "a"))
    taken = await take(firm, "F-6", await firm.receive("F-6", "heal"))
    assert taken.version == 1


async def test_a_contract_that_nobody_has_signed_is_parked_and_awaited(firm: Firm) -> None:
    firm.sell("F-7")
    firm.contracts.envelopes["F-7"] = []
    numbers = await firm.receive("F-7", "a")
    for _ in range(2):
        assert (await take(firm, "F-7", numbers)).version is None
    assert await outcomes(firm, "F-7") == {"a": "parked"}
    assert await awaited(firm, "F-7") == {execution_key("F-7")}
    firm.sign("F-7", state=SigningState.UNDER_WAY, executed_at=None)
    assert (await take(firm, "F-7", numbers)).version is None
    firm.sign("F-7")
    assert (await take(firm, "F-7", numbers)).version == 1
    assert await awaited(firm, "F-7") == {activation_key("F-7", 1)}
    assert await outcomes(firm, "F-7") == {"a": "taken"}


@pytest.mark.parametrize("state", [SigningState.VOIDED, SigningState.DECLINED])
async def test_a_contract_that_ended_is_told_so_and_awaited_no_more(firm: Firm, state: SigningState) -> None:
    contract = f"F-{state.value}"
    firm.sell(contract)
    firm.contracts.envelopes[contract] = []
    await take(firm, contract, await firm.receive(contract, "a"))
    firm.sign(contract, state=state, executed_at=None)
    taken = await take(firm, contract, await firm.receive(contract, "b"))
    assert taken.is_voided and taken.version is None
    assert await awaited(firm, contract) == set()
    row = await firm.books.engagements.read(contract)
    assert row is not None and row.status is EngagementStatus.WITHDRAWN


async def test_a_newer_version_is_the_next_and_an_older_one_is_stale(firm: Firm) -> None:
    firm.sell("F-8")
    await take(firm, "F-8", await firm.receive("F-8", "a"))
    await provisioned(firm, "F-8")
    firm.sign("F-8", version=LATER)
    assert (await take(firm, "F-8", await firm.receive("F-8", "b"))).version == 2
    await provisioned(firm, "F-8", 2)
    firm.contracts.envelopes["F-8"] = []
    firm.sign("F-8", version="2026-03-01T09:00:00Z")
    taken = await take(firm, "F-8", await firm.receive("F-8", "c"))
    assert taken.version is None and (await outcomes(firm, "F-8"))["c"] == "stale"


async def test_a_changed_record_is_a_reason_to_look_again(firm: Firm) -> None:
    firm.sell("F-9")
    await take(firm, "F-9", await firm.receive("F-9", "a"))
    await provisioned(firm, "F-9", status=EngagementStatus.WAITING)
    taken = await take(firm, "F-9", await firm.receive("F-9", "b", kind=FactKind.RECORD_CHANGED))
    assert taken.is_changed and taken.version is None


CLAIMS: dict[str, dict[str, Any]] = {"true": {"claims": {"value": "289,000.00"}}, "false": {"claims": {"value": "310,000"}}}


@pytest.mark.parametrize("order", [("true", "false"), ("false", "true")])
async def test_a_claim_that_differs_is_an_exception_whichever_came_first(firm: Firm, order: tuple[str, str]) -> None:  # S18
    contract = f"F-{order[0]}-first"
    firm.sell(contract)
    for word in order:
        await take(firm, contract, await firm.receive(contract, word, **CLAIMS[word]))
        await provisioned(firm, contract)
    assert (await outcomes(firm, contract))["false"] == "conflicting"
    [case] = await cases(firm, contract)
    assert case.key == f"KEY_REUSED_WITH_DIFFERENT_CONTENT/{contract}/{SIGNED_VERSION}"
    assert case.evidence == {"of record": "289,000.00", f"docusign {contract}/false": "{'value': '310,000'}"}
    assert await firm.books.facts.versions("contract", contract) == [SIGNED_VERSION]


async def test_a_claim_about_another_version_is_nobodys_business(firm: Firm) -> None:
    firm.sell("F-10")
    claims = {"version": "2025-01-01T00:00:00Z", "value": "1"}
    await take(firm, "F-10", await firm.receive("F-10", "a", claims=claims))
    assert await cases(firm, "F-10") == []


async def test_a_version_whose_record_changed_is_a_conflict(firm: Firm) -> None:
    firm.sell("F-11")
    await take(firm, "F-11", await firm.receive("F-11", "a"))
    await provisioned(firm, "F-11")
    firm.contracts.envelopes["F-11"] = []
    firm.sign("F-11", terms={**SIGNED_TERMS, "total": "310,000.00"})
    taken = await take(firm, "F-11", await firm.receive("F-11", "b"))
    assert taken.version is None and (await outcomes(firm, "F-11"))["b"] == "conflicting"
    [case] = await cases(firm, "F-11")
    assert len(case.evidence["seen before"]) == 64


@pytest.mark.parametrize(("kind", "target"), [("envelope", "env-F-12-1"), ("deal", "006-F-12")])
async def test_an_event_without_a_contract_is_placed_by_its_record(firm: Firm, kind: str, target: str) -> None:
    firm.sell("F-12")
    source = "docusign" if kind == "envelope" else "salesforce"
    event = a_delivery(None, f"x-{kind}", source=source, object_kind=kind, object_id=target)
    [number] = (await firm.books.inbox.receive([event])).new
    for _ in range(2):
        assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=number)) == "F-12"
    [row] = await firm.books.inbox.rows([number])
    assert row.contract == "F-12"


async def test_an_event_that_our_binder_knows_needs_no_system(firm: Firm) -> None:
    await firm.books.references.bind("kantata", "psa_project", "F-13", "p-13")
    event = a_delivery(None, "x-bound", source="kantata", object_kind="psa_project", object_id="p-13")
    [number] = (await firm.books.inbox.receive([event])).new
    assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=number)) == "F-13"


async def test_an_event_that_nobody_can_place_is_parked_with_its_age(firm: Firm) -> None:
    event = a_delivery(None, "x-unknown", object_id="env-of-somebody-else")
    [number] = (await firm.books.inbox.receive([event])).new
    assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=number)) is None
    assert number in {row.number for row in await firm.books.inbox.parked()}


async def test_a_record_that_cannot_be_used_waits_for_people_with_its_reason(firm: Firm) -> None:
    firm.contracts.unreadable.add("env-of-a-typist")
    [number] = (await firm.books.inbox.receive([a_delivery(None, "x-malformed", object_id="env-of-a-typist")])).new
    assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=number)) is None
    assert number in {row.number for row in await firm.books.inbox.parked()}
    [late] = [one for one in await firm.books.expectations.unmet() if one.reference == "env-of-a-typist"]
    assert "Correct the field ContractReference." in late.what and late.raise_at is not None


async def test_an_amendment_leaves_the_board_as_it_is_and_is_expected_of_nobody(firm: Firm) -> None:
    firm.sell("F-20")
    await take(firm, "F-20", await firm.receive("F-20", "a"))
    await provisioned(firm, "F-20")
    before = await awaited(firm, "F-20")
    firm.sign("F-20", version=LATER)
    numbers = await firm.receive("F-20", "b")
    for _ in range(2):
        assert (await take(firm, "F-20", numbers)).status is EngagementStatus.ACTIVE
    assert await awaited(firm, "F-20") == before
    row = await firm.books.engagements.read("F-20")
    assert row is not None and row.status is EngagementStatus.ACTIVE
