"""Who is calling: a signed token of the identity provider, or a local API key of the embedded stack."""

import asyncio
import time
from dataclasses import dataclass, field

import httpx2 as httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from canonical.errors import Misconfigured
from runtime.api_keys import ApiKeys
from runtime.settings import GatewaySettings

_KEYS_LIVE_SECONDS = 600.0
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class NotAuthenticated(Exception):
    """The caller did not say who it is, or not in a way that we can believe."""


@dataclass
class Identities:
    """Turns an Authorization header into a subject."""

    settings: GatewaySettings
    _keys: KeySet | None = None
    _fetched: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._local = ApiKeys(self.settings.keys) if self.settings.keys else None

    async def subject(self, authorization: str | None) -> str:
        """Who presents this header. Raises NotAuthenticated; the reason is not told to the caller, only logged."""
        scheme, _, credential = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise NotAuthenticated("no bearer token")
        if self._local is not None and credential.startswith("hk_"):
            known = self._local.subject_of(credential)
            if known is None:
                raise NotAuthenticated("unknown API key")
            return known
        return await self._verified(credential)

    async def _verified(self, token: str) -> str:
        if not (self.settings.jwks_url and self.settings.issuer):
            raise NotAuthenticated("no identity provider is configured")
        try:
            claims = jwt.decode(token, await self._key_set(), algorithms=_ALGORITHMS).claims
            expected = jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.audience},
                exp={"essential": True},
                sub={"essential": True},
            )
            expected.validate(claims)
        except (JoseError, ValueError) as error:
            self._fetched = min(self._fetched, time.monotonic() - _KEYS_LIVE_SECONDS / 2)  # a rotated key is looked for soon
            raise NotAuthenticated(type(error).__name__) from error
        return str(claims["sub"])

    async def _key_set(self) -> KeySet:
        async with self._lock:
            if self._keys is None or time.monotonic() - self._fetched > _KEYS_LIVE_SECONDS:
                async with httpx.AsyncClient(timeout=10) as http:
                    answer = await http.get(self.settings.jwks_url)
                if answer.status_code != 200:
                    raise Misconfigured(
                        "The identity provider does not publish its keys", remedy="Check HANDOFF_GATEWAY__JWKS_URL.",
                        evidence={"status": answer.status_code},
                    )  # fmt: skip
                self._keys, self._fetched = KeySet.import_key_set(answer.json()), time.monotonic()
            return self._keys
