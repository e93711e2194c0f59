"""``$batch``: up to 20 calls in one, each with an answer, a status and a Retry-After of its own."""

import base64
import binascii
import json
from typing import Any

import httpx2 as httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from sandbox.sharepoint.answers import Refused

LARGEST = 20


async def run(request: Request, app: ASGIApp) -> JSONResponse:
    """Every part goes through the whole server again, so that a fault may meet one part alone."""
    parts = _parts(await request.body())
    limit = request.state.partial
    answers: dict[str, dict[str, Any]] = {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=str(request.base_url)) as client:
        for number, part in enumerate(parts):
            if limit is not None and number >= limit:
                answers[part["id"]] = _failed(part["id"], 429, "activityLimitReached", "Too many requests", {"Retry-After": "1"})
            elif any(answers.get(other, {}).get("status", 424) >= 400 for other in part.get("dependsOn", [])):
                answers[part["id"]] = _failed(part["id"], 424, "FailedDependency", "A request that this one depends on failed.")
            else:
                answers[part["id"]] = await _answered(client, part, request.headers.get("authorization", ""))
    return JSONResponse({"responses": list(reversed(answers.values()))})  # in no promised order: match them by id


def _parts(content: bytes) -> list[dict[str, Any]]:
    try:
        parts: list[dict[str, Any]] = json.loads(content)["requests"]
        names = {part["id"].casefold() for part in parts}
        complete = all(part["method"] and part["url"] for part in parts)
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise Refused(400, "Invalid batch payload format.", code="BadRequest") from broken
    if len(parts) > LARGEST:
        raise Refused(400, f"Number of batch request steps exceeds the maximum value of {LARGEST}.", code="BadRequest")
    if not complete or len(names) < len(parts):
        raise Refused(400, "Every request of a batch must have an id of its own, a method and a url.", code="BadRequest")
    return parts


async def _answered(client: httpx.AsyncClient, part: dict[str, Any], authorization: str) -> dict[str, Any]:
    headers = {"Authorization": authorization} | part.get("headers", {})
    if "body" in part and not any(name.casefold() == "content-type" for name in part.get("headers", {})):
        return _failed(part["id"], 400, "BadRequest", "A request with a body must have a Content-Type header.")
    url = "/v1.0/" + part["url"].lstrip("/")
    response = await client.request(
        part["method"], url, headers=headers, content=_content(part.get("body")), follow_redirects=False
    )
    return {"id": part["id"], "status": response.status_code, "headers": dict(response.headers), "body": _body(response)}


def _content(body: Any) -> bytes | None:
    if isinstance(body, str):
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            return body.encode()
    return None if body is None else json.dumps(body).encode()


def _body(response: httpx.Response) -> Any:
    if not response.content:
        return None
    if "json" in response.headers.get("content-type", ""):
        return response.json()
    return base64.b64encode(response.content).decode()


def _failed(identifier: str, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    body = {"error": {"code": code, "message": message}}
    return {"id": identifier, "status": status, "headers": {"Content-Type": "application/json"} | (headers or {}), "body": body}
