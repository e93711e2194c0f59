"""The feed of changes of a library: delta links, which grow too old, and subscriptions, which only say that something changed."""

import json
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2 as httpx
from starlette.responses import Response

from sandbox.deliveries import Deliveries, Delivery
from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused, instant, opened, sealed
from sandbox.sharepoint.call import ITEM, Call, Entry, answer
from sandbox.sharepoint.sites import plain

TOKEN_LIFETIME = timedelta(days=30)
LONGEST_SUBSCRIPTION = timedelta(minutes=42_300)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def delta(call: Call) -> Response:
    """What changed since the token, or everything; the last page carries the link for next time."""
    folder = call.item()
    token = call.at.get("token") or call.query.get("token", "")
    since = _since(call, token)
    if token == "latest":
        return answer({"value": [], "@odata.deltaLink": _link(call, call.state["sequence"])})
    changed = [i for i in call.tree.noted_since(folder["drive"], since) if token or not i["deleted"]]
    size = min(int(call.query.get("$top", 200)), 999)
    shown = changed[:size]
    value = [shapes.gone(call, i) if i["deleted"] else shapes.item(call, i) for i in shown]
    if len(changed) > size:
        return answer({"value": value, "@odata.nextLink": _link(call, shown[-1]["sequence"])})
    return answer({"value": value, "@odata.deltaLink": _link(call, call.state["sequence"])})


def _since(call: Call, token: str) -> int:
    if token in {"", "latest"}:
        return 0
    if token[:2] == "20" and "T" in token:  # a moment instead of a token; only SharePoint takes one
        moment = instant(datetime.fromisoformat(token))
        return max((i["sequence"] for i in call.state["items"].values() if i["modified"] < moment), default=0)
    kept = opened(token)
    made = datetime.fromisoformat(kept["made"])
    if call.now - made > TOKEN_LIFETIME or kept["since"] > call.state["sequence"]:
        raise Refused(
            410,
            "Resync required. Replace any local items with the server's version (including deletes).",
            inner="resyncChangesApplyDifferences",
            headers={"Location": f"{call.base}/v1.0/drives/{call.at['drive']}/root/delta"},
        )
    return int(kept["since"])


def _link(call: Call, since: int) -> str:
    token = sealed({"since": since, "made": call.now.isoformat()})
    rest = {name: value for name, value in call.query.items() if name != "token"}
    return f"{call.base}/v1.0/drives/{call.at['drive']}/root/delta?{urlencode(rest | {'token': token})}"


