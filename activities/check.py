"""Whether every capability of the landscape is served by a system that answers; reads only."""

import asyncio
from dataclasses import dataclass

from temporalio import activity

from activities.books import Clock
from activities.ports import ActivationPolicy
from activities.systems import Systems
from canonical.connection import Connection
from canonical.defect import defect_of
from canonical.errors import Failure
from canonical.landscape import Capability


@dataclass(frozen=True)
class CheckActivities:
    """One cheap read of each system."""

    systems: Systems
    policy: ActivationPolicy
    clock: Clock

    @activity.defn
    async def check_systems(self) -> list[Connection]:
        """Every capability with the systems that serve it for some entity; each system is asked once."""
        on = (await self.clock.now()).date()
        serving = {capability: self.policy.serving(capability, on) for capability in Capability}
        names = sorted({name for systems in serving.values() for name in systems if name})
        answers = dict(zip(names, await asyncio.gather(*(self._answer(name) for name in names)), strict=True))
        nobody = Connection(capability="", remedy="Served by nobody in policies/landscape.")
        return [
            (answers[name] if name else nobody).changed(
                capability=capability.value, entities=tuple(entities) if len(systems) > 1 else ()
            )
            for capability, systems in serving.items()
            for name, entities in systems.items()
        ]

    async def _answer(self, name: str) -> Connection:
        try:
            seen = await self.systems.connected[name].check()
        except Exception as error:
            failure = error if isinstance(error, Failure) else defect_of(error)
            if failure is None:
                raise
            return Connection(capability="", system=name, seen=failure.message, code=failure.specific_code, remedy=failure.remedy)
        return Connection(capability="", system=name, works=True, seen=seen)
