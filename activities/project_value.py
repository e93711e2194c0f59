"""What a living project was sold for, when a workstream joins it later or is taken out again (S14). Each is safe to run twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import BaseModel
from temporalio import activity

from activities.ports import ProjectAccounting, Psa, Valued
from activities.step import Asked, Bookkeeping, Reversal, Step, Undone
from activities.systems import Systems
from canonical.money import Money
from canonical.written import Written

_SERVES: dict[str, type[Psa] | type[ProjectAccounting]] = {"psa_project": Psa, "erp_project": ProjectAccounting}


class JoinedValue(BaseModel):
    """The step that adds a part to a project; ``beside`` are the dossiers of the parts that live in it already."""

    step: Step
    project: Literal["psa_project", "erp_project"]
    beside: list[str]
    reason: str = ""


@dataclass(frozen=True)
class ProjectValueActivities:
    """The value is always told whole: the sum of the parts that live, so that telling it twice adds nothing."""

    systems: Systems
    books: Bookkeeping

    @activity.defn
    async def raise_project_value(self, asked: JoinedValue) -> Written:
        """With the part that joins; a system that keeps no value of projects is left as it is."""
        target, system = asked.step.targets[asked.project], self.systems.get(asked.step.system, _SERVES[asked.project])
        if not isinstance(system, Valued):
            return Written(target_id=target, details={"value": "not kept there"})
        value, write = await self._value([*asked.beside, asked.step.dossier]), await self._asked(asked, system)
        return await self.books.once(
            write,
            request={"project": target, "value": str(value)},
            call=partial(system.change_value, target, value, key=write.key),
            look_up=partial(_told, system, target, value),
        )

    @activity.defn
    async def lower_project_value(self, asked: JoinedValue) -> Undone:
        """Undo raise_project_value: the parts that live now, without it."""
        target, system = asked.step.targets[asked.project], self.systems.get(asked.step.system, _SERVES[asked.project])
        if not isinstance(system, Valued):
            return Undone()
        with_it, without = await self._value([*asked.beside, asked.step.dossier]), await self._value(asked.beside)
        lower = Reversal("lower", lambda target_id, _, key: system.change_value(target_id, without, key=key))
        return await self.books.undo(
            await self._asked(asked, system), asked.reason, find=partial(_told, system, target, with_it), reversal=lower
        )

    async def _value(self, dossiers: Sequence[str]) -> Money:
        projects = [(await self.books.dossier(one)).project for one in dossiers]
        return Money.sum((one.value for one in projects), projects[0].currency)

    async def _asked(self, asked: JoinedValue, system: Valued) -> Asked:
        """Its key names the part; what it is bound to is the one project that all parts are in."""
        reference = (await self.books.dossier(asked.step.dossier)).project.reference
        kind = asked.project.replace("project", "value")
        write = Asked.of(asked.step, system, verb="raise", kind=kind, reference=reference, declared_as="project")
        return Asked(system, write.write.model_copy(update={"reference": reference}), write.declared_as)


async def _told(system: Valued, target_id: str, value: Money) -> Written | None:
    record = await system.read_project(target_id)
    return Written(target_id=target_id, url=record.url) if record.value == value else None
