"""A write happens once (DESIGN 4): every branch, with a target that remembers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from canonical.errors import (
    Conflict,
    Failure,
    KeyReusedWithDifferentContent,
    Misconfigured,
    MoveRefused,
    OutcomePending,
    OutcomeUnknown,
    Rejected,
    RuleBroken,
    Throttled,
)
from canonical.provenance import Write
from canonical.reference import fingerprint
from canonical.written import Declaration, Written
from ledger.audit import Audit
from ledger.cross_references import CrossReferences
from ledger.database import Database
from ledger.effects import Effects
from ledger.lease import LeaseTerms
from runtime.embedded.postgres import APP, Postgres
from tests.ledger.vendor import Target, a_write, declared

TERMS = LeaseTerms(length=timedelta(seconds=30), renew_every=timedelta(milliseconds=100))
NOTHING = timedelta(0)
PATIENCE = 60.0


@pytest.fixture
def effects(database: Database) -> Effects:
    """The write protocol with the shortest waits, and a lease that no stall of the machine outlasts."""
    return Effects(database, lease=TERMS, margin=NOTHING)


async def ask(
    effects: Effects, target: Target, write: Write, declaration: Declaration | None = None, *, blind: bool = False, **request: Any
) -> Written:
    """Ask for the write as an activity would."""
    return await effects.once(
        write,
        request=request or {"title": "Rollout"},
        call=target.call(write.key),
        look_up=None if blind else target.look_up(write.key),
        declared=declaration or declared(),
    )


async def insist(effects: Effects, target: Target, write: Write, declaration: Declaration | None = None) -> Written:
    """Ask again while the outcome is pending, as Temporal does, but at once."""
    for _ in range(20):
        try:
            return await ask(effects, target, write, declaration)
        except OutcomePending:
            await make_due(effects, write.key)
    raise AssertionError("it never came to an end")


async def make_due(effects: Effects, key: str) -> None:
    """Let the wait pass without waiting."""
    await effects._database.execute("UPDATE effects SET look_after = clock_timestamp() WHERE key = $1", key)


async def end_lease(database: Database, key: str) -> None:
    """Let the hold end without waiting, as it does when nobody renews it."""
    await database.execute("UPDATE effects SET lease_until = clock_timestamp() WHERE key = $1", key)


async def state_of(database: Database, key: str) -> Any:
    return await database.row("SELECT * FROM effects WHERE key = $1", key)


async def test_a_write_is_sent_once_however_often_it_is_asked(database: Database, effects: Effects) -> None:
    target, write = Target(), a_write("create_project/C-1")
    first = await ask(effects, target, write)
    assert await ask(effects, target, write) == first == await effects.written(write.key)
    assert target.calls == 1 and target.looks == 0
    references = CrossReferences(database)
    assert await references.to_theirs("psa", "project", "C-1") == first.target_id
    assert await references.to_ours("psa", "project", first.target_id) == "C-1"
    assert await references.all_of("C-1") == {("psa", "project"): first.target_id}
    [noted] = await Audit(database).of_key(write.key)
    assert noted.entry.outcome == "written" and noted.entry.action == "create_project" and noted.entry.origin == write.origin


async def test_a_key_with_other_content_is_refused_with_both_hashes(effects: Effects) -> None:
    target, write = Target(), a_write("create_invoice/INV-1")
    await ask(effects, target, write, amount="33532.50")
    with pytest.raises(KeyReusedWithDifferentContent) as refused:
        await ask(effects, target, write, amount="33532.51")
    assert refused.value.evidence["stored hash"] != refused.value.evidence["asked hash"]
    assert target.calls == 1


@pytest.mark.parametrize("fault", ["lost", "bad_gateway", "bug_after"])
async def test_a_lost_answer_is_looked_up_and_adopted(database: Database, effects: Effects, fault: str) -> None:
    target, write = Target(faults=[fault]), a_write(f"create_project/lost-{fault}")
    with pytest.raises(OutcomePending) as too_early:
        await ask(effects, target, write, declared(times_out=3600))
    assert too_early.value.retry_after is not None
    assert timedelta(minutes=55) < too_early.value.retry_after <= timedelta(minutes=60)
    with pytest.raises(OutcomePending):
        await ask(effects, target, write, declared(times_out=3600))
    assert (target.calls, target.looks) == (1, 0), "neither sent nor looked up before the target's own timeout"
    written = await insist(effects, target, write)
    assert [written.target_id] == target.records[write.key] and target.calls == 1
    row = await state_of(database, write.key)
    assert row["state"] == "written" and row["is_adopted"]
    assert [noted.entry.outcome for noted in await Audit(database).of_key(write.key)] == ["unknown", "adopted"]


async def test_a_record_that_shows_late_is_not_sent_twice(effects: Effects) -> None:
    """S20 a: the first look-up does not show it yet."""
    target, write = Target(faults=["lost"], hidden=1), a_write("create_project/late")
    await insist(effects, target, write)
    assert (target.calls, target.looks, len(target.records[write.key])) == (1, 2, 1)


async def test_after_an_empty_look_the_next_waits_the_visibility_delay(effects: Effects) -> None:
    target, write = Target(faults=["lost_request"]), a_write("create_project/patient")
    slow = declared(visible_after=3600)
    with pytest.raises(OutcomePending):
        await ask(effects, target, write, slow)
    await make_due(effects, write.key)
    for looks in (1, 1):
        with pytest.raises(OutcomePending) as early:
            await ask(effects, target, write, slow)
        assert target.looks == looks
        assert early.value.retry_after is not None and early.value.retry_after > timedelta(minutes=55)


async def test_a_request_that_never_arrived_is_sent_again_after_two_empty_looks(database: Database, effects: Effects) -> None:
    """S20 c: the commit failed."""
    target, write = Target(faults=["broken_request"]), a_write("create_project/broken")
    await insist(effects, target, write)
    assert (target.calls, target.looks, len(target.records[write.key])) == (2, 2, 1)
    row = await state_of(database, write.key)
    assert (row["state"], row["attempts"], row["is_adopted"]) == ("written", 2, False)


async def test_a_worker_killed_between_commit_and_record_leaves_one_record(database: Database, effects: Effects) -> None:
    """S20 b: nobody renews the lease, so it ends; the next caller looks up and adopts."""
    target, write = Target(), a_write("create_project/killed")
    await _die_after_commit(database, target, write)
    with pytest.raises(OutcomePending):
        await ask(effects, target, write, declared(times_out=30))
    assert (await state_of(database, write.key))["state"] == "calling"
    await end_lease(database, write.key)
    written = await insist(effects, target, write, declared(times_out=30))
    assert [written.target_id] == target.records[write.key] and target.calls == 1


async def _die_after_commit(database: Database, target: Target, write: Write) -> None:
    """What a killed worker leaves: a row under a lease that nobody renews, the target's record, and nothing else."""
    request_hash = fingerprint({"title": "Rollout"})
    asked = {**write.model_dump(exclude={"origin"}), **write.origin.model_dump(), "request_hash": request_hash}
    settles = declared(times_out=30).settles_after
    await database.row("SELECT key FROM reserve_effect($1, $2, $3, $4)", asked, "a dead worker's", TERMS.length, settles)
    await target.call(write.key)()


