"""One simulated system as rehearsals see it: a new vendor is a file with such a class, and a line in the registry."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from rehearsal.beginning import Beginning
from rehearsal.record import Holding, Json, Record, RecordKind

Secrets = Mapping[str, str]
_READING = {"GET", "HEAD", "OPTIONS"}
_NUMBERED = re.compile(r"/[^/]*\d[^/]*")


class System:
    """What must be said of one; what a system does not have is left as it is here."""

    name: ClassVar[str]
    title: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()
    """What the firm and this system share; the names are unique over all systems."""
    bound: ClassVar[frozenset[RecordKind]] = frozenset()
    """Kinds of which each live record of ours must be known to the ledger (U4)."""
    is_timed: ClassVar[bool] = True
    """Whether its connector waits for a vendor's timeout before it looks again; rehearsals wait for less."""

    asking: ClassVar[str] = "/oauth|/token"
    """Calls that look like writes and change no record: a regular expression, found in their paths in whatever case."""

    def fresh(self) -> dict[str, str]:
        """New secrets."""
        return {name: secrets.token_urlsafe(24) for name in self.secrets}

    def is_write(self, call: Json) -> bool:
        """Whether a call that it saw may have changed records: not a read, not a sign-in, not a question that is posted."""
        return call["method"] not in _READING and not re.search(self.asking, str(call["path"]), re.IGNORECASE)

    def kind_of(self, call: Json) -> str:
        """What a call does, whatever record it is about: its method and its path without numbers."""
        return f"{call['method']} {_NUMBERED.sub('/#', str(call['path']).partition('?')[0])}"

    def environment(self, secrets: Secrets) -> dict[str, str]:
        """What the demo landscape's references (env:NAME) resolve to."""
        return {}

    def access(self, secrets: Secrets, gateway: str) -> Json:
        """What it must hold before any world: our access, and where its webhooks go."""
        return {}

    def seed(self, beginning: Beginning) -> Json:
        """A world as its records."""
        return {}

    def records(self, state: Json) -> Iterator[Record]:
        """What it holds that could be of our making."""
        yield from ()

    def wrong(self, state: Json) -> Iterator[str]:
        """What of its own books cannot be right, whatever the story (U3)."""
        yield from ()

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        """What people would look for of a contract, given all records of it in all systems."""
        yield from ()
