"""Local API keys for the embedded stack: only their hashes are stored; production uses the identity provider's tokens."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path


class ApiKeys:
    """Keys by subject, in a file that only its owner may read; keys issued by another process count at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hashes: dict[str, str] = {}
        self._read_at = -1
        self._read()

    def subject_of(self, key: str) -> str | None:
        """Whose key this is; every stored hash is compared, in constant time."""
        self._read()
        given = _hash(key)
        found = [subject for subject, stored in self._hashes.items() if hmac.compare_digest(stored, given)]
        return found[0] if found else None

    def issue(self, subject: str) -> str:
        """A fresh key for a subject, shown this once; the one before stops working."""
        key = f"hk_{secrets.token_urlsafe(32)}"
        self._hashes[subject] = _hash(key)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_suffix(".tmp")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(self._hashes, out)
        scratch.replace(self._file)
        return key

    def _read(self) -> None:
        written_at = self._file.stat().st_mtime_ns if self._file.exists() else -1
        if written_at != self._read_at:
            self._hashes = json.loads(self._file.read_text()) if written_at >= 0 else {}
            self._read_at = written_at


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