async def subscribe(call: Call) -> Response:
    """A subscription, once the address has echoed a token as plain text."""
    given = await call.body()
    drive = _watched(call, given.get("resource", ""))
    call.allowed(call.state["drives"][drive]["site"], "read")
    if given.get("changeType") != "updated":
        raise Refused(400, "Only 'updated' is supported as the change type of this resource.", code="InvalidRequest")
    _check_url(given.get("notificationUrl", ""))
    expires = _expiry(call, given)
    await _handshake(given["notificationUrl"])
    identifier = str(uuid.uuid4())
    kept = {
        name: given.get(name) for name in ("changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "clientState")
    }
    shown = {"id": identifier, "applicationId": call.client, "creatorId": call.client, "expirationDateTime": expires} | kept
    call.state["subscriptions"][identifier] = shown | {"drive": drive}
    return answer({"@odata.context": f"{call.base}/v1.0/$metadata#subscriptions/$entity"} | _shown(shown), 201)


def _watched(call: Call, resource: str) -> str:
    parts = plain(resource.strip("/"), call.state).split("/")
    if len(parts) == 3 and parts[0] == "drives" and parts[2] == "root" and parts[1] in call.state["drives"]:
        return parts[1]
    for identifier, library in call.state["drives"].items():
        if parts == ["sites", library["site"], "lists", library["list"]]:
            return str(identifier)
    raise Refused(400, f"Resource '{resource}' is not supported for subscriptions.", code="InvalidRequest")


def _check_url(url: str) -> None:
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in _LOOPBACK:  # the real one takes https alone
        raise Refused(400, "The notification URL must use HTTPS.", code="InvalidRequest")


def _expiry(call: Call, given: dict[str, Any]) -> str:
    try:
        expires = datetime.fromisoformat(given["expirationDateTime"])
    except (KeyError, ValueError, TypeError) as broken:
        raise Refused(400, "The expirationDateTime is missing or malformed.", code="InvalidRequest") from broken
    if not call.now < expires <= call.now + LONGEST_SUBSCRIPTION:
        minutes = LONGEST_SUBSCRIPTION // timedelta(minutes=1)
        raise Refused(400, f"Subscription expiration can only be {minutes} minutes in the future.", code="InvalidRequest")
    return instant(expires)


async def _handshake(url: str) -> None:
    token = f"Validation: Testing client application reachability for subscription Request-Id: {secrets.token_hex(8)}"
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            echoed = await client.post(
                url, params={"validationToken": token}, headers={"Content-Type": "text/plain; charset=utf-8"}
            )
    except httpx.HTTPError as unreachable:
        raise Refused(
            400, "Subscription validation request failed. The endpoint did not answer.", code="ValidationError"
        ) from unreachable
    plain_text = echoed.headers.get("content-type", "").startswith("text/plain")
    if echoed.status_code != 200 or echoed.text != token or not plain_text:
        raise Refused(
            400,
            "Subscription validation request failed. Notification endpoint must respond with 200 OK and the token as plain text.",
            code="ValidationError",
        )


def _shown(subscription: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in subscription.items() if name not in {"drive", "clientState"}}


def _subscription(call: Call) -> dict[str, Any]:
    found: dict[str, Any] | None = call.state["subscriptions"].get(call.at["subscription"])
    if not found or datetime.fromisoformat(found["expirationDateTime"]) < call.now:
        raise Refused(404, "The object was not found.", code="ResourceNotFound")
    return found


async def list_subscriptions(call: Call) -> Response:
    """The application's own."""
    return answer({"value": [_shown(s) for s in call.state["subscriptions"].values() if s["applicationId"] == call.client]})


async def read_subscription(call: Call) -> Response:
    """One subscription."""
    return answer(_shown(_subscription(call)))


async def renew(call: Call) -> Response:
    """A later end."""
    found = _subscription(call)
    found["expirationDateTime"] = _expiry(call, await call.body())
    return answer(_shown(found))


async def unsubscribe(call: Call) -> Response:
    """No more notifications."""
    del call.state["subscriptions"][_subscription(call)["id"]]
    return Response(status_code=204)


def announce(state: dict[str, Any], drives: set[str], now: datetime, deliveries: Deliveries) -> None:
    """Tell every subscriber of these libraries that something changed; what, they must ask the feed."""
    for subscription in state["subscriptions"].values():
        if subscription["drive"] not in drives or datetime.fromisoformat(subscription["expirationDateTime"]) < now:
            continue
        notice = {
            "subscriptionId": subscription["id"],
            "clientState": subscription["clientState"],
            "expirationDateTime": subscription["expirationDateTime"],
            "resource": subscription["resource"],
            "tenantId": state["tenant"]["id"],
            "resourceData": {"@odata.type": "#Microsoft.Graph.DriveItem"},
            "changeType": "updated",
        }
        body = json.dumps({"value": [notice]}).encode()
        deliveries.post(
            Delivery(subscription["notificationUrl"], body, {"Content-Type": "application/json"}, label=subscription["id"])
        )


PATHS = [
    Entry("GET", rf"{ITEM}/delta(?:\((?:token='(?P<token>[^']*)')?\))?", delta),
    Entry("POST", r"subscriptions", subscribe),
    Entry("GET", r"subscriptions", list_subscriptions),
    Entry("GET", r"subscriptions/(?P<subscription>[^/]+)", read_subscription),
    Entry("PATCH", r"subscriptions/(?P<subscription>[^/]+)", renew),
    Entry("DELETE", r"subscriptions/(?P<subscription>[^/]+)", unsubscribe),
]
