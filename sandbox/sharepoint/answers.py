"""How Microsoft Graph answers: its error form, its pages, its dates."""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse

CODES = {
    400: "invalidRequest",
    401: "InvalidAuthenticationToken",
    403: "accessDenied",
    404: "itemNotFound",
    405: "notSupported",
    409: "nameAlreadyExists",
    410: "resyncRequired",
    412: "resourceModified",
    413: "invalidRequest",
    416: "invalidRange",
    423: "notAllowed",
    429: "activityLimitReached",
    500: "generalException",
    502: "generalException",
    503: "serviceNotAvailable",
    504: "generalException",
    507: "quotaLimitReached",
    509: "activityLimitReached",
}


class Refused(Exception):
    """A call that Graph refuses: the status, its code, a developer's message and, often, a more exact inner code."""

    def __init__(self, status: int, message: str, *, code: str = "", inner: str = "", headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.status, self.message, self.inner = status, message, inner
        self.code = code or CODES.get(status, "generalException")
        self.headers = dict(headers or {})


def refusal(refused: Refused, now: datetime) -> JSONResponse:
    """The error answer, with the identifiers that Microsoft's support asks for."""
    request_id = str(uuid.uuid4())
    inner: dict[str, str] = {"code": refused.inner} if refused.inner else {}
    inner |= {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": request_id, "client-request-id": request_id}
    body = {"error": {"code": refused.code, "message": refused.message, "innerError": inner}}
    headers = {"request-id": request_id, "client-request-id": request_id} | refused.headers
    return JSONResponse(body, status_code=refused.status, headers=headers)


def instant(moment: datetime) -> str:
    """A moment as Graph writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def page(
    records: list[Any], query: Mapping[str, str], link: str, shape: Callable[[Any], dict[str, Any]], *, default: int = 200
) -> dict[str, Any]:
    """One page of a collection and, if there is more, the opaque link to the next."""
    size = min(int(query.get("$top", default)), 999)
    start = opened(query["$skiptoken"])["start"] if "$skiptoken" in query else 0
    answer: dict[str, Any] = {"value": [shape(record) for record in records[start : start + size]]}
    if start + size < len(records):
        rest = {name: value for name, value in query.items() if name != "$skiptoken"}
        answer["@odata.nextLink"] = f"{link}?{urlencode(rest | {'$skiptoken': sealed({'start': start + size})})}"
    return answer


def sealed(content: dict[str, Any]) -> str:
    """A token that clients must not look into."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def opened(token: str) -> dict[str, Any]:
    """What a token of ours holds; one that is not ours is refused."""
    try:
        content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as broken:
        raise Refused(400, "The token in the request is not valid.") from broken
    return content
