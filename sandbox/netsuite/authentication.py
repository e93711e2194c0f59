"""Who calls: token-based authentication (OAuth 1.0a, HMAC-SHA256) and OAuth 2.0 for machines, both really verified."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import Refusal, invalid_login

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SKEW_SECONDS = 300
_LIFETIME = timedelta(minutes=60)


class Authentication:
    """Checks each request against the keys that the seed gave the account."""

    def __init__(self, state: Callable[[], Json], now: Callable[[], datetime]) -> None:
        self._state, self._now = state, now
        self._nonces: dict[str, float] = {}

    async def check(self, request: Request) -> str:
        """The caller's name, or the refusal that NetSuite gives everyone it does not know."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            return self._signed(request, rest, await request.body())
        if scheme.lower() == "bearer":
            return self._bearer(rest.strip())
        raise invalid_login()

    async def token(self, request: Request) -> JSONResponse:
        """The token endpoint: a signed assertion in, an access token of 60 minutes out."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        client = self._asserting(form.get("client_assertion", ""), request)
        if client is None:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        token = secrets.token_urlsafe(48)
        self._state()["tokens"][token] = {"client": client, "expires": (self._now() + _LIFETIME).isoformat()}
        return JSONResponse({"access_token": token, "expires_in": str(int(_LIFETIME.total_seconds())), "token_type": "bearer"})

    def _bearer(self, token: str) -> str:
        held = self._state()["tokens"].get(token)
        if held is None or held["expires"] <= self._now().isoformat():
            raise Refusal(
                401,
                "INVALID_LOGIN",
                "Invalid login attempt. The access token is not valid or has expired.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return str(held["client"])

    def _signed(self, request: Request, header: str, body: bytes) -> str:
        given = _parameters(header)
        keys = self._keys(given)
        if keys is None or given.get("realm") != self._state()["account"]["id"]:
            raise invalid_login()
        if given.get("oauth_signature_method") != "HMAC-SHA256" or not self._is_fresh(given):
            raise invalid_login()
        if "oauth_body_hash" in given and given["oauth_body_hash"] != base64.b64encode(hashlib.sha1(body).digest()).decode():
            raise invalid_login()
        secret = f"{quote(keys['consumer_secret'], safe='')}&{quote(keys['token_secret'], safe='')}"
        expected = hmac.new(secret.encode(), _base_string(request, given).encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(expected).decode(), given.get("oauth_signature", "")):
            raise invalid_login()
        return keys["token_id"]

    def _keys(self, given: dict[str, str]) -> dict[str, str] | None:
        pair = given.get("oauth_consumer_key"), given.get("oauth_token")
        found = (keys for keys in self._state()["account"]["tba"] if (keys["consumer_key"], keys["token_id"]) == pair)
        return next(found, None)

    def _is_fresh(self, given: dict[str, str]) -> bool:
        """A nonce is good once, and a timestamp for five minutes of real time (rehearsals move only business time)."""
        stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        now = time.time()
        if not stamp.isdigit() or abs(now - int(stamp)) > _SKEW_SECONDS or not nonce or nonce in self._nonces:
            return False
        if len(self._nonces) > 50_000:
            self._nonces = {n: at for n, at in self._nonces.items() if now - at <= _SKEW_SECONDS}
        self._nonces[nonce] = now
        return True

    def _asserting(self, assertion: str, request: Request) -> str | None:
        """The client whose private key signed this assertion, if it is all that Oracle asks of it."""
        for client in self._state()["account"]["m2m"]:
            try:
                key = _public_key(client["public_key"])
                token = jwt.decode(assertion, key, algorithms=_ALGORITHMS)
            except (JoseError, ValueError):
                continue
            if token.header.get("kid") == client["certificate_id"] and self._claims_hold(
                token.claims, client["client_id"], request
            ):
                return str(client["client_id"])
        return None

    def _claims_hold(self, claims: dict[str, Any], client_id: str, request: Request) -> bool:
        issued, expires, scope = (claims.get("iat"), claims.get("exp"), claims.get("scope", []))
        account = self._state()["account"]["id"].lower().replace("_", "-")
        audiences = {
            f"https://{account}.suitetalk.api.netsuite.com{TOKEN_PATH}",
            f"{str(request.base_url).rstrip('/')}{TOKEN_PATH}",
        }
        if not isinstance(issued, int) or not isinstance(expires, int):
            return False
        in_time = issued - _SKEW_SECONDS <= time.time() < expires and expires - issued <= _LIFETIME.total_seconds()
        scopes = scope.replace(",", " ").split() if isinstance(scope, str) else scope
        return in_time and claims.get("iss") == client_id and claims.get("aud") in audiences and "rest_webservices" in scopes


def _public_key(pem: str) -> jwk.RSAKey | jwk.ECKey:
    """The key of a certificate, or a public key as it is."""
    if "CERTIFICATE" in pem:
        public = x509.load_pem_x509_certificate(pem.encode()).public_key()
    else:
        public = serialization.load_pem_public_key(pem.encode())  # type: ignore[assignment]
    plain = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return jwk.RSAKey.import_key(plain) if isinstance(public, rsa.RSAPublicKey) else jwk.ECKey.import_key(plain)


def _parameters(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def _base_string(request: Request, given: dict[str, str]) -> str:
    """RFC 5849, 3.4.1: what the caller must have signed."""
    url = str(request.url).partition("?")[0]
    query = parse_qsl(request.url.query, keep_blank_values=True)
    own = [(name, value) for name, value in given.items() if name not in {"realm", "oauth_signature"}]
    encoded = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in [*query, *own])
    parameters = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join(quote(part, safe="~") for part in (request.method, url, parameters))
