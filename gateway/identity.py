"""Who is calling: a signed token of the identity provider, or a local API key of the embedded stack."""

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.provider_keys import ProviderKeys
from runtime.api_keys import ApiKeys
from runtime.settings import GatewaySettings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]  # none of them symmetric, nor "none"
_CLOCKS_DIFFER_SECONDS = 30


class NotAuthenticated(Exception):
    """The caller did not say who it is, or not in a way that we can believe."""


class Identities:
    """Turns an Authorization header into a subject."""

    def __init__(self, settings: GatewaySettings, *, provider: ProviderKeys | None = None) -> None:
        self._local = ApiKeys(settings.keys) if settings.keys else None
        self._provider = provider or (ProviderKeys(settings.jwks_url) if settings.jwks_url and settings.issuer else None)
        self._registry = jwt.JWTClaimsRegistry(
            leeway=_CLOCKS_DIFFER_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

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
        if self._provider is None:
            raise NotAuthenticated("no identity provider is configured")
        try:
            key_id = jws.extract_compact(token.encode()).headers().get("kid")
            keys = await self._provider.with_key(key_id)
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            self._registry.validate(claims)
        except (JoseError, ValueError, TypeError, AttributeError) as error:  # the last two: parts that are no JSON objects
            raise NotAuthenticated(type(error).__name__) from error
        if not isinstance(claims["sub"], str):
            raise NotAuthenticated("the subject is no text")
        return claims["sub"]
