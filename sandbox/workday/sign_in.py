"""Who calls: an API client's bearer token, or an integration system user by WS-Security."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.workday.envelope import SOAP, WSSE, Fault, not_authenticated

LIFETIME = timedelta(hours=1)
_TOKEN = f"{SOAP}Header/{WSSE}Security/{WSSE}UsernameToken/{WSSE}"


async def issue(request: Request, state: dict[str, Any], now: datetime) -> Response:
    """An access token for a refresh token, which stays as it is; the client says who it is in the Authorization header."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    client = _client(request, state)
    if request.path_params["tenant"] != state["tenant"]["id"] or client is None:
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    if form.get("grant_type") != "refresh_token":
        return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
    user = client["refresh_tokens"].get(form.get("refresh_token", ""))
    if user is None:
        return JSONResponse({"error": "invalid_grant"}, status_code=400)
    token = secrets.token_urlsafe(24)
    state["tokens"][token] = {"user": user, "expires": (now + LIFETIME).isoformat()}
    kept = {"access_token": token, "refresh_token": form["refresh_token"], "token_type": "Bearer"}
    return JSONResponse(kept | {"expires_in": int(LIFETIME.total_seconds())})


def caller(request: Request, envelope: Element, state: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The integration system user behind a call."""
    if request.path_params["tenant"] != state["tenant"]["id"]:
        raise not_authenticated()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        kept = state["tokens"].get(token)
        if kept is None or datetime.fromisoformat(kept["expires"]) <= now:
            raise Fault("Client.authenticationError", "The access token is not valid", status=401)
        return dict(state["users"][kept["user"]])
    return _user(envelope, state)


def _user(envelope: Element, state: dict[str, Any]) -> dict[str, Any]:
    name, _, tenant = (envelope.findtext(f"{_TOKEN}Username") or "").partition("@")
    user = state["users"].get(name)
    given = envelope.findtext(f"{_TOKEN}Password") or ""
    if user is None or tenant != state["tenant"]["id"] or not secrets.compare_digest(user["password"].encode(), given.encode()):
        raise not_authenticated()
    return dict(user)


def _client(request: Request, state: dict[str, Any]) -> dict[str, Any] | None:
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "basic":
        return None
    name, _, secret = base64.b64decode(told).decode().partition(":")
    client = state["clients"].get(name)
    if client is None or not secrets.compare_digest(client["secret"].encode(), secret.encode()):
        return None
    return dict(client)
