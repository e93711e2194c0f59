"""Whatever is lost, killed, delayed or asked at once: one record there, one row here (U2, U6)."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.errors import Failure
from canonical.reference import fingerprint
from ledger.database import Database
from ledger.effects import Effects
from ledger.lease import LeaseTerms
from runtime.embedded.postgres import APP, Postgres
from tests.ledger.vendor import DONE, Target, a_write, declared

LOST = [*DONE, "lost_request", "broken_request", "bug", "throttled", "not_reached", "conflict_if_there"]
ACTIONS = st.lists(
    st.one_of(
        st.sampled_from(["ask", "ask_twice_at_once", "killed_before", "killed_after", "cancelled", "time_passes"]),
        st.sampled_from(LOST),
    ),
    max_size=12,
)
TERMS = LeaseTerms(length=timedelta(seconds=6), renew_every=timedelta(seconds=2))


class Story:
    """One key, one target, and what befalls them."""

    def __init__(self, database: Database, key: str) -> None:
        self.database, self.write = database, a_write(key)
        self.target, self.deaths = Target(), 0
        self.effects = Effects(database, lease=TERMS, margin=timedelta(0))

    async def ask(self) -> str:
        """As an activity does."""
        key = self.write.key
        written = await self.effects.once(
            self.write,
            request={"title": "Rollout"},
            call=self.target.call(key),
            look_up=self.target.look_up(key),
            declared=declared(),
        )
        return written.target_id

    async def befalls(self, action: str) -> None:
        """One thing that happens; named failures are what callers live with, anything else breaks the test."""
        match action:
            case "time_passes":
                await self.time_passes()
            case "ask_twice_at_once":
                await self.tolerate(2)
            case "killed_before" | "killed_after":
                await self.is_killed(action == "killed_after")
            case "cancelled":
                await self.is_cancelled()
            case "ask":
                await self.tolerate(1)
            case fault:
                self.target.faults = [fault]
                await self.tolerate(1)
                self.target.faults = []

    async def tolerate(self, callers: int) -> None:
        """Callers that live with named failures, and no other."""
        for answer in await asyncio.gather(*(self.ask() for _ in range(callers)), return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Failure):
                raise answer

    async def is_killed(self, is_committed: bool) -> None:
        """A worker reserves the key and dies, before or after the target has carried it out."""
        asked = {**self.write.model_dump(exclude={"origin"}), **self.write.origin.model_dump()}
        asked["request_hash"] = fingerprint({"title": "Rollout"})
        self.deaths += 1
        token = f"dead-{self.deaths}"
        row = await self.database.row(
            "SELECT lease_token FROM reserve_effect($1, $2, $3, $4)", asked, token, TERMS.length, timedelta(0)
        )
        assert row is not None
        if is_committed and row["lease_token"] == token:
            await self.target.call(self.write.key)()

    async def is_cancelled(self) -> None:
        """A caller is told to stop while its call runs, which nobody carries out any more."""
        self.target.gate = asyncio.Event()
        asking = asyncio.create_task(self.ask())
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        self.target.gate = None

    async def time_passes(self) -> None:
        """Waits end, and so do leases: nobody lives who could renew one."""
        await self.database.execute(
            "UPDATE effects SET look_after = least(look_after, clock_timestamp()),"
            " lease_until = least(lease_until, clock_timestamp()) WHERE key = $1",
            self.write.key,
        )

    async def comes_to_an_end(self) -> str:
        """A patient caller."""
        heard: list[str] = []
        for _ in range(10):
            try:
                return await self.ask()
            except Failure as failure:
                heard.append(f"{type(failure).__name__}: {failure.message} {failure.evidence}")
                await self.time_passes()
        raise AssertionError(f"a patient caller never got an answer: {heard}")


async def _run(dsn: str, key: str, actions: list[str]) -> None:
    async with await Database.open(dsn, most=4) as database:
        story = Story(database, key)
        for action in actions:
            await story.befalls(action)
        target_id = await story.comes_to_an_end()
        assert story.target.records == {key: [target_id]}
        rows = await database.rows("SELECT state, target_id FROM effects WHERE key = $1", key)
        assert [tuple(row) for row in rows] == [("written", target_id)]
        bound = await database.rows("SELECT target_id FROM cross_references WHERE reference = $1", story.write.reference)
        assert [row["target_id"] for row in bound] == [target_id]
        assert await database.value("SELECT count(*) FROM audit WHERE key = $1 AND outcome IN ('written', 'adopted')", key) == 1


_numbers = iter(range(1_000_000))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_any_interleaving_leaves_one_record_and_one_row(server: Postgres, database_name: str, actions: list[str]) -> None:
    dsn = server.dsn(database_name, role=APP)
    asyncio.run(_run(dsn, f"create_project/story-{next(_numbers)}", actions))
