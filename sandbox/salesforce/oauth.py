"""Sign-in: client credentials and the JWT bearer flow. A token says nothing of when it ends; only a 401 does."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class OAuthRefusal(Exception):
    """An OAuth error: an object, unlike every other error of the API."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


def issued(
    org: dict[str, Any], sessions: dict[str, str], form: dict[str, str], authorization: str, instance: str, now: datetime
) -> dict[str, Any]:
    """The token answer for a token request; the session is remembered."""
    match form.get("grant_type"):
        case "client_credentials":
            _check_client(org, form, authorization)
        case kind if kind == JWT_BEARER:
            _check_assertion(org, form.get("assertion", ""), instance, now)
        case _:
            raise OAuthRefusal("unsupported_grant_type", "grant type not supported")
    token = f"{org['id'][:15]}!{secrets.token_urlsafe(48)}"
    sessions[token] = now.isoformat()
    answer = {
        "access_token": token,
        "scope": "api",
        "instance_url": instance,
        "id": f"{instance}/id/{org['id']}/{org['user_id']}",
        "token_type": "Bearer",
    }
    return (
        answer if form["grant_type"] == JWT_BEARER else answer | {"issued_at": str(int(now.timestamp() * 1000)), "signature": ""}
    )


def is_live(org: dict[str, Any], sessions: dict[str, str], token: str, now: datetime) -> bool:
    """Whether the session is known and was used lately; using it keeps it alive."""
    used = sessions.get(token)
    if used is None or now - datetime.fromisoformat(used) >= timedelta(seconds=org["session_seconds"]):
        sessions.pop(token, None)
        return False
    sessions[token] = now.isoformat()
    return True


def _check_client(org: dict[str, Any], form: dict[str, str], authorization: str) -> None:
    client, secret = form.get("client_id"), form.get("client_secret")
    if authorization.lower().startswith("basic "):
        client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
    if client != org["client_id"]:
        raise OAuthRefusal("invalid_client_id", "client identifier invalid")
    if not secret or not secrets.compare_digest(secret, org["client_secret"]):
        raise OAuthRefusal("invalid_client", "invalid client credentials")


def _check_assertion(org: dict[str, Any], assertion: str, instance: str, now: datetime) -> None:
    if not org["public_key"]:
        raise OAuthRefusal("invalid_grant", "invalid assertion: no certificate is uploaded to the connected app")
    try:
        claims = jwt.decode(assertion, RSAKey.import_key(org["public_key"]), algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        raise OAuthRefusal("invalid_grant", "invalid assertion") from None
    if claims.get("iss") != org["client_id"]:
        raise OAuthRefusal("invalid_client_id", "client identifier invalid")
    audience = claims.get("aud")
    audiences = set(audience if isinstance(audience, list) else [audience])
    if not audiences & {*LOGIN_AUDIENCES, instance}:
        raise OAuthRefusal("invalid_grant", "audience is invalid")
    ends = datetime.fromtimestamp(float(claims.get("exp", 0)), tz=UTC)
    if not now < ends <= now + timedelta(minutes=5):
        raise OAuthRefusal("invalid_grant", "expired authorization code")
    if claims.get("sub") != org["username"]:
        raise OAuthRefusal("invalid_grant", "user hasn't approved this consumer")
