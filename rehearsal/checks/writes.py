"""Calls that the vendors saw, writes that the ledger knows, and the story that our store tells of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field

from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks
from rehearsal.record import Json
from rehearsal.scene import Scene
from rehearsal.systems.registry import KNOWN, SystemName


class CallsCheck(Shape):
    """How many calls a vendor saw whose method and path are these."""

    system: SystemName
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str = ""
    count: int


class EffectsCheck(Shape):
    """How many writes the ledger knows of a kind, and how they stand."""

    kind: str
    contract: str | None = None
    state: Literal["reserved", "calling", "unknown", "written", "refused", "reversed", "closed"] | None = None
    adopted: bool | None = None
    count: int = 1


class TraceCheck(Shape):
    """The story that our own store tells of a contract holds these words."""

    contract: str
    holds: tuple[str, ...]


class WriteChecks(Shape):
    """The checks of this topic."""

    calls: CallsCheck | None = None
    effects: EffectsCheck | None = None
    trace: TraceCheck | None = None
    untouched: tuple[SystemName, ...] | None = Field(default=None, description="systems in which nothing was written")


@dataclass(frozen=True)
class WriteJudge(Judge):
    """Knows every call, every write, and the stories of the contracts that are asked about."""

    seen: dict[SystemName, list[Json]]
    known: list[Json]
    stories: dict[str, str]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        calls = {name: await vendor.calls() for name, vendor in scene.stage.vendors.by_name.items()}
        contracts = {one.contract for one in wanted if isinstance(one, TraceCheck)}
        engaged = contracts & {row["reference"] for row in await scene.view.engagements()} if contracts else contracts
        stories = {contract: (await scene.office.handoffs.trace(contract)).model_dump_json() for contract in engaged}
        return cls(calls, await scene.view.effects(), stories)

    def calls(self, wanted: CallsCheck) -> Iterator[str]:
        seen = [
            call for call in self.seen[wanted.system] if wanted.method in {None, call["method"]} and wanted.path in call["path"]
        ]
        yield from differs(f"the number of calls {wanted.method or ''} {wanted.path} to {wanted.system}", wanted.count, len(seen))

    def effects(self, wanted: EffectsCheck) -> Iterator[str]:
        chosen = [
            effect
            for effect in self.known
            if effect["kind"] == wanted.kind
            and wanted.contract in {None, effect["engagement"]}
            and wanted.state in {None, effect["state"]}
            and wanted.adopted in {None, effect["is_adopted"]}
        ]
        how = {True: " adopted", False: " not adopted", None: ""}[wanted.adopted]
        all_there = ", ".join(f"{e['key']} {e['state']}{' adopted' if e['is_adopted'] else ''}" for e in self.known)
        if len(chosen) != wanted.count:
            what = f"{wanted.count} writes of {wanted.kind}{how} {wanted.state or ''}".strip()
            yield f"expected {what}, found {len(chosen)}; all there are: {all_there}"

    def trace(self, wanted: TraceCheck) -> Iterator[str]:
        told = self.stories.get(wanted.contract)
        if told is None:
            yield f"expected our own store to tell the story of {wanted.contract}, found no such engagement"
            return
        for words in wanted.holds:
            yield from lacks(f"the story of {wanted.contract}", words, told)

    def untouched(self, wanted: tuple[SystemName, ...]) -> Iterator[str]:
        for name in wanted:
            writes = [f"{call['method']} {call['path']}" for call in self.seen[name] if KNOWN[name].is_write(call)]
            if writes:
                yield f"expected nothing to be written in {name}, found {len(writes)} writes, the first {writes[0]}"
