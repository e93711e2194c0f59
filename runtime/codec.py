"""Encryption of everything that goes into Temporal's histories: AES-256-GCM under a ring of keys that can be rotated."""

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from canonical.errors import Misconfigured

ENCODING = b"binary/encrypted"
_KEY_ID, _CIPHER, _NONCE_BYTES = "encryption-key-id", "encryption-cipher", 12


class KeyRing:
    """Keys by id; the current one encrypts, every one decrypts, so that old histories stay readable after a rotation."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        if current not in keys:
            raise Misconfigured(f"The key ring has no key '{current}'", remedy="Name one of its keys as current.")
        self.current = current
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    def cipher(self, key_id: str) -> AESGCM:
        """The cipher of a key; a key that is gone is named, for its histories cannot be read without it."""
        if key_id not in self._ciphers:
            raise Misconfigured(
                f"A payload was encrypted under the key '{key_id}', which is not in the ring",
                remedy="Put the key back into the key ring file until no history needs it.",
            )
        return self._ciphers[key_id]

    @classmethod
    def read(cls, file: Path) -> "KeyRing":
        """From a JSON file {"current": id, "keys": {id: base64 of 32 bytes}}."""
        try:
            content = json.loads(file.read_text())
            keys = {name: base64.b64decode(value, validate=True) for name, value in content["keys"].items()}
            return cls(keys, content["current"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(
                f"The key ring {file} cannot be read: {type(error).__name__}", remedy="Make one with `handoff keys rotate`."
            ) from error

    @staticmethod
    def rotate(file: Path) -> str:
        """Add a fresh key to the file and make it current; makes the file, readable by its owner only, where there is none."""
        content = json.loads(file.read_text()) if file.exists() else {"keys": {}}
        key_id = _next_id(content["keys"])
        content["keys"][key_id] = base64.b64encode(AESGCM.generate_key(256)).decode()
        content["current"] = key_id
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(".tmp")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(content, out)
        scratch.replace(file)
        return key_id


def _next_id(keys: Iterable[str]) -> str:
    """Above every number in use: a ring from which an old key was taken must not lose another one."""
    numbers = [int(key_id[1:]) for key_id in keys if key_id[:1] == "k" and key_id[1:].isdigit()]
    return f"k{max(numbers, default=0) + 1}"


class EncryptionCodec(PayloadCodec):
    """Encrypts whole payloads; ids, types and search attributes stay readable, hence hold no more than references."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Encrypt under the current key; what is encrypted already stays."""
        return [payload if payload.metadata.get("encoding") == ENCODING else self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Decrypt under the key each payload names; what was never encrypted stays."""
        return [self._decrypted(payload) if payload.metadata.get("encoding") == ENCODING else payload for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        key_id, nonce = self._ring.current, os.urandom(_NONCE_BYTES)
        sealed = self._ring.cipher(key_id).encrypt(nonce, payload.SerializeToString(), key_id.encode())
        metadata = {"encoding": ENCODING, _KEY_ID: key_id.encode(), _CIPHER: b"AES-256-GCM"}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _decrypted(self, payload: Payload) -> Payload:
        key_id = payload.metadata.get(_KEY_ID, b"").decode(errors="replace")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(self._ring.cipher(key_id).decrypt(nonce, sealed, key_id.encode()))
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise Misconfigured(
                f"A payload does not open under its key '{key_id}'", remedy="It was altered, or the key was."
            ) from error
