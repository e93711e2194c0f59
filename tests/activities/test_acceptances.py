"""Acceptances at the engagement's door: re-read, judged by version, parked until the contract is active (R73, R74, S18)."""

from typing import Any

from activities.acceptance import SUBMITTED
from activities.engagement import Checkpoint, EngagementActivities
from activities.fact import FactActivities, IdentifyEvent, TakeFacts, TakenFacts
from canonical.acceptance import Acceptance, AcceptanceState
from canonical.engagement import EngagementRow, EngagementStatus
from canonical.event import FactKind
from canonical.expectation import acceptance_key, execution_key
from ledger.exceptions import CaseFilter
from tests.activities.firm import Firm, a_delivery, an_origin
from tests.build import an_acceptance


async def submitted(firm: Firm, contract: str, **changes: Any) -> list[int]:
    """As the desk submits it."""
    acceptance = an_acceptance(contract, **changes)
    kept = await firm.books.dossiers.keep(SUBMITTED, acceptance.subject, acceptance)
    facts = {"source": "acceptances", "kind": FactKind.MILESTONE_ACCEPTANCE, "object_kind": SUBMITTED, "object_id": kept}
    event = a_delivery(contract, f"{contract}/{acceptance.version}/{kept[:8]}", **facts, claims={"submitted_by": "pat"})
    return list((await firm.books.inbox.receive([event])).new)


async def living(firm: Firm, contract: str, status: EngagementStatus = EngagementStatus.ACTIVE) -> None:
    await firm.books.engagements.update(EngagementRow(reference=contract, status=status, version=1))


async def take(firm: Firm, contract: str, numbers: list[int]) -> TakenFacts:
    return await firm.run(FactActivities.take_facts, TakeFacts(contract=contract, numbers=numbers))


async def outcomes(firm: Firm, contract: str) -> list[str]:
    return [outcome for _, outcome in await firm.books.inbox.story(contract)]


def words(taken: TakenFacts) -> list[str]:
    return [f"{due.acceptance.term} {due.acceptance.version} {due.acceptance.state}" for due in taken.acceptances]


async def test_an_acceptance_reaches_a_living_engagement_with_who_told_it(firm: Firm) -> None:
    await living(firm, "A-1")
    taken = await take(firm, "A-1", await submitted(firm, "A-1"))
    assert words(taken) == ["M1 2026-04-17 accepted"]
    assert (taken.acceptances[0].actor, taken.version, taken.is_changed) == ("pat", None, False)
    assert await outcomes(firm, "A-1") == ["taken"]


async def test_an_attempt_that_died_after_it_judged_hands_on_what_it_judged(firm: Firm) -> None:
    await living(firm, "A-2")
    numbers = await submitted(firm, "A-2")
    assert words(await take(firm, "A-2", numbers)) == words(await take(firm, "A-2", numbers)) == ["M1 2026-04-17 accepted"]


async def test_of_several_words_in_any_order_the_newest_counts(firm: Firm) -> None:
    await living(firm, "A-3")
    late = await submitted(firm, "A-3", version="2", state=AcceptanceState.WITHDRAWN)
    early = await submitted(firm, "A-3", version="1")
    assert words(await take(firm, "A-3", late)) == ["M1 2 withdrawn"]
    assert words(await take(firm, "A-3", early)) == []
    assert await outcomes(firm, "A-3") == ["taken", "stale"]


async def test_words_that_come_together_are_one_with_the_older_named(firm: Firm) -> None:
    await living(firm, "A-4")
    numbers = [*await submitted(firm, "A-4", version="1"), *await submitted(firm, "A-4", milestone="A-4.M1", version="2")]
    [due] = (await take(firm, "A-4", numbers)).acceptances
    assert (due.acceptance.version, due.older) == ("2", ("1",))


async def test_the_same_version_with_other_content_is_a_persons_to_compare(firm: Firm) -> None:
    await living(firm, "A-5")
    await take(firm, "A-5", await submitted(firm, "A-5"))
    other = await submitted(firm, "A-5", accepted_by="mallory@acme.example")
    assert words(await take(firm, "A-5", other)) == []
    assert await outcomes(firm, "A-5") == ["taken", "conflicting"]
    [case] = await firm.books.cases.list(CaseFilter(engagement="A-5"))
    assert (case.code, case.subject) == ("KEY_REUSED_WITH_DIFFERENT_CONTENT", "M1")


async def test_an_acceptance_of_a_contract_that_nobody_knows_is_parked_and_expected(firm: Firm) -> None:
    taken = await take(firm, "A-6", await submitted(firm, "A-6"))
    assert (words(taken), await outcomes(firm, "A-6")) == ([], ["parked"])
    assert [one.key for one in await firm.books.expectations.unmet("A-6")] == [execution_key("A-6")]


async def test_what_was_accepted_too_early_comes_again_when_the_project_opens(firm: Firm) -> None:
    await living(firm, "A-7", EngagementStatus.PROVISIONING)
    numbers = await submitted(firm, "A-7")
    await take(firm, "A-7", numbers)
    assert await outcomes(firm, "A-7") == ["parked"]
    assert [one.key for one in await firm.books.expectations.unmet("A-7")] == [acceptance_key("A-7.M1")]
    await firm.run(EngagementActivities.reach, Checkpoint(origin=an_origin("A-7"), status=EngagementStatus.ACTIVE, version=1))
    assert await outcomes(firm, "A-7") == ["waiting"]
    assert words(await take(firm, "A-7", numbers)) == ["M1 2026-04-17 accepted"]
    assert await firm.books.expectations.unmet("A-7") == []


async def test_a_milestone_of_the_psa_is_read_again_there(firm: Firm) -> None:
    await living(firm, "A-8")
    firm.psa.acceptances["61"] = an_acceptance("A-8")
    story = {"source": "kantata", "kind": FactKind.MILESTONE_ACCEPTANCE, "object_kind": "psa_milestone"}
    events = [a_delivery(None, f"A-8/{number}", object_id=number, **story) for number in ("61", "62")]
    ours, foreign = sorted((await firm.books.inbox.receive(events)).new)
    assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=ours)) == "A-8"
    assert await firm.run(FactActivities.identify_event, IdentifyEvent(number=foreign)) is None
    assert words(await take(firm, "A-8", [ours])) == ["M1 2026-04-17 accepted"]


def test_a_milestone_is_the_same_with_its_contract_before_it() -> None:
    plain, whole = an_acceptance("A-9"), an_acceptance("A-9", milestone="A-9.M1")
    assert (plain.subject, plain.billing) == (whole.subject, whole.billing) == ("A-9.M1", "bill_milestone/A-9/M1/2026-04-17")
    assert isinstance(plain, Acceptance)
