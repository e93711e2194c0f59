"""OAuth 2 with authorization codes, as far as a backend connector meets it; access tokens never expire."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.kantata.refusals import Refusal

_CODE_LIVES = timedelta(minutes=5)

State = dict[str, Any]


def caller(state: State, request: Request) -> dict[str, Any]:
    """Whose token it is; 401 without a good one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known: dict[str, Any] | None = state["tokens"].get(token)
    if scheme.lower() != "bearer" or known is None or known.get("revoked"):
        raise Refusal(401)
    return known


def authorize(state: State, request: Request, now: datetime) -> Response:
    """The user of the application says yes: back to it with a code that lives five minutes."""
    query = request.query_params
    application = state["applications"].get(query.get("client_id", ""))
    if application is None or query.get("response_type") != "code" or query.get("redirect_uri") != application["redirect_uri"]:
        raise Refusal(400, "The application, its redirect_uri or the response_type is not known", kind="oauth")
    code = secrets.token_hex(16)
    state["codes"][code] = {
        "client_id": query["client_id"],
        "user_id": application.get("user_id", "1"),
        "expires_at": (now + _CODE_LIVES).isoformat(),
    }
    return RedirectResponse(f"{application['redirect_uri']}?code={code}", status_code=302)


def exchange(state: State, form: dict[str, Any], now: datetime) -> Response:
    """A code, once, for a token."""
    application = state["applications"].get(str(form.get("client_id")))
    code = state["codes"].pop(str(form.get("code")), None)
    if not application or not code or not _fits(application, code, form, now):
        return JSONResponse({"error": "invalid_grant", "error_description": "The provided authorization grant is invalid."}, 400)
    token = secrets.token_hex(32)
    state["tokens"][token] = {"user_id": code["user_id"], "permission": application.get("permission", "administrator")}
    return JSONResponse({"access_token": token, "token_type": "bearer"})


def _fits(application: dict[str, Any], code: dict[str, Any], form: dict[str, Any], now: datetime) -> bool:
    return bool(
        form.get("grant_type") == "authorization_code"
        and secrets.compare_digest(str(form.get("client_secret")), application["client_secret"])
        and form.get("redirect_uri") == application["redirect_uri"]
        and code["client_id"] == form.get("client_id")
        and now < datetime.fromisoformat(code["expires_at"])
    )
