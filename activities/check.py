"""Whether every capability of the landscape is served by a system that answers; reads only."""

import asyncio
from dataclasses import dataclass

from temporalio import activity

from activities.books import Clock
from activities.ports import ActivationPolicy
from activities.systems import Systems
from canonical.connection import Connection
from canonical.errors import Failure
from canonical.landscape import Capability, Scope


@dataclass(frozen=True)
class CheckActivities:
    """One cheap read of each system."""

    systems: Systems
    policy: ActivationPolicy
    clock: Clock

    @activity.defn
    async def check_systems(self) -> list[Connection]:
        """Every capability with its system; several capabilities of one system share its answer."""
        anywhere = Scope(service_date=(await self.clock.now()).date())
        serving = {capability: self.policy.system_for(capability, anywhere) for capability in Capability}
        names = sorted({name for name in serving.values() if name})
        answers = dict(zip(names, await asyncio.gather(*(self._answer(name) for name in names)), strict=True))
        return [
            answers[name].changed(capability=capability.value)
            if name
            else Connection(capability=capability.value, remedy="Served by nobody in policies/landscape.")
            for capability, name in serving.items()
        ]

    async def _answer(self, name: str) -> Connection:
        try:
            seen = await self.systems.connected[name].check()
        except Failure as failure:
            return Connection(capability="", system=name, seen=failure.message, code=failure.specific_code, remedy=failure.remedy)
        return Connection(capability="", system=name, works=True, seen=seen)
