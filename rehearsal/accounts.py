"""The demo firm's accounts at the simulated vendors: how we sign in there, and what each vendor must hold to let us in."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rehearsal.record import Json
from rehearsal.systems.registry import SYSTEMS, SystemName


@dataclass(frozen=True)
class Accounts:
    """Everything secret that the firm and the simulated vendors share; random, and the same for as long as its file."""

    secrets: dict[str, str]

    @classmethod
    def fresh(cls) -> Self:
        """New secrets."""
        return cls({name: secret for system in SYSTEMS.values() for name, secret in system.fresh().items()})

    @classmethod
    def kept_in(cls, file: Path) -> Self:
        """Those of this file, readable by us only; what it lacks (all of it at the first time) is made."""
        held: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if not {name for system in SYSTEMS.values() for name in system.secrets} <= set(held):
            held = cls.fresh().secrets | held
            _write(file, held)
        return cls(held)

    @property
    def environment(self) -> dict[str, str]:
        """What the demo landscape's references (env:NAME) resolve to."""
        return {name: value for system in SYSTEMS.values() for name, value in system.environment(self.secrets).items()}

    def seeds(self, gateway: str) -> dict[SystemName, Json]:
        """What each vendor must hold before any world: our access, and where its webhooks go."""
        return {name: system.access(self.secrets, gateway) for name, system in SYSTEMS.items()}


def _write(file: Path, secrets: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(".new")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as new:
        json.dump(secrets, new)
    scratch.replace(file)
