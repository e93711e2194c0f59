"""Every step, run twice and with its answer lost, makes one record; what was made is undone once, whatever became of it."""

from collections.abc import Awaitable, Callable

import pytest

from activities.step import Undone
from canonical.errors import MoveRefused, OutcomePending, Rejected
from canonical.written import Written
from tests.activities.firm import Firm
from tests.activities.memory import HALFWAY
from tests.activities.steps import CASES, TELL, UNDONE, Case, Scene, a_word, set_scene

of_every_step = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
of_every_step_that_is_undone = pytest.mark.parametrize("case", UNDONE, ids=lambda case: case.name)


async def persist(scene: Scene, ask: Callable[[], Awaitable[Written | Undone]]) -> Written | Undone:
    """Ask until it is known what became of it, as the engine's retries do."""
    for _ in range(4):
        try:
            return await ask()
        except OutcomePending:
            await scene.firm.make_due()
    raise AssertionError("the outcome stayed unknown")


@of_every_step
async def test_a_step_done_twice_is_done_once(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    first, second = await scene.do(), await scene.do()
    assert first.target_id == second.target_id
    assert scene.calls() == 1


@of_every_step
async def test_a_step_whose_answer_was_lost_is_found_again(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    scene.system.fail(case.operation, scene.contract, "lost")
    with pytest.raises(OutcomePending):
        await scene.do()
    made = await persist(scene, scene.do)
    assert scene.calls() == 1
    assert (await scene.do()).target_id == made.target_id


@of_every_step
async def test_a_step_whose_request_was_lost_is_sent_again_when_it_is_surely_absent(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    scene.system.fail(case.operation, scene.contract, "lost_request")
    await persist(scene, scene.do)
    assert scene.calls() == 2
    assert set((await firm.effects(scene.contract)).values()) == {"written"}


@of_every_step_that_is_undone
async def test_what_was_made_is_undone_once(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    made = await scene.do()
    first, second = await scene.undo(), await scene.undo()
    assert first.target_id == made.target_id and second.target_id in {None, made.target_id}
    assert scene.system.of(made.target_id).reason == "The customer withdrew."
    assert scene.made() == []


@of_every_step_that_is_undone
async def test_an_undo_whose_answer_was_lost_is_repeated(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    made = await scene.do()
    scene.system.fail(case.reversal, scene.contract, "lost")
    await persist(scene, scene.undo)
    assert scene.system.of(made.target_id).state in {"gone", "archived"}
    assert await scene.firm.books.writes.written(f"{case.name}/{scene.contract}") is None


@of_every_step_that_is_undone
async def test_what_was_made_unseen_is_found_and_undone(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    scene.system.fail(case.operation, scene.contract, "lost")
    with pytest.raises(OutcomePending):
        await scene.do()
    await persist(scene, scene.undo)
    assert scene.calls() == 1 and scene.made() == []


@of_every_step_that_is_undone
async def test_what_was_never_sent_is_closed_to_late_callers(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    assert (await scene.undo()).target_id is None
    with pytest.raises(MoveRefused) as refused:
        await scene.do()
    assert refused.value.specific_code == "WRITE_CLOSED" and scene.calls() == 0


@of_every_step_that_is_undone
async def test_what_was_refused_leaves_nothing_to_undo(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    scene.system.fail(case.operation, scene.contract, "rejected")
    with pytest.raises(Rejected):
        await scene.do()
    assert (await scene.undo()).target_id is None
    assert scene.made() == []


@of_every_step_that_is_undone
async def test_what_was_undone_may_be_made_anew(firm: Firm, case: Case) -> None:
    scene = await set_scene(firm, case)
    first = await scene.do()
    await scene.undo()
    second = await scene.do()
    assert second.target_id != first.target_id and len(scene.made()) == 1
    assert (await scene.undo()).target_id == second.target_id


async def test_a_project_refused_halfway_is_archived_by_its_reference(firm: Firm) -> None:
    [case] = [case for case in CASES if case.name == "create_psa_project"]
    scene = await set_scene(firm, case)
    scene.system.fail("create_project", scene.contract, HALFWAY)
    with pytest.raises(Rejected):
        await scene.do()
    assert scene.made() == ["project"]
    undone = await scene.undo()
    assert undone.target_id is not None and scene.system.of(undone.target_id).state == "archived"
    assert await scene.undo() == undone


async def test_a_customer_that_another_engagement_lives_on_stays(firm: Firm) -> None:
    [case] = [case for case in CASES if case.name == "create_customer"]
    scene = await set_scene(firm, case)
    made = await scene.do()
    firm.sell("C-other")
    deal = firm.crm.deals["C-other"]
    firm.crm.accounts[deal.account_id] = firm.crm.accounts[firm.crm.deals[scene.contract].account_id]
    second = await firm.run(case.do, await firm.step("C-other", "customers"))
    assert second.target_id == made.target_id
    assert (await scene.undo()).target_id is None
    assert scene.system.of(made.target_id).state == "live"


async def test_a_word_is_said_once_and_the_board_says_the_same(firm: Firm) -> None:
    firm.sell("C-told")
    for _ in range(2):
        await firm.run(TELL, a_word("C-told"))
    firm.crm.fail("write_back", "C-told", "lost")
    with pytest.raises(OutcomePending):
        await firm.run(TELL, a_word("C-told", 2, note="again"))
    await firm.make_due()
    await firm.run(TELL, a_word("C-told", 2, note="again"))
    assert [update.note for update in firm.crm.told if update.contract == "C-told"] == ["handed over", "again"]
    row = await firm.books.engagements.read("C-told")
    assert row is not None and row.note == "again" and row.targets == {"psa_project": "p-1"}


async def test_the_signed_contract_is_filed_as_it_was_signed(firm: Firm) -> None:
    [case] = [case for case in CASES if case.name == "file_signed_contract"]
    scene = await set_scene(firm, case)
    written = await scene.do()
    [(path, content)] = firm.documents.contents.items()
    assert path.endswith(f"01 Contract/{scene.contract} signed.pdf") and content.startswith(b"%PDF")
    assert len(written.details["sha256"]) == 64