async def test_a_cancelled_call_has_an_unknown_outcome(database: Database, effects: Effects) -> None:
    target, write = Target(gate=asyncio.Event()), a_write("create_project/cancelled")
    task = asyncio.create_task(ask(effects, target, write))
    await target.is_called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await state_of(database, write.key))["state"] == "unknown"


async def test_two_callers_at_once_send_one_request(effects: Effects) -> None:
    target, write = Target(gate=asyncio.Event()), a_write("create_project/two")
    first = asyncio.create_task(ask(effects, target, write))
    await target.is_called.wait()
    with pytest.raises(OutcomePending) as busy:
        await ask(effects, target, write)
    assert busy.value.retry_after is not None and busy.value.retry_after <= timedelta(seconds=1)
    assert target.gate is not None
    target.gate.set()
    assert await first == await ask(effects, target, write)
    assert target.calls == 1


async def test_many_callers_after_a_lost_request_send_it_again_once(effects: Effects) -> None:
    target, write = Target(faults=["lost_request"]), a_write("create_project/many")
    for _ in range(8):
        asked = await asyncio.gather(*(ask(effects, target, write) for _ in range(10)), return_exceptions=True)
        assert {type(answer) for answer in asked} <= {Written, OutcomePending}, asked
        await make_due(effects, write.key)
    assert len(target.records[write.key]) == 1 and target.calls == 2


