"""Which operating-system account PostgreSQL runs as: it refuses root, so under root another one that exists already."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

PREFERRED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account to drop to, or this process's own (name None)."""

    name: str | None = None

    @classmethod
    def for_postgres(cls) -> "Account":
        """Our own, unless we are root; then the first that this machine has. Nothing is created."""
        if os.geteuid() != 0:
            return cls()
        known = {entry.pw_name for entry in pwd.getpwall()}
        return cls(next(name for name in (*PREFERRED, "daemon") if name in known))

    def own(self, *paths: Path) -> None:
        """Hand these files and folders to the account."""
        if self.name is None:
            return
        entry = pwd.getpwnam(self.name)
        for path in paths:
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def needs_reach(self, *places: Path) -> bool:
        """Whether one of these, or a folder on the way to it, is closed to the account (or not there yet, and so may be)."""
        if self.name is None:
            return False
        passed = {passed for place in places for passed in (place.resolve(), *place.resolve().parents)}
        return any(not place.exists() or not place.stat().st_mode & stat.S_IXOTH for place in passed)
