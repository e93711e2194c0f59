"""What people do at Handoff: wait for it, decide exceptions, approve, start, plan and cancel handoffs."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from canonical.engagement import EngagementStatus
from canonical.errors import Failure
from canonical.exception import CaseState, Decision
from policies.shape import Shape
from rehearsal.estate import estate
from rehearsal.record import Json, RecordKind
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import brief, decided
from rehearsal.systems.registry import SystemName
from rehearsal.words import Stretch, spoken

_APPEARS = timedelta(seconds=20)
_OPEN = {CaseState.OPEN.value, CaseState.PROPOSED.value}


class Wait(Shape):
    """Until an engagement has this status, or an exception of this code waits for a person."""

    contract: str
    status: EngagementStatus | None = None
    exception: str | None = None
    within: Stretch = timedelta(seconds=30)

    @model_validator(mode="after")
    def _waits_for_something(self) -> "Wait":
        if (self.status is None) == (self.exception is None):
            raise ValueError("it must be said what is waited for; give either status or exception")
        return self


class Lookup(Shape):
    """What a person finds who looks into a system: the one live record of that kind."""

    system: SystemName
    kind: RecordKind


class Settle(Shape):
    """A person decides an exception, named by its code (and contract and subject, where several of one code are open)."""

    exception: str
    contract: str | None = None
    subject: str | None = None
    decision: Decision
    by: str
    reason: str = "as the scenario says"
    adopt: str | Lookup | None = Field(default=None, description="the record's id, or where the person finds it")


class Approve(Shape):
    """The second pair of eyes."""

    exception: str
    contract: str | None = None
    subject: str | None = None
    by: str


class Start(Shape):
    """A person asks for a handoff."""

    contract: str
    by: str = "olga.operations"


class Plan(Shape):
    """A person asks for a dry run, which must name all of these."""

    contract: str
    shows: tuple[str, ...] = ()


class Cancel(Shape):
    """A person withdraws a running handoff."""

    contract: str
    by: str
    reason: str


class DeskVerbs(Shape):
    """The verbs of this topic."""

    wait: Wait | None = None
    settle: Settle | None = None
    approve: Approve | None = None
    start: Annotated[Start, brief(Start)] | None = None
    plan: Annotated[Plan, brief(Plan)] | None = None
    cancel: Cancel | None = None


class Desk:
    """Handoff's own people."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._office = scene, scene.office

    async def wait(self, given: Wait) -> None:
        """Until it is so, or the time is over."""
        look = self._is_at if given.status else self._has_case
        if await self._scene.until(lambda: look(given), given.within) is None:
            wanted = given.status.value if given.status else f"an exception {given.exception}"
            found = await self._told(given.contract)
            raise StepFailed(f"{given.contract} did not reach {wanted} within {spoken(given.within)}; {found}")

    async def settle(self, given: Settle) -> None:
        """Decide one exception."""
        case = await self._case(given.exception, given.contract, given.subject)
        adopt = await self._found(given.adopt) if isinstance(given.adopt, Lookup) else given.adopt or ""
        await decided(
            self._scene,
            self._office.exceptions.settle(case["number"], given.decision, actor=given.by, reason=given.reason, adopt=adopt),
        )

    async def approve(self, given: Approve) -> None:
        """Agree with what another person proposed."""
        case = await self._case(given.exception, given.contract, given.subject)
        await decided(self._scene, self._office.exceptions.approve(case["number"], actor=given.by))

    async def start(self, given: Start) -> None:
        """Ask for a contract to be handed over."""
        await decided(self._scene, self._office.handoffs.start(given.contract, actor=given.by))

    async def cancel(self, given: Cancel) -> None:
        """Have it undone."""
        await decided(self._scene, self._office.handoffs.cancel(given.contract, actor=given.by, reason=given.reason))

    async def plan(self, given: Plan) -> None:
        """The dry run names these things."""
        try:
            plan = await self._office.handoffs.plan(given.contract)
        except Failure as failure:
            raise StepFailed(f"the dry run was refused: {failure.message}") from failure
        told = self._scene.plans[given.contract] = plan.model_dump_json()
        missing = [words for words in given.shows if words not in told]
        if missing:
            raise StepFailed(f"the dry run of {given.contract} does not name {', '.join(missing)}; it says {told[:600]}")

    async def _is_at(self, given: Wait) -> bool | None:
        row = await self._scene.view.engagement(given.contract)
        return True if row and given.status and row["status"] == given.status.value else None

    async def _has_case(self, given: Wait) -> bool | None:
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

    async def _found(self, wanted: Lookup) -> str:
        there = await estate(self._scene.stage.vendors)
        ids = [record.id for record in there if (record.system, record.kind) == (wanted.system, wanted.kind) and record.live]
        if len(ids) != 1:
            raise StepFailed(f"{wanted.system} has {len(ids)} live records of kind {wanted.kind}; to adopt there must be one")
        return ids[0]

    async def _told(self, contract: str) -> str:
        row = await self._scene.view.engagement(contract)
        cases = [c for c in await self._scene.view.cases() if c["state"] in _OPEN]
        waits = "; ".join(f"{c['code']}: {c['sentence']}" for c in cases)
        at = f"it is {row['status']} ({row['note'] or 'no note'})" if row else "there is no such engagement"
        return at + (f"; open exceptions: {waits}" if waits else "; no exception is open")
