"""Who calls: HTTP Basic with the account's number and licence key, or a user's name and password."""

import base64
import binascii
from typing import Any

from starlette.requests import Request

from sandbox.avatax.refusals import Refusal

_MISSING = "Missing authentication or unable to authenticate the user or the account."


def caller(state: dict[str, Any], request: Request) -> str:
    """The account or user whose credentials are right; 401 otherwise."""
    name = known(state, request)
    if name is None:
        raise Refusal(401, "AuthenticationException", _MISSING)
    return name


def known(state: dict[str, Any], request: Request) -> str | None:
    """The same, but None instead of a refusal."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    account = state["accounts"].get(name)
    return name if account is not None and secret == account["licence_key"] else None