async def test_a_long_call_keeps_its_lease(database: Database, effects: Effects) -> None:
    target, write = Target(gate=asyncio.Event()), a_write("create_project/long")
    task = asyncio.create_task(ask(effects, target, write))
    await target.is_called.wait()
    for _ in range(2):
        await end_lease(database, write.key)
        await asyncio.wait_for(_renewed(database, write.key), PATIENCE)
    with pytest.raises(OutcomePending):
        await ask(effects, target, write)
    assert (await state_of(database, write.key))["state"] == "calling"
    assert target.gate is not None
    target.gate.set()
    await task
    assert target.calls == 1


async def _renewed(database: Database, key: str) -> None:
    while not await database.value(  # noqa: ASYNC110 - the holder renews it
        "SELECT lease_until > clock_timestamp() FROM effects WHERE key = $1", key
    ):
        await asyncio.sleep(0.01)


async def test_a_holder_that_lost_its_lease_stops(database: Database, effects: Effects) -> None:
    target, write = Target(gate=asyncio.Event()), a_write("create_project/lapsed")
    task = asyncio.create_task(ask(effects, target, write))
    await target.is_called.wait()
    await database.execute("UPDATE effects SET state = 'unknown', lease_token = '' WHERE key = $1", write.key)
    with pytest.raises(OutcomePending):
        await asyncio.wait_for(task, PATIENCE)
    assert write.key not in target.records


@pytest.mark.parametrize("fault", ["throttled", "not_reached"])
async def test_what_surely_did_not_happen_may_be_sent_at_once(database: Database, effects: Effects, fault: str) -> None:
    target, write = Target(faults=[fault]), a_write(f"create_project/{fault}")
    with pytest.raises(Failure) as failure:
        await ask(effects, target, write)
    assert failure.value.retryable and not isinstance(failure.value, OutcomePending)
    assert not isinstance(failure.value, Throttled) or failure.value.retry_after == timedelta(seconds=3)
    assert (await state_of(database, write.key))["state"] == "reserved"
    await ask(effects, target, write, title="changed before anything was sent")
    assert target.looks == 0 and len(target.records[write.key]) == 1


@pytest.mark.parametrize(("fault", "kind"), [("rejected", Rejected), ("misconfigured", Misconfigured)])
async def test_a_refused_record_is_corrected_and_sent_under_its_key(
    database: Database, effects: Effects, fault: str, kind: type[Failure]
) -> None:
    target, write = Target(faults=[fault]), a_write(f"create_project/{fault}")
    with pytest.raises(kind):
        await ask(effects, target, write, customer="blocked")
    assert (await state_of(database, write.key))["state"] == "refused"
    await ask(effects, target, write, customer="corrected")
    assert len(target.records[write.key]) == 1


async def test_what_they_hold_already_is_adopted_at_once(effects: Effects) -> None:
    target, write = Target(), a_write("create_project/held")
    await target.call(write.key)()
    target.faults = ["conflict"]
    written = await ask(effects, target, write)
    assert [written.target_id] == target.records[write.key]


async def test_a_conflict_with_nothing_of_ours_is_a_rejection(database: Database, effects: Effects) -> None:
    target, write = Target(faults=["conflict"]), a_write("create_project/foreign")
    with pytest.raises(Rejected) as refused:
        await ask(effects, target, write)
    assert refused.value.specific_code == Conflict.code
    assert (await state_of(database, write.key))["state"] == "refused"


async def test_a_broken_rule_is_told_and_its_outcome_stays_unknown(database: Database, effects: Effects) -> None:
    target, write = Target(faults=["rule_broken"]), a_write("create_project/rule")
    with pytest.raises(RuleBroken):
        await ask(effects, target, write)
    assert (await state_of(database, write.key))["state"] == "unknown"


