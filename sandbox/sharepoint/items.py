"""Folders and files: read, list, create, upload in one call, rename, move, download, search, delete."""

from urllib.parse import unquote

from starlette.responses import Response

from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused, page
from sandbox.sharepoint.call import ITEM, Call, Entry, answer
from sandbox.sharepoint.tree import Item

SIMPLE_UPLOAD_LIMIT = 250 * 1024 * 1024
_BEHAVIOUR = "@microsoft.graph.conflictBehavior"


async def read(call: Call) -> Response:
    """One item, unless the caller has this version already."""
    item = call.item()
    if call.fresh(item):
        return Response(status_code=304)
    return answer(
        {"@odata.context": f"{call.base}/v1.0/$metadata#drives('{item['drive']}')/root/$entity", **shapes.item(call, item)}
    )


async def children(call: Call) -> Response:
    """What a folder holds."""
    items = call.tree.children(call.item())
    if call.query.get("$orderby", "").startswith("lastModifiedDateTime"):
        items.sort(key=lambda i: i["modified"], reverse=call.query["$orderby"].endswith("desc"))
    return answer(page(items, call.query, call.link, lambda i: shapes.item(call, i)))


async def create_folder(call: Call) -> Response:
    """A new folder; by default a name that is taken is refused."""
    parent, given = call.item(), await call.body()
    call.allowed(call.drive["site"], "write")
    name = given.get("name", "")
    if "folder" not in given or "children" not in parent:
        raise Refused(400, "Cannot create a folder from this request: 'folder' is missing, or the parent is a file.")
    taken = call.tree.child(parent, name)
    behaviour = given.get(_BEHAVIOUR, "fail")
    if taken and behaviour == "rename":
        name, taken = call.tree.free_name(parent, name), None
    if taken and (behaviour == "fail" or "children" not in taken):
        raise Refused(409, "An item with the same name already exists under the parent")
    made = taken or call.tree.folder(parent, name, call.by, call.now)
    call.hide(made)
    return answer(shapes.item(call, made), 201)


async def upload(call: Call) -> Response:
    """A whole file in one call: it replaces what has this name unless told otherwise, and makes missing folders."""
    content = (await call.request.body())[: call.request.state.partial]  # a transfer that was cut, if such a fault is met
    if len(content) > SIMPLE_UPLOAD_LIMIT:
        raise Refused(413, "The request exceeds the maximum size. Use an upload session.", inner="maxFileSizeExceeded")
    start, folders, name = call.place()
    found = call.found()
    if found and found is not start:
        call.unchanged(found)
    elif call.request.headers.get("if-match") and not found:
        raise Refused(404, "The resource could not be found.")
    if not name:
        call.unchanged(start)
        return answer(shapes.item(call, call.tree.write(start, content, call.by, call.now)))
    parent = call.tree.folders(start, folders, call.by, call.now)
    item, made = put(call, parent, name, content, call.request.query_params.get(_BEHAVIOUR, "replace"))
    return answer(shapes.item(call, item), 201 if made else 200)


def put(call: Call, parent: Item, name: str, content: bytes, behaviour: str) -> tuple[Item, bool]:
    """The file with this content, and whether it is new."""
    found = call.tree.child(parent, name)
    if found and behaviour == "fail":
        raise Refused(409, "An item with the same name already exists under the parent")
    if found and behaviour == "replace":
        call.hide(found)
        return call.tree.write(found, content, call.by, call.now), False
    name = call.tree.free_name(parent, name) if found else name
    made = call.tree.file(parent, name, content, call.by, call.now)
    call.hide(made)
    return made, True


async def update(call: Call) -> Response:
    """Another name, folder or description."""
    item, given = call.item(), await call.body()
    call.allowed(call.drive["site"], "write")
    call.unchanged(item)
    parent = call.tree.parent(item)
    if not parent:
        raise Refused(400, "The root folder cannot be changed.")
    target = given.get("parentReference", {}).get("id", parent["id"])
    parent = call.tree.item(item["drive"], target)
    name = str(given.get("name", item["name"]))
    taken = call.tree.child(parent, name)
    if taken and taken is not item:
        if given.get(_BEHAVIOUR, call.request.query_params.get(_BEHAVIOUR, "fail")) != "rename":
            raise Refused(409, "Name already exists")
        name = call.tree.free_name(parent, name)
    call.tree.move(item, parent, name)
    call.hide(item)
    return answer(shapes.item(call, call.tree.touch(item, call.by, call.now)))


async def delete(call: Call) -> Response:
    """Into the recycle bin, with everything in it."""
    item = _removable(call)
    call.tree.recycle(item, call.now)
    return Response(status_code=204)


async def delete_for_good(call: Call) -> Response:
    """Past the recycle bin."""
    call.tree.purge(_removable(call), call.now)
    return Response(status_code=204)


def _removable(call: Call) -> Item:
    item = call.item()
    call.allowed(call.drive["site"], "write")
    call.unchanged(item)
    if not item["parent"]:
        raise Refused(400, "The root folder cannot be deleted.")
    return item


async def content(call: Call) -> Response:
    """Where to fetch the content: an address that needs no token, for a while."""
    item = call.item()
    if "children" in item:
        raise Refused(400, "A folder has no content.")
    return Response(status_code=302, headers={"Location": shapes.item(call, item)["@microsoft.graph.downloadUrl"]})


async def search(call: Call) -> Response:
    """Items whose name, fields or text hold all the words, as far as the index knows them yet."""
    words = unquote(call.at["q"]).replace("''", "'").casefold().split()
    found = [i for i in call.tree.below(call.item()) if call.tree.visible(i, call.now) and _holds(call, i, words)]
    return answer(page(found, call.query, call.link, lambda i: shapes.item(call, i)))


def _holds(call: Call, item: Item, words: list[str]) -> bool:
    readable = item.get("mime", "").startswith("text/")
    text = " ".join([item["name"], *(v or "" for v in item["fields"].values())])
    text += call.tree.content(item).decode("utf-8", "replace") if readable else ""
    return all(word in text.casefold() for word in words)


PATHS = [
    Entry("GET", ITEM, read),
    Entry("PATCH", ITEM, update),
    Entry("DELETE", ITEM, delete),
    Entry("POST", rf"{ITEM}/permanentDelete", delete_for_good),
    Entry("GET", rf"{ITEM}/children", children),
    Entry("POST", rf"{ITEM}/children", create_folder),
    Entry("GET", rf"{ITEM}/content", content),
    Entry("PUT", rf"{ITEM}/content", upload),
    Entry("GET", rf"{ITEM}/search\(q='(?P<q>.*)'\)", search),
]
