"""The identity provider's public keys: kept for minutes, fetched at once when a token names one that we do not know."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2 as httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from canonical.errors import NotReached

_FRESH_SECONDS, _TRUSTED_SECONDS = 600.0, 86_400.0
_log = logging.getLogger("handoff.gateway")


@dataclass
class ProviderKeys:
    """One provider's; ``pause`` keeps tokens with invented key ids from making us ask it without end."""

    url: str
    pause: float = 10.0
    _keys: KeySet | None = None
    _fetched: float = 0.0
    _asked: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def with_key(self, key_id: str | None) -> KeySet:
        """The provider's keys, with this one among them if it publishes it. Raises NotReached where there are none to go by."""
        async with self._lock:
            now = time.monotonic()
            if self._is_wanted(key_id, now) and now - self._asked >= self.pause:
                self._asked = now
                await self._fetch(now)
            if self._keys is None or now - self._fetched > _TRUSTED_SECONDS:
                raise NotReached(
                    "The identity provider does not publish its keys",
                    remedy="Try again; whoever runs Handoff must check HANDOFF_GATEWAY__JWKS_URL.",
                    retry_after=timedelta(seconds=max(self.pause, 1)),
                )
            return self._keys

    def _is_wanted(self, key_id: str | None, now: float) -> bool:
        if self._keys is None or now - self._fetched > _FRESH_SECONDS:
            return True
        return key_id is not None and all(key.kid != key_id for key in self._keys)

    async def _fetch(self, now: float) -> None:
        """A provider that is away for a while leaves us the keys we have."""
        try:
            async with httpx.AsyncClient(timeout=5) as http:
                answer = await http.get(self.url)
            answer.raise_for_status()
            self._keys, self._fetched = KeySet.import_key_set(answer.json()), now
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            _log.warning("the identity provider's keys could not be fetched: %s", type(error).__name__)
