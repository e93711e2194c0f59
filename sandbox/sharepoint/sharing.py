"""Who may see a folder or file: permissions, invitations and links."""

import uuid
from typing import Any

from starlette.responses import Response

from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused, page
from sandbox.sharepoint.call import ITEM, Call, Entry, answer
from sandbox.sharepoint.tree import Item

_ROLES = {"read", "write", "owner"}
_LINKS = {"view": "read", "edit": "write"}


def _granted(call: Call, item: Item) -> dict[str, Any]:
    granted: dict[str, Any] = call.state["permissions"].setdefault(item["id"], {})
    return granted


async def list_permissions(call: Call) -> Response:
    """The item's own permissions and those that it inherits, which say from where."""
    item = call.item()
    shown = list(_granted(call, item).values())
    parent = call.tree.parent(item)
    while parent:
        origin = {
            "driveId": parent["drive"],
            "id": parent["id"],
            "path": shapes.item(call, parent)["parentReference"].get("path", ""),
        }
        shown += [permission | {"inheritedFrom": origin} for permission in _granted(call, parent).values()]
        parent = call.tree.parent(parent)
    return answer(page(shown, call.query, call.link, lambda p: p))


async def invite(call: Call) -> Response:
    """Permissions for people, by e-mail address; one that a person has already gets the new roles."""
    item, given = call.item(), await call.body()
    call.allowed(call.drive["site"], "write")
    roles = given.get("roles") or []
    recipients = given.get("recipients") or []
    if not roles or not set(roles) <= _ROLES or not recipients or len(given.get("message") or "") > 2000:
        raise Refused(400, "One or more of the roles or recipients are missing or invalid")
    made = [_invited(call, item, one, roles, bool(given.get("requireSignIn"))) for one in recipients]
    call.tree.touch(item, call.by, call.now)
    return answer({"@odata.context": f"{call.base}/v1.0/$metadata#Collection(permission)", "value": made})


def _invited(call: Call, item: Item, recipient: dict[str, Any], roles: list[str], sign_in: bool) -> dict[str, Any]:
    email = recipient.get("email") or recipient.get("alias") or recipient.get("objectId")
    if not email:
        raise Refused(400, "A recipient has no e-mail address, alias or object id")
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{item['id']}/{email.casefold()}"))
    user = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, email.casefold())), "displayName": email.partition("@")[0]}
    permission = {
        "id": identifier,
        "roles": roles,
        "grantedToV2": {"user": user, "siteUser": {"id": user["id"], "displayName": user["displayName"], "loginName": email}},
        "invitation": {"email": email, "signInRequired": sign_in},
    }
    _granted(call, item)[identifier] = permission
    return permission


async def create_link(call: Call) -> Response:
    """A link of this type and scope; the same one again for the same application."""
    item, given = call.item(), await call.body()
    call.allowed(call.drive["site"], "write")
    kind, scope = given.get("type", ""), given.get("scope", "organization")
    if kind not in _LINKS or scope not in {"organization", "users", "anonymous"}:
        raise Refused(400, "The link type or scope is not supported")
    if scope == "anonymous" and not call.state["tenant"]["anonymousLinks"]:
        raise Refused(403, "The sharing policy of the organization does not allow anonymous links", code="notAllowed")
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{item['id']}/{kind}/{scope}/{call.client}"))
    if identifier in _granted(call, item):
        return answer(_granted(call, item)[identifier])
    site = call.state["sites"][call.drive["site"]]
    letter = "f" if "children" in item else "b"
    link = {
        "type": kind,
        "scope": scope,
        "webUrl": f"https://{site['hostname']}/:{letter}:/s{site['path']}/{identifier}",
        "preventsDownload": False,
    }
    _granted(call, item)[identifier] = {"id": identifier, "roles": [_LINKS[kind]], "link": link, "hasPassword": False}
    call.tree.touch(item, call.by, call.now)
    return answer(_granted(call, item)[identifier], 201)


def _permission(call: Call) -> tuple[Item, dict[str, Any]]:
    item = call.item()
    found = _granted(call, item).get(call.at["permission"])
    if not found:
        raise Refused(404, "The permission could not be found.")
    return item, found


async def read_permission(call: Call) -> Response:
    """One permission."""
    return answer(_permission(call)[1])


async def change_permission(call: Call) -> Response:
    """Other roles."""
    item, found = _permission(call)
    call.allowed(call.drive["site"], "write")
    roles = (await call.body()).get("roles") or []
    if not roles or not set(roles) <= _ROLES:
        raise Refused(400, "One or more of the roles are invalid")
    found["roles"] = roles
    call.tree.touch(item, call.by, call.now)
    return answer(found)


async def remove_permission(call: Call) -> Response:
    """Take a permission back."""
    item, found = _permission(call)
    call.allowed(call.drive["site"], "write")
    del _granted(call, item)[found["id"]]
    call.tree.touch(item, call.by, call.now)
    return Response(status_code=204)


_PERMISSION = rf"{ITEM}/permissions/(?P<permission>[^/]+)"

PATHS = [
    Entry("POST", rf"{ITEM}/invite", invite),
    Entry("POST", rf"{ITEM}/createLink", create_link),
    Entry("GET", rf"{ITEM}/permissions", list_permissions),
    Entry("GET", _PERMISSION, read_permission),
    Entry("PATCH", _PERMISSION, change_permission),
    Entry("DELETE", _PERMISSION, remove_permission),
]
