"""Entra ID as far as an application needs it: client credentials by secret or by certificate assertion."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.sharepoint.answers import Refused

LIFETIME = timedelta(seconds=3599)
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Denied(Exception):
    """A token request that Entra refuses, with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.number, self.message = status, error, number, message

    def answer(self, now: datetime) -> JSONResponse:
        """Entra's error form, which is not Graph's."""
        trace = str(uuid.uuid4())
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.message} Trace ID: {trace} Timestamp: {now:%Y-%m-%d %H:%M:%SZ}",
            "error_codes": [self.number],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
            "trace_id": trace,
            "correlation_id": trace,
        }
        return JSONResponse(body, status_code=self.status)


async def issue(request: Request, state: dict[str, Any], now: datetime) -> JSONResponse:
    """A bearer token for an application, good for about an hour; there is no refresh token in this flow."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        client = _client(request, form, state, now)
    except Denied as denied:
        return denied.answer(now)
    token = "eyJ0eXAiOiJKV1QifQ." + secrets.token_urlsafe(48)
    state["tokens"][token] = {"client": client, "expires": (now + LIFETIME).isoformat()}
    seconds = int(LIFETIME.total_seconds())
    return JSONResponse({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token})


def _client(request: Request, form: dict[str, str], state: dict[str, Any], now: datetime) -> str:
    if request.path_params["tenant"] not in {state["tenant"]["id"], state["tenant"]["domain"]}:
        raise Denied(400, "invalid_request", 90002, f"Tenant '{request.path_params['tenant']}' not found.")
    if form.get("grant_type") != "client_credentials":
        raise Denied(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    client = form.get("client_id", "")
    application = state["applications"].get(client)
    if not application:
        raise Denied(
            400, "unauthorized_client", 700016, f"Application with identifier '{client}' was not found in the directory."
        )
    if form.get("client_assertion"):
        _check_assertion(request, form, client, application, now)
    else:
        _check_secret(form, application, now)
    if not form.get("scope", "").endswith("/.default"):
        raise Denied(400, "invalid_scope", 1002012, "Client credential flows must have a scope value with /.default suffixed.")
    return client


def _check_secret(form: dict[str, str], application: dict[str, Any], now: datetime) -> None:
    given = form.get("client_secret", "")
    if not given:
        raise Denied(401, "invalid_client", 7000218, "The request body must contain 'client_assertion' or 'client_secret'.")
    kept = next((s for s in application.get("secrets", []) if secrets.compare_digest(s["value"].encode(), given.encode())), None)
    if not kept:
        raise Denied(401, "invalid_client", 7000215, "Invalid client secret provided.")
    if kept.get("expires") and datetime.fromisoformat(kept["expires"]) < now:
        raise Denied(401, "invalid_client", 7000222, "The provided client secret keys are expired.")


def _check_assertion(request: Request, form: dict[str, str], client: str, application: dict[str, Any], now: datetime) -> None:
    if form.get("client_assertion_type") != _ASSERTION:
        raise Denied(400, "invalid_request", 900144, "The request body must contain 'client_assertion_type'.")
    claims = _claims(form["client_assertion"], application)
    if claims.get("iss") != client or claims.get("sub") != client:
        raise Denied(
            401, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        )
    if claims.get("aud") != str(request.url.replace(query="")):
        raise Denied(401, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.")
    if not claims.get("nbf", 0) - 300 <= now.timestamp() < claims.get("exp", 0):
        raise Denied(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")


def _claims(assertion: str, application: dict[str, Any]) -> dict[str, Any]:
    keys = dict(pair for pem in application.get("certificates", []) for pair in _thumbprints(pem))
    try:
        header = jws.extract_compact(assertion.encode()).headers()
        key = keys[str(header.get("x5t#S256") or header.get("x5t")).rstrip("=")]  # Microsoft's own library pads it
        return dict(jwt.decode(assertion, key, algorithms=["PS256", "RS256"]).claims)
    except (JoseError, ValueError, KeyError) as broken:
        raise Denied(
            401, "invalid_client", 700027, "The certificate used to sign the client assertion is not registered."
        ) from broken


def _thumbprints(pem: str) -> list[tuple[str, RSAKey]]:
    """Entra finds the certificate by the hash of its bytes, not of the hexadecimal text that tools show."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    key = RSAKey.import_key(pem)
    return [(urlsafe_b64encode(certificate.fingerprint(kind)).decode(), key) for kind in (hashes.SHA1(), hashes.SHA256())]


def discovery(request: Request) -> JSONResponse:
    """Where the token endpoint is; Microsoft's own client libraries ask this first."""
    here = f"{str(request.base_url).rstrip('/')}/{request.path_params['tenant']}"
    return JSONResponse(
        {
            "issuer": f"{here}/v2.0",
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "jwks_uri": f"{here}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def caller(request: Request, state: dict[str, Any], now: datetime) -> str:
    """The application behind the bearer token of a call."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": f'Bearer realm="", authorization_uri="{request.base_url}common/oauth2/authorize"'}
    if scheme.casefold() != "bearer" or not token:
        raise Refused(401, "Access token is empty.", headers=challenge)
    kept = state["tokens"].get(token)
    if not kept:
        raise Refused(401, "CompactToken validation failed: the token is not known.", headers=challenge)
    if datetime.fromisoformat(kept["expires"]) <= now:
        raise Refused(401, "Lifetime validation failed, the token is expired.", headers=challenge)
    return str(kept["client"])
