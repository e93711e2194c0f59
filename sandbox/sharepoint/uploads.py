"""Upload sessions: large files in fragments, in order, resumed by asking what is missing."""

import base64
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused
from sandbox.sharepoint.call import ITEM, Call, Entry, answer
from sandbox.sharepoint.items import put
from sandbox.sharepoint.tree import Item

FRAGMENT = 320 * 1024
LARGEST_FRAGMENT = 60 * 1024 * 1024
LIFETIME = timedelta(hours=24)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


async def create(call: Call) -> Response:
    """A session: its address is a secret, so that the fragments carry no token."""
    given = (await call.body()).get("item", {})
    start, folders, name = call.place()
    found = call.found() if name else start
    if found:
        _check_free(call, found, given, by_id=not name)
    if given.get("fileSize", 0) > call.drive["quota"] - call.drive["used"]:
        raise Refused(507, "The library has not enough room for this file.")
    key = secrets.token_hex(16)
    parent = start if name else call.tree.parent(start)
    session = {
        "drive": call.at["drive"],
        "start": parent["id"] if parent else start["id"],
        "folders": folders,
        "name": name or start["name"],
        "behaviour": given.get("@microsoft.graph.conflictBehavior", "fail" if name else "replace"),
        "expires": (call.now + LIFETIME).isoformat(),
        "client": call.client,
        "total": None,
        "received": [],
        "next": 0,
    }
    call.state["uploads"][key] = session
    url = f"{call.base}/_api/v2.0/drives/{call.at['drive']}/uploadSession/{key}?tempauth={secrets.token_hex(8)}"
    return answer(
        {"@odata.context": f"{call.base}/v1.0/$metadata#microsoft.graph.uploadSession", "uploadUrl": url} | _missing(session)
    )


def _check_free(call: Call, found: Item, given: dict[str, Any], *, by_id: bool) -> None:
    call.unchanged(found)
    if given.get("@microsoft.graph.conflictBehavior", "replace" if by_id else "fail") == "fail":
        raise Refused(409, "The specified item name already exists.")


def _missing(session: dict[str, Any]) -> dict[str, Any]:
    """What is still to come; its end is known once a fragment has told the length of the whole."""
    end = session["total"] - 1 if session["total"] else ""
    return {"expirationDateTime": session["expires"], "nextExpectedRanges": [f"{session['next']}-{end}"]}


def _open(call: Call) -> dict[str, Any]:
    session: dict[str, Any] | None = call.state["uploads"].get(call.at["key"])
    if not session or datetime.fromisoformat(session["expires"]) < call.now:
        raise Refused(404, "The upload session was not found", inner="uploadSessionNotFound")
    if "authorization" in call.request.headers:
        raise Refused(401, "A fragment is sent without the Authorization header.", code="unauthenticated")
    return session


async def status(call: Call) -> Response:
    """What is missing."""
    return answer(_missing(_open(call)))


async def cancel(call: Call) -> Response:
    """Forget the session."""
    _open(call)
    del call.state["uploads"][call.at["key"]]
    return Response(status_code=204)


async def fragment(call: Call) -> Response:
    """The next bytes; the last of them make the file."""
    session, content = _open(call), await call.request.body()
    found = _RANGE.fullmatch(call.request.headers.get("content-range", ""))
    if not found:
        raise Refused(400, "The Content-Range header is missing or malformed.")
    first, last, total = map(int, found.groups())
    _check_fragment(session, content, first, last, total)
    session["total"] = total
    session["received"].append(base64.b64encode(content).decode())
    session["next"] = last + 1
    if session["next"] < total:
        return answer(_missing(session), 202)
    return _committed(call, session)


def _check_fragment(session: dict[str, Any], content: bytes, first: int, last: int, total: int) -> None:
    if last - first + 1 != len(content) or (session["total"] or total) != total:
        raise Refused(400, "Declared length does not match the provided bytes.", inner="fragmentLengthMismatch")
    if len(content) >= LARGEST_FRAGMENT:
        raise Refused(413, "The fragment is too large.", inner="maxFragmentLengthExceeded")
    if first != session["next"]:
        inner = "fragmentOverlap" if first < session["next"] else "fragmentOutOfOrder"
        raise Refused(416, "The uploaded fragment overlaps with or does not follow the bytes received.", inner=inner)
    if last + 1 < total and len(content) % FRAGMENT:
        raise Refused(400, f"A fragment must be a multiple of {FRAGMENT} bytes, except the last.")


def _committed(call: Call, session: dict[str, Any]) -> Response:
    content = b"".join(base64.b64decode(part) for part in session["received"])
    start = call.tree.item(session["drive"], session["start"])
    parent = call.tree.folders(start, session["folders"], call.by, call.now)
    item, made = put(call, parent, session["name"], content, session["behaviour"])
    del call.state["uploads"][call.at["key"]]
    return answer(shapes.item(call, item), 201 if made else 200)


async def commit(call: Call) -> Response:
    """Make the file of a session whose last fragment met a conflict."""
    session = _open(call)
    if session["total"] is None or session["next"] < session["total"]:
        raise Refused(400, "The upload session is not complete.", inner="uploadSessionIncomplete")
    return _committed(call, session)


PATHS = [Entry("POST", rf"{ITEM}/createUploadSession", create)]

_SESSION = r"drives/(?P<drive>[^/]+)/uploadSession/(?P<key>\w+)"
OPEN_PATHS = [
    Entry("GET", _SESSION, status),
    Entry("PUT", _SESSION, fragment),
    Entry("POST", _SESSION, commit),
    Entry("DELETE", _SESSION, cancel),
]
