"""What the steps of a handoff are asked and answer; every step reads its dossier and goes through the write protocol."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from activities.books import Audit, Call, Dossiers, LookUp, Writes
from activities.ports import Connected
from canonical.activation import ActivationDossier
from canonical.provenance import Entry, Origin, Write
from canonical.reference import business_key
from canonical.written import Written

_KEPT = 500
ReverseCall = Callable[[str, str, str], Awaitable[Written]]


class Step(BaseModel):
    """A step of a handoff: in which context, about which dossier, at which system; ``targets`` are ids that earlier steps made.

    ``part`` tells a later addition (a workstream that waited) from the first round; it becomes part of the business key.
    """

    origin: Origin
    dossier: str
    system: str
    part: str = ""
    targets: dict[str, str] = {}


class Undo(BaseModel):
    """The reversal of a step, with the reason that the systems are told."""

    step: Step
    reason: str


class Undone(BaseModel):
    """What a reversal found: the id it undid, or nothing to undo."""

    target_id: str | None = None


@dataclass(frozen=True)
class Bookkeeping:
    """What every step needs of the ledger: the write protocol, and dossiers, which never change once kept."""

    writes: Writes
    dossiers: Dossiers
    audit: Audit
    _read: OrderedDict[str, ActivationDossier] = field(default_factory=OrderedDict)

    async def dossier(self, reference: str) -> ActivationDossier:
        """The dossier of that hash; content-addressed, hence safe to keep in memory."""
        if reference not in self._read:
            self._read[reference] = ActivationDossier.model_validate(await self.dossiers.read(reference))
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return self._read[reference]

    async def once(
        self, asked: "Asked", *, request: BaseModel | Mapping[str, object], call: Call, look_up: LookUp | None
    ) -> Written:
        """Carry a write out once."""
        return await self.writes.once(
            asked.write, request=request, call=call, look_up=look_up, declared=asked.connector.declares(asked.declared_as)
        )

    async def undo(
        self, asked: "Asked", reason: str, *, find: LookUp | None, reversal: "Reversal", unfinished: LookUp | None = None
    ) -> Undone:
        """Undo a write: its reverse, once; where it was not made whole, ``unfinished`` clears what a refusal halfway left."""
        declared = asked.connector.declares(asked.declared_as)
        made = await self.writes.outcome(asked.write.key, look_up=find, declared=declared)
        if made is None:
            return await self._clear(asked, reason, unfinished) if unfinished else Undone()
        key = reversal.key(asked)
        write = asked.write.model_copy(update={"key": key, "kind": f"{reversal.verb}_{asked.write.kind}", "reverses": asked.key})
        await self.writes.once(
            write,
            request={"target_id": made.target_id, "reason": reason},
            call=lambda: reversal.call(made.target_id, reason, key),
            look_up=_nothing,
            declared=declared,
        )
        return Undone(target_id=made.target_id)

    async def goes_with_it(self, asked: "Asked", reason: str) -> None:
        """What was written inside something that was undone has gone with it: nothing is sent, and its key is free again."""
        await self.undo(asked, reason, find=_nothing, reversal=Reversal("drop", _dropped))

    async def _clear(self, asked: "Asked", reason: str, unfinished: LookUp) -> Undone:
        """Clearing may be repeated; it is noted when there was something to clear."""
        remains = await unfinished()
        if remains is None:
            return Undone()
        write = asked.write
        entry = Entry(
            action=f"clear_{write.kind}",
            origin=write.origin,
            system=write.system,
            kind=write.kind,
            source_id=write.reference,
            target_id=remains.target_id,
            key=write.key,
            outcome="cleared",
            details={"reason": reason},
        )
        await self.audit.note([entry])
        return Undone(target_id=remains.target_id)


async def _nothing() -> None:
    """Reversals may be repeated by contract, so one whose outcome is unknown counts as absent and is done again."""


async def _dropped(target_id: str, reason: str, key: str) -> Written:
    return Written(target_id=target_id)


@dataclass(frozen=True)
class Asked:
    """One write of a step: its key and kind, the connector that makes it, and the kind under which the connector declares it."""

    connector: Connected
    write: Write
    declared_as: str

    @classmethod
    def of(cls, step: Step, connector: Connected, *, verb: str, kind: str, reference: str, declared_as: str) -> "Asked":
        """The write that this step asks for; the key is the verb, the kind, our reference and the part."""
        parts = [reference, step.part] if step.part else [reference]
        key = business_key(f"{verb}_{kind}", *parts)
        bound_as = f"{reference}.{step.part}" if step.part else reference
        return cls(
            connector, Write(key=key, kind=kind, reference=bound_as, system=connector.name, origin=step.origin), declared_as
        )

    @property
    def key(self) -> str:
        """The business key."""
        return self.write.key


@dataclass(frozen=True)
class Reversal:
    """How a write is undone: the verb for its key, and the call (target id, reason, key)."""

    verb: str
    call: ReverseCall

    def key(self, asked: Asked) -> str:
        """The reversal's own business key."""
        return asked.key.replace(asked.key.split("_", 1)[0], self.verb, 1)
