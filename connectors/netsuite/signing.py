"""The two ways into a NetSuite account: signed requests, and bearer tokens bought with a signed assertion."""

import base64
import time
import uuid
from collections.abc import Generator
from typing import Any, ClassVar

import httpx2 as httpx
from authlib.oauth1.rfc5849.client_auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth1.rfc5849.signature import generate_signature_base_string  # type: ignore[import-untyped]
from authlib.oauth1.rfc5849.util import escape  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes, hmac
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from canonical.errors import Misconfigured
from connectors.auth import Token, TokenAuth, fetch_token
from connectors.netsuite.settings import MachineCredentials, Settings, TokenCredentials

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_LIFETIME_SECONDS = 300


def authentication(system: str, settings: Settings, tokens: httpx.AsyncClient) -> httpx.Auth:
    """What the settings ask for; ``tokens`` is the client, without authentication, that fetches tokens."""
    given = settings.credentials
    if isinstance(given, TokenCredentials):
        return SignedRequests(given, realm=settings.account)

    async def fetch() -> Token:
        grant = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(system, given, f"{settings.base_url}{TOKEN_PATH}"),
        }
        return await fetch_token(tokens, TOKEN_PATH, grant, system=system)

    return TokenAuth(fetch)


class SignedRequests(httpx.Auth):
    """Token-based authentication; after a 401 it signs once more, since an overloaded account calls a good signature invalid."""

    def __init__(self, credentials: TokenCredentials, *, realm: str) -> None:
        self._signer = _HmacSha256(
            credentials.consumer_key,
            credentials.consumer_secret.get_secret_value(),
            token=credentials.token_id,
            token_secret=credentials.token_secret.get_secret_value(),
            realm=realm,
            signature_method="HMAC-SHA256",
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """httpx's hook."""
        answer = yield self._signed(request)
        if answer.status_code == 401:
            yield self._signed(request)

    def _signed(self, request: httpx.Request) -> httpx.Request:
        _, headers, _ = self._signer.sign(request.method, str(request.url), {}, b"")
        request.headers["Authorization"] = headers["Authorization"]
        return request


def _hmac_sha256(client: Any, request: Any) -> str:
    secret = f"{escape(client.client_secret or '')}&{escape(client.token_secret or '')}"
    signature = hmac.HMAC(secret.encode(), hashes.SHA256())
    signature.update(generate_signature_base_string(request).encode())
    return base64.b64encode(signature.finalize()).decode()


class _HmacSha256(ClientAuth):  # type: ignore[misc]
    """Authlib's signer with the one method that NetSuite accepts; Authlib itself brings only SHA-1."""

    SIGNATURE_METHODS: ClassVar[dict[str, Any]] = {"HMAC-SHA256": _hmac_sha256}


def _assertion(system: str, credentials: MachineCredentials, audience: str) -> str:
    now = int(time.time())
    claims = {
        "iss": credentials.client_id,
        "scope": ["rest_webservices"],
        "aud": audience,
        "iat": now,
        "exp": now + _LIFETIME_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    header = {"typ": "JWT", "alg": credentials.algorithm, "kid": credentials.certificate_id}
    pem = credentials.private_key.get_secret_value()
    try:
        key = jwk.ECKey.import_key(pem) if credentials.algorithm == "ES256" else jwk.RSAKey.import_key(pem)
        return jwt.encode(header, claims, key, algorithms=[credentials.algorithm])
    except (JoseError, ValueError, TypeError) as error:
        remedy = f"Give {system} the PEM of a private key that fits {credentials.algorithm}."
        raise Misconfigured(f"The private key for {system} cannot sign", remedy=remedy, evidence={"error": error}) from error
