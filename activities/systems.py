"""The connected systems by name, handed out as the capability that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from activities.ports import Connected
from canonical.errors import Misconfigured, NotServed
from canonical.landscape import Capability, Scope

Port = TypeVar("Port", bound=Connected)


@dataclass(frozen=True)
class Systems:
    """What worker.py connected."""

    connected: Mapping[str, Connected]

    def get(self, name: str, port: type[Port]) -> Port:
        """The system of that name as that capability; refused when it is not connected or cannot do it."""
        system = self.connected.get(name)
        if system is None:
            raise Misconfigured(
                f"The system '{name}' is not connected here", remedy="Add it to policies/landscape and restart the worker."
            )
        if not isinstance(system, port):
            raise Misconfigured(
                f"The system '{name}' cannot serve {port.__name__}", remedy="Correct the capability in policies/landscape."
            )
        return system


def required(capability: Capability, name: str | None, scope: Scope) -> str:
    """The name of the serving system; a capability that the handoff cannot do without and nobody serves is refused."""
    if name is None:
        raise NotServed(
            f"No system serves {capability.value} for {scope.entity or 'any entity'} on {scope.service_date}",
            evidence={"capability": capability.value, "entity": scope.entity, "service_date": scope.service_date},
        )
    return name
