"""What people do at Handoff: wait for it, decide exceptions, approve, start, plan and cancel handoffs."""

from collections.abc import Awaitable
from datetime import timedelta

from canonical.errors import Failure, Transient
from canonical.exception import CaseState
from rehearsal import step
from rehearsal.estate import estate
from rehearsal.scene import Scene, StepFailed
from rehearsal.words import spoken
from rehearsal.world import Json

_APPEARS = timedelta(seconds=20)
_OPEN = {CaseState.OPEN.value, CaseState.PROPOSED.value}


class Desk:
    """Handoff's own people."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._office = scene, scene.office

    async def wait(self, given: step.Wait) -> None:
        """Until it is so, or the time is over."""
        look = self._is_at if given.status else self._has_case
        if await self._scene.until(lambda: look(given), given.within) is None:
            wanted = given.status.value if given.status else f"an exception {given.exception}"
            found = await self._told(given.contract)
            raise StepFailed(f"{given.contract} did not reach {wanted} within {spoken(given.within)}; {found}")

    async def settle(self, given: step.Settle) -> None:
        """Decide one exception."""
        case = await self._case(given.exception, given.contract, given.subject)
        adopt = await self._found(given.adopt) if isinstance(given.adopt, step.Lookup) else given.adopt or ""
        await self._asked(self._office.settle(case["number"], given.decision, actor=given.by, reason=given.reason, adopt=adopt))

    async def approve(self, given: step.Approve) -> None:
        """Agree with what another person proposed."""
        case = await self._case(given.exception, given.contract, given.subject)
        await self._asked(self._office.approve(case["number"], actor=given.by))

    async def start(self, given: step.Start) -> None:
        """Ask for a contract to be handed over."""
        await self._asked(self._office.start(given.contract, actor=given.by))

    async def cancel(self, given: step.Cancel) -> None:
        """Have it undone."""
        await self._asked(self._office.cancel(given.contract, actor=given.by, reason=given.reason))

    async def plan(self, given: step.Plan) -> None:
        """The dry run names these things."""
        try:
            plan = await self._office.plan(given.contract)
        except Failure as failure:
            raise StepFailed(f"the dry run was refused: {failure.message}") from failure
        told = self._scene.plans[given.contract] = plan.model_dump_json()
        missing = [words for words in given.shows if words not in told]
        if missing:
            raise StepFailed(f"the dry run of {given.contract} does not name {', '.join(missing)}; it says {told[:600]}")

    async def _is_at(self, given: step.Wait) -> bool | None:
        row = await self._scene.view.engagement(given.contract)
        return True if row and given.status and row["status"] == given.status.value else None

    async def _has_case(self, given: step.Wait) -> bool | None:
        found = await self._open(given.exception or "", given.contract, None)
        return True if found else None

    async def _open(self, code: str, contract: str | None, subject: str | None) -> list[Json]:
        return [
            case
            for case in await self._scene.view.cases()
            if case["state"] in _OPEN
            and case["code"] == code
            and contract in {None, case["engagement"]}
            and subject in {None, case["subject"]}
        ]

    async def _case(self, code: str, contract: str | None, subject: str | None) -> Json:
        async def first() -> Json | None:
            found = await self._open(code, contract, subject)
            return found[0] if found else None

        case = await self._scene.until(first, _APPEARS)
        if case is None:
            waiting = ", ".join(sorted({c["code"] for c in await self._scene.view.cases() if c["state"] in _OPEN})) or "none"
            raise StepFailed(f"no exception {code} waits for a person; open are: {waiting}")
        return case

    async def _found(self, wanted: step.Lookup) -> str:
        there = await estate(self._scene.stage.vendors)
        ids = [record.id for record in there if (record.system, record.kind) == (wanted.system, wanted.kind) and record.live]
        if len(ids) != 1:
            raise StepFailed(f"{wanted.system} has {len(ids)} live records of kind {wanted.kind}; to adopt there must be one")
        return ids[0]

    async def _asked(self, asking: Awaitable[object]) -> None:
        """Ask for it. A decision that is kept and could not be told to its workflow is told at the next sweep, here at once."""
        try:
            await asking
        except Transient:
            await self._sweep()
        except Failure as failure:
            raise StepFailed(f"it was refused: {failure.message}. {failure.remedy}") from failure

    async def _sweep(self) -> None:
        async def told() -> bool | None:
            try:
                await self._office.sweep()
            except Transient:
                return None
            return True

        if await self._scene.until(told, _APPEARS) is None:
            raise StepFailed("the decision is kept, and no sweep could tell the workflow of it")

    async def _told(self, contract: str) -> str:
        row = await self._scene.view.engagement(contract)
        cases = [c for c in await self._scene.view.cases() if c["state"] in _OPEN]
        waits = "; ".join(f"{c['code']}: {c['sentence']}" for c in cases)
        at = f"it is {row['status']} ({row['note'] or 'no note'})" if row else "there is no such engagement"
        return at + (f"; open exceptions: {waits}" if waits else "; no exception is open")
