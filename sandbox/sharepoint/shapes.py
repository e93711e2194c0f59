"""Records of the state as Graph shows them: sites, drives, items, lists, columns, fields."""

from typing import Any
from urllib.parse import quote

from sandbox.sharepoint.answers import Refused, instant, sealed
from sandbox.sharepoint.call import Call, ctag, etag
from sandbox.sharepoint.tree import Item


def site(call: Call, identifier: str) -> dict[str, Any]:
    """A site."""
    record = call.state["sites"].get(identifier)
    if not record:
        raise Refused(404, "Requested site could not be found")
    return {
        "id": identifier,
        "createdDateTime": record["created"],
        "lastModifiedDateTime": record["created"],
        "name": record["path"].rpartition("/")[2],
        "displayName": record["displayName"],
        "webUrl": f"https://{record['hostname']}{record['path']}",
        "siteCollection": {"hostname": record["hostname"]},
        **({"root": {}} if record["path"] == "" else {}),
    }


def drive(call: Call, identifier: str) -> dict[str, Any]:
    """A document library as a drive."""
    record = call.state["drives"][identifier]
    owner = call.state["sites"][record["site"]]
    left = record["quota"] - record["used"]
    return {
        "id": identifier,
        "createdDateTime": owner["created"],
        "lastModifiedDateTime": owner["created"],
        "name": record["name"],
        "driveType": "documentLibrary",
        "webUrl": _web(call, identifier),
        "owner": {"user": {"displayName": f"{owner['displayName']} Owners"}},
        "quota": {"deleted": 0, "remaining": left, "state": "normal", "total": record["quota"], "used": record["used"]},
    }


def item(call: Call, record: Item) -> dict[str, Any]:
    """A folder or file, narrowed and widened by ``$select`` and ``$expand``."""
    full = _item(call, record)
    expand = call.query.get("$expand", "")
    if "listItem" in expand:
        full["listItem"] = list_item(call, record, fields="fields" in expand)
    if "children" in expand and "children" in record:
        full["children"] = [_item(call, child) for child in call.tree.children(record)]
    chosen = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
    if not chosen:
        return full
    kept = {*chosen, "listItem", "children"} if expand else set(chosen)
    return {name: value for name, value in full.items() if name in kept or name == "@odata.etag"}


def _item(call: Call, record: Item) -> dict[str, Any]:
    tree, identifier = call.tree, record["drive"]
    path = tree.path(record)
    shown = {
        "id": record["id"],
        "name": record["name"],
        "eTag": etag(record),
        "createdBy": record["created_by"],
        "createdDateTime": record["created"],
        "lastModifiedBy": record["modified_by"],
        "lastModifiedDateTime": record["modified"],
        "fileSystemInfo": {"createdDateTime": record["created"], "lastModifiedDateTime": record["modified"]},
        "parentReference": _parent(call, record),
        "size": tree.size(record),
        "webUrl": "/".join([_web(call, identifier), quote(path)]).rstrip("/"),
    }
    if call.state["permissions"].get(record["id"]):
        shown["shared"] = {"scope": "users"}
    if not record["parent"]:
        shown["root"] = {}
    if "children" in record:
        return shown | {"folder": {"childCount": len(record["children"])}}
    token = sealed({"item": record["id"], "until": call.now.timestamp() + 3600})
    return shown | {
        "@microsoft.graph.downloadUrl": f"{call.base}/_layouts/15/download.aspx?UniqueId={record['guid']}&tempauth={token}",
        "cTag": ctag(record),
        "file": {"mimeType": record["mime"], "hashes": {"quickXorHash": record["quick_xor"]}},
    }


def _parent(call: Call, record: Item) -> dict[str, Any]:
    library = call.state["drives"][record["drive"]]
    reference = {"driveType": "documentLibrary", "driveId": record["drive"], "siteId": library["site"]}
    parent = call.tree.parent(record)
    if not parent:
        return reference
    path = call.tree.path(parent)
    where = f"/drives/{record['drive']}/root:" + (f"/{path}" if path else "")
    return reference | {"id": parent["id"], "name": parent["name"], "path": where}


def gone(call: Call, record: Item) -> dict[str, Any]:
    """What the feed of changes shows of a deleted item: SharePoint leaves out its name."""
    library = call.state["drives"][record["drive"]]
    facet = {"folder": {"childCount": 0}} if "children" in record else {"file": {}}
    reference = {"driveType": "documentLibrary", "driveId": record["drive"], "siteId": library["site"], "id": record["parent"]}
    return {"id": record["id"], "deleted": {"state": "deleted"}, "parentReference": reference, **facet}


def list_item(call: Call, record: Item, *, fields: bool) -> dict[str, Any]:
    """The row of the library's list that stands behind a folder or file."""
    library = call.state["drives"][record["drive"]]
    folder = "children" in record
    shown = {
        "@odata.etag": etag(record),
        "id": record["list_item"],
        "eTag": etag(record),
        "createdDateTime": record["created"],
        "createdBy": record["created_by"],
        "lastModifiedDateTime": record["modified"],
        "lastModifiedBy": record["modified_by"],
        "webUrl": "/".join([_web(call, record["drive"]), quote(call.tree.path(record))]),
        "parentReference": {"siteId": library["site"]},
        "contentType": {"id": "0x0120" if folder else "0x0101", "name": "Folder" if folder else "Document"},
    }
    return shown | ({"fields": field_values(call, record)} if fields else {})


def field_values(call: Call, record: Item) -> dict[str, Any]:
    """The values of the columns, as chosen by ``$expand=fields($select=...)``; an empty one is left out."""
    values = {
        "@odata.etag": etag(record),
        "id": record["list_item"],
        "FileLeafRef": record["name"],
        "Created": record["created"],
        "Modified": record["modified"],
        "ContentType": "Folder" if "children" in record else "Document",
        **{name: value for name, value in record["fields"].items() if value is not None},
    }
    _, found, rest = call.query.get("$expand", "").partition("fields(")
    chosen = rest.partition("=")[2].partition(")")[0].split(",") if found and "elect=" in rest else []
    return {n: v for n, v in values.items() if n in {"@odata.etag", *chosen}} if chosen else values


def list_of(call: Call, identifier: str) -> dict[str, Any]:
    """The list that stands behind a library."""
    record = call.state["drives"][identifier]
    owner = call.state["sites"][record["site"]]
    return {
        "id": record["list"],
        "createdDateTime": owner["created"],
        "lastModifiedDateTime": instant(call.now),
        "name": record["path"],
        "displayName": record["name"],
        "webUrl": _web(call, identifier),
        "parentReference": {"siteId": record["site"]},
        "list": {"contentTypesEnabled": False, "hidden": False, "template": "documentLibrary"},
    }


def column(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A column of a list."""
    return {
        "id": record["id"],
        "name": name,
        "displayName": record.get("displayName", name),
        "columnGroup": "Custom Columns",
        "description": record.get("description", ""),
        "enforceUniqueValues": record.get("enforceUniqueValues", False),
        "hidden": False,
        "indexed": record.get("indexed", False),
        "readOnly": False,
        "required": False,
        "text": {"allowMultipleLines": False, "appendChangesToExistingText": False, "linesForEditing": 0, "maxLength": 255},
    }


def _web(call: Call, identifier: str) -> str:
    record = call.state["drives"][identifier]
    owner = call.state["sites"][record["site"]]
    return f"https://{owner['hostname']}{owner['path']}/{quote(record['path'])}"