@pytest.mark.parametrize("is_searchable", [True, False])
async def test_without_a_way_to_look_up_a_person_decides(database: Database, effects: Effects, is_searchable: bool) -> None:
    """S20 e."""
    target, write = Target(faults=["lost"]), a_write(f"create_credit/{is_searchable}")
    blind = {"blind": True} if is_searchable else {"declaration": declared(searchable=False)}
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as unknown:
            await ask(effects, target, write, **blind)
        assert unknown.value.specific_code == "OUTCOME_UNKNOWN" and unknown.value.evidence["first failure"]
    await effects.settle(write.key, adopt="CM-700", actor="ann", reason="seen in the ERP")
    assert (await ask(effects, target, write)).target_id == "CM-700"
    assert target.calls == 1
    assert [noted.entry.origin.actor for noted in await Audit(database).of_key(write.key)] == ["handoff", "ann"]


async def test_a_person_who_finds_nothing_lets_it_be_sent_again(effects: Effects) -> None:
    target, write = Target(faults=["lost_request"]), a_write("create_credit/absent")
    with pytest.raises(OutcomeUnknown):
        await ask(effects, target, write, blind=True)
    await effects.settle(write.key, adopt=None, actor="ann", reason="not in the ERP")
    await effects.settle(write.key, adopt=None, actor="ann", reason="not in the ERP")
    await ask(effects, target, write, blind=True)
    assert len(target.records[write.key]) == 1 and target.calls == 2
    with pytest.raises(MoveRefused):
        await effects.settle(write.key, adopt=None, actor="ann", reason="once more")


async def test_one_name_binds_one_record(database: Database, effects: Effects) -> None:
    target = Target()
    await ask(effects, target, a_write("create_project/bound"))
    second = a_write("create_project/bound-2", reference="bound")
    with pytest.raises(Conflict) as refused:
        await ask(effects, target, second)
    assert refused.value.specific_code == "BOUND_OTHERWISE"
    await effects.settle(second.key, adopt="create_project-bound-2-1", actor="ann", reason="the first was withdrawn by hand")
    assert await CrossReferences(database).to_theirs("psa", "project", "bound") == "create_project-bound-2-1"


async def test_a_write_that_was_undone_may_be_made_and_undone_anew(database: Database, effects: Effects) -> None:
    target, made = Target(), a_write("create_project/C-9")
    undo = a_write("archive_project/C-9", kind="archive_project", reference="C-9", reverses=made.key)
    for times in (1, 2):
        assert (await ask(effects, target, made)).target_id == f"create_project-C-9-{times}"
        await ask(effects, target, undo)
        await ask(effects, target, undo)
        assert target.calls == 2 * times
        assert await effects.written(made.key) is None
        assert await CrossReferences(database).to_theirs("psa", "project", "C-9") is None


async def test_before_an_undo_the_outcome_is_found_out(effects: Effects) -> None:
    target, write = Target(faults=["lost"]), a_write("create_project/outcome")
    with pytest.raises(OutcomePending):
        await ask(effects, target, write)
    await make_due(effects, write.key)
    found = await effects.outcome(write.key, look_up=target.look_up(write.key), declared=declared())
    assert found is not None and [found.target_id] == target.records[write.key]


async def test_a_write_that_is_surely_absent_is_closed_to_late_callers(effects: Effects) -> None:
    target, write, never = Target(faults=["lost_request"]), a_write("create_project/closed"), a_write("create_project/never")
    assert await effects.outcome(never.key, look_up=target.look_up(never.key), declared=declared()) is None
    with pytest.raises(OutcomePending):
        await ask(effects, target, write)
    answers = []
    for _ in range(3):
        await make_due(effects, write.key)
        try:
            answers.append(await effects.outcome(write.key, look_up=target.look_up(write.key), declared=declared()))
        except OutcomePending:
            continue
    assert answers == [None, None] and target.looks == 2
    for late in (write, never):
        with pytest.raises(MoveRefused) as refused:
            await ask(effects, target, late)
        assert refused.value.specific_code == "WRITE_CLOSED"
    assert target.records == {}
    await effects.settle(write.key, adopt=None, actor="ann", reason="wanted after all")
    await ask(effects, target, write)


async def test_a_fresh_write_costs_two_round_trips_and_a_known_one_costs_one(server: Postgres, database_name: str) -> None:
    said: list[str] = []
    async with await Database.open(server.dsn(database_name, role=APP), most=1) as database:
        effects, target, write = Effects(database), Target(), a_write("create_project/trips")
        async with database.acquire() as only:
            only.add_query_logger(lambda query: said.append(query.query))
        for expected in (2, 1):
            said.clear()
            await ask(effects, target, write)
            assert len(said) == expected, said
