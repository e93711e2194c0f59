"""DocuSign's account server: the JWT grant, consent, and who the user is."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import extract_compact
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.docusign.refusals import BY_STATUS, Refusal
from sandbox.docusign.times import kept, read

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = {"account.docusign.com", "account-d.docusign.com"}
_LONGEST_ASSERTION = timedelta(hours=1)
_SKEW = timedelta(minutes=5)

State = dict[str, Any]


class GrantRefused(Exception):
    """The token endpoint's refusal: OAuth's own error form, not the API's."""

    def __init__(self, error: str, description: str | None = None) -> None:
        super().__init__(error)
        self.body = {"error": error} | ({"error_description": description} if description else {})

    def answer(self) -> Response:
        """The answer as the account server gives it."""
        return JSONResponse(self.body, status_code=400)


async def token(request: Request, state: State, now: datetime) -> Response:
    """``POST /oauth/token``: an access token for a signed assertion."""
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    try:
        if form.get("grant_type") != GRANT:
            raise GrantRefused("unsupported_grant_type")
        claims = _verified(form.get("assertion", ""), state, request.headers.get("host", ""))
    except GrantRefused as refused:
        return refused.answer()
    seconds = int(state["apps"][claims["iss"]].get("token_seconds", 3600))
    value = f"eyJ0eXAi.{secrets.token_urlsafe(48)}"
    state["tokens"][value] = {"app": claims["iss"], "user": claims["sub"], "expires": kept(now + timedelta(seconds=seconds))}
    return JSONResponse({"access_token": value, "token_type": "Bearer", "expires_in": seconds, "scope": claims.get("scope", "")})


def consent(request: Request, state: State) -> Response:
    """``GET /oauth/auth``: what a person's browser opens; here the person agrees at once."""
    app = state["apps"].get(request.query_params.get("client_id", ""))
    if app is None:
        return GrantRefused("invalid_client_id").answer()
    app["consent_required"] = False
    redirect = request.query_params.get("redirect_uri")
    if not redirect:
        return JSONResponse({"consent": "granted"})
    return RedirectResponse(f"{redirect}?{urlencode({'code': secrets.token_urlsafe(16)})}", status_code=302)


def user_info(request: Request, state: State, now: datetime) -> Response:
    """``GET /oauth/userinfo``: the user and the accounts, each with the host that serves it."""
    try:
        user_id = bearer(request, state, now)
    except Refusal:
        return JSONResponse({"error": "internal_server_error", "reason": "invalid_token"}, status_code=401)
    user = state["users"][user_id]
    here = f"{request.url.scheme}://{request.headers.get('host')}"
    accounts = [
        {
            "account_id": account_id,
            "is_default": number == 0,
            "account_name": state["accounts"][account_id].get("account_name", ""),
            "base_uri": state["accounts"][account_id].get("base_uri") or here,
        }
        for number, account_id in enumerate(user["accounts"])
    ]
    given, _, family = user["name"].partition(" ")
    names = {"name": user["name"], "given_name": given, "family_name": family, "email": user["email"]}
    return JSONResponse({"sub": user_id, **names, "created": "2024-01-15T09:00:00.000", "accounts": accounts})


def bearer(request: Request, state: State, now: datetime) -> str:
    """The user whose token the request carries; refuses a missing, unknown or expired one."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not value:
        raise Refusal("PARTNER_AUTHENTICATION_FAILED", "The specified Integrator Key was not found or is disabled.", 401)
    known = state["tokens"].get(value) if scheme.lower() == "bearer" else None
    if known is None or read(known["expires"], "expires") <= now:
        raise BY_STATUS[401]
    return str(known["user"])


def _verified(assertion: str, state: State, host: str) -> State:
    """The claims of an assertion, if the app's key signed them and they are in order."""
    app = state["apps"].get(_unverified(assertion).get("iss"))
    if app is None:
        raise GrantRefused("invalid_grant", "issuer_not_found")
    claims = _signed_by(assertion, app.get("public_keys", []))
    if claims.get("aud") not in AUDIENCES | {host, host.partition(":")[0]}:
        raise GrantRefused("invalid_grant", "invalid_audience")
    _require_current(claims)
    if claims.get("sub") not in state["users"]:
        raise GrantRefused("invalid_grant", "user_not_found")
    if app.get("consent_required"):
        raise GrantRefused("consent_required")
    return claims


def _unverified(assertion: str) -> State:
    try:
        return dict(json.loads(extract_compact(assertion.encode()).payload))
    except (JoseError, ValueError):
        raise GrantRefused("invalid_request", "assertion is not a JWT") from None


def _signed_by(assertion: str, keys: list[str]) -> State:
    for key in keys:
        try:
            return dict(jwt.decode(assertion, RSAKey.import_key(key), algorithms=["RS256"]).claims)
        except (JoseError, ValueError):
            continue
    raise GrantRefused("invalid_grant", "no_valid_keys_or_signatures")


def _require_current(claims: State) -> None:
    # By the machine's time, not the vendor's: rehearsals move the vendor's, and the client signs with its own.
    now = datetime.now(UTC)
    try:
        issued, expires = (datetime.fromtimestamp(float(claims[name]), UTC) for name in ("iat", "exp"))
    except (KeyError, TypeError, ValueError):
        raise GrantRefused("invalid_request", "iat and exp are required") from None
    if expires <= now or issued > now + _SKEW or expires - issued > _LONGEST_ASSERTION:
        raise GrantRefused("invalid_grant", "expired_grant")
