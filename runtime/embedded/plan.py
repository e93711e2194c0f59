"""What a stack consists of: its parts, where their state lives, and the settings its children get."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from runtime.embedded.ports import FIRST_VENDOR, LOOPBACK, WELL_KNOWN, choose
from runtime.embedded.temporal import NAMESPACE

ROOT = Path(__file__).parents[2]


class Part(StrEnum):
    """The parts in the order they are needed."""

    POSTGRES = "postgres"
    TEMPORAL = "temporal"
    SANDBOX = "sandbox"
    GATEWAY = "gateway"
    WORKER = "worker"


@dataclass(frozen=True)
class Existing:
    """Servers that run already and serve instead of ours."""

    temporal: str | None = None
    dsn: str | None = None
    owner_dsn: str | None = None


Migrate = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Plan:
    """The choices for one stack. ``lasting=False`` is for tests and rehearsals: Temporal in memory, PostgreSQL without fsync."""

    home: Path
    parts: frozenset[Part] = frozenset(Part)
    vendors: tuple[str, ...] = ()
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    migrate: Migrate | None = None
    policies: Path | None = None
    keyring: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    lasting: bool = True
    well_known_ports: bool = True
    web_ui: bool = True
    existing: Existing = Existing()
    namespace: str = NAMESPACE
    task_queue: str = "workflows"
    codec_path: str = "/codec"
    health_path: str = "/health"

    def has(self, part: Part) -> bool:
        """Whether we start this part ourselves."""
        served = {Part.POSTGRES: self.existing.dsn, Part.TEMPORAL: self.existing.temporal, Part.SANDBOX: not self.vendors}
        return part in self.parts and not served.get(part)

    @cached_property
    def ports(self) -> dict[str, int]:
        """A port for everything that listens; chosen once, because the parts must know each other before they run."""
        vendors = {name: FIRST_VENDOR + number for number, name in enumerate(self.vendors)}
        return choose({**WELL_KNOWN, **vendors}, well_known=self.well_known_ports)

    def _ui_origins(self) -> list[str]:
        """A browser sends the origin exactly as people opened the Web UI: by number or by name."""
        return [f"http://{host}:{self.ports['temporal-ui']}" for host in (LOOPBACK, "localhost")]

    def url_of(self, name: str) -> str:
        """Where a part that speaks HTTP is reached."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def settings(self, *, temporal: str | None, dsn: str | None, owner_dsn: str | None) -> dict[str, str]:
        """The environment by which the gateway, the worker and the commands find everything; what we do not have is left out."""
        found = {
            "HANDOFF_TEMPORAL__ADDRESS": temporal,
            "HANDOFF_TEMPORAL__UI": self.url_of("temporal-ui") if self.has(Part.TEMPORAL) and self.web_ui else None,
            "HANDOFF_DATABASE__DSN": dsn,
            "HANDOFF_DATABASE__OWNER_DSN": owner_dsn,
            "HANDOFF_HOME": self.home.resolve(),
            "HANDOFF_POLICIES": self.policies and self.policies.resolve(),
            "HANDOFF_KEYRING": self.keyring and self.keyring.resolve(),
        }
        return {
            "HANDOFF_TEMPORAL__NAMESPACE": self.namespace,
            "HANDOFF_GATEWAY__CODEC_ORIGINS": json.dumps(self._ui_origins()),
            "HANDOFF_GATEWAY__HOST": LOOPBACK,
            "HANDOFF_GATEWAY__PORT": str(self.ports["gateway"]),
            **{name: str(value) for name, value in found.items() if value},
            **{f"HANDOFF_SANDBOX_{name.upper()}_URL": self.url_of(name) for name in self.vendors},
            **self.environment,
        }
