"""The folders and files of the document libraries, with their versions, fields and the recycle bin."""

import base64
import hashlib
import mimetypes
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.sharepoint.answers import Refused, instant
from sandbox.sharepoint.quickxor import quick_xor_hash

Item = dict[str, Any]

_FORBIDDEN = re.compile(r'["*:<>?/\\|]|^\s|[\s.]$|^~\$|_vti_', re.IGNORECASE)
_RESERVED = {".lock", "con", "prn", "aux", "nul", "desktop.ini"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
LONGEST_PATH = 400
# SharePoint writes the library's columns into Office files, so that their size and hash are not those of what was sent.
_OFFICE = (".docx", ".xlsx", ".pptx")
_PROPERTIES = b"<docProps/custom.xml>"


class Tree:
    """Works on the vendor's state, which is JSON; an item is a dictionary that it never hands out as an answer."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self.changed: set[str] = set()

    # Finding.

    def root(self, drive: str) -> Item:
        """The root folder of a document library."""
        return self.item(drive, self._state["drives"][drive]["root"])

    def item(self, drive: str, identifier: str) -> Item:
        """The item of that id, unless it is in the recycle bin."""
        found = self._state["items"].get(identifier)
        if not found or found["drive"] != drive or found["deleted"]:
            raise Refused(404, "The resource could not be found.")
        item: Item = found
        return item

    def child(self, folder: Item, name: str) -> Item | None:
        """The item of that name in a folder; SharePoint keeps a name's case but does not tell names apart by it."""
        identifier = folder.get("children", {}).get(name.casefold())
        return self._state["items"][identifier] if identifier else None

    def at(self, start: Item, path: str) -> Item | None:
        """The item at a path below another, if there is one."""
        found: Item | None = start
        for name in _names(path):
            found = self.child(found, name) if found else None
        return found

    def children(self, folder: Item) -> list[Item]:
        """What a folder holds, in the order of names."""
        return sorted((self._state["items"][i] for i in folder.get("children", {}).values()), key=lambda i: i["name"].casefold())

    def below(self, folder: Item) -> Iterator[Item]:
        """Everything in a folder, however deep."""
        for child in self.children(folder):
            yield child
            yield from self.below(child)

    def all(self, drive: str) -> list[Item]:
        """Every item of a library that is not in the recycle bin, root apart, oldest first."""
        return [i for i in self._state["items"].values() if i["drive"] == drive and not i["deleted"] and i["parent"]]

    def valued(self, drive: str, column: str, value: str) -> list[Item]:
        """The items of a library whose column has this value."""
        found = (i for i in self._state["items"].values() if i["fields"].get(column) == value)
        return [i for i in found if i["drive"] == drive and not i["deleted"]]

    def noted_since(self, drive: str, sequence: int) -> list[Item]:
        """What changed after that point of the feed, the recycle bin included, oldest change first."""
        changed = (i for i in self._state["items"].values() if i["drive"] == drive and i["sequence"] > sequence)
        return sorted(changed, key=lambda i: int(i["sequence"]))

    def parent(self, item: Item) -> Item | None:
        """The folder that an item is in, unless it is the root."""
        return self._state["items"][item["parent"]] if item["parent"] else None

    def path(self, item: Item) -> str:
        """The path from the root, without a leading slash."""
        names: list[str] = []
        step: Item | None = item
        while step and step["parent"]:
            names.append(step["name"])
            step = self.parent(step)
        return "/".join(reversed(names))

    def size(self, item: Item) -> int:
        """The bytes of a file, or of everything in a folder."""
        if "children" not in item:
            return int(item["size"])
        return sum(self.size(self._state["items"][i]) for i in item["children"].values())

    def content(self, item: Item) -> bytes:
        """The bytes of a file."""
        return base64.b64decode(self._state["contents"].get(item["id"], ""))

    # Changing.

    def plant(self, drive: str, now: datetime) -> Item:
        """The root folder of a new library."""
        return self._new(drive, None, "root", {"user": {"displayName": "System Account"}}, now)

    def folder(self, parent: Item, name: str, by: dict[str, Any], now: datetime) -> Item:
        """A new folder; the caller has seen to it that the name is free."""
        self._check_name(parent, name)
        return self._new(parent["drive"], parent, name, by, now)

    def folders(self, start: Item, path: str, by: dict[str, Any], now: datetime) -> Item:
        """The folder at that path, each missing one made on the way (what an upload by path does, unasked)."""
        for name in _names(path):
            found = self.child(start, name)
            if found and "children" not in found:
                raise Refused(409, "A file stands where the path needs a folder.")
            start = found or self.folder(start, name, by, now)
        return start

    def file(self, parent: Item, name: str, content: bytes, by: dict[str, Any], now: datetime) -> Item:
        """A new file; the caller has seen to it that the name is free."""
        self._check_name(parent, name)
        self._check_quota(parent["drive"], len(content))
        item = self._new(parent["drive"], parent, name, by, now)
        del item["children"]
        self._fill(item, content)
        return item

    def write(self, item: Item, content: bytes, by: dict[str, Any], now: datetime) -> Item:
        """New content for a file; both tags change."""
        if "children" in item:
            raise Refused(409, "A folder has this name.")
        self._check_quota(item["drive"], len(content) - item["size"])
        self._fill(item, content)
        item["content_version"] += 1
        return self.touch(item, by, now)

    def touch(self, item: Item, by: dict[str, Any], now: datetime) -> Item:
        """Note that something about the item changed: its eTag, who, when, and its place in the feed of changes."""
        item["version"] += 1
        item["modified"], item["modified_by"] = instant(now), by
        self._note(item)
        return item

    def move(self, item: Item, parent: Item, name: str) -> None:
        """Another name or folder for an item; the caller has seen to it that the name is free there."""
        self._check_name(parent, name)
        self._state["items"][item["parent"]]["children"].pop(item["name"].casefold())
        item["name"], item["parent"] = name, parent["id"]
        parent["children"][name.casefold()] = item["id"]

    def recycle(self, item: Item, now: datetime) -> None:
        """Move an item and everything in it to the recycle bin."""
        self._state["items"][item["parent"]]["children"].pop(item["name"].casefold())
        for each in [item, *self.below(item)]:
            each["deleted"] = instant(now)
            self._note(each)

    def purge(self, item: Item, now: datetime) -> None:
        """Remove an item for good."""
        gone = [item, *self.below(item)]
        self.recycle(item, now)
        for each in gone:
            self._state["drives"][each["drive"]]["used"] -= each.get("size", 0)
            self._state["contents"].pop(each["id"], None)

    def hide(self, item: Item, seconds: float | None, now: datetime) -> None:
        """Keep a change from searches and filters for a while: the index lags behind the library."""
        if seconds is not None:
            item["visible_from"] = (now + timedelta(seconds=seconds)).isoformat()

    @staticmethod
    def visible(item: Item, now: datetime) -> bool:
        """Whether the index knows the item yet."""
        return not item["visible_from"] or datetime.fromisoformat(item["visible_from"]) <= now

    def free_name(self, parent: Item, name: str) -> str:
        """The name that ``rename`` chooses when one is taken: ``report 1.pdf``."""
        stem, dot, ending = name.rpartition(".")
        stem, ending = (stem, dot + ending) if dot else (name, "")
        number = 1
        while self.child(parent, f"{stem} {number}{ending}"):
            number += 1
        return f"{stem} {number}{ending}"

    def _new(self, drive: str, parent: Item | None, name: str, by: dict[str, Any], now: datetime) -> Item:
        number = self._state["drives"][drive]["next_list_item"]
        self._state["drives"][drive]["next_list_item"] += 1
        identifier = "01" + base64.b32encode(hashlib.sha1(f"{drive}/{number}".encode()).digest()).decode()
        item: Item = {
            "id": identifier,
            "drive": drive,
            "parent": parent["id"] if parent else None,
            "name": name,
            "guid": str(uuid.uuid5(uuid.NAMESPACE_URL, identifier)),
            "list_item": str(number),
            "created": instant(now),
            "created_by": by,
            "modified": instant(now),
            "modified_by": by,
            "version": 1,
            "content_version": 1,
            "fields": {},
            "children": {},
            "deleted": None,
            "visible_from": None,
        }
        self._state["items"][identifier] = item
        if parent:
            parent["children"][name.casefold()] = identifier
        self._note(item)
        return item

    def _fill(self, item: Item, content: bytes) -> None:
        if item["name"].casefold().endswith(_OFFICE):
            content += _PROPERTIES
        self._state["drives"][item["drive"]]["used"] += len(content) - item.get("size", 0)
        item["size"] = len(content)
        item["mime"] = mimetypes.guess_type(item["name"])[0] or "application/octet-stream"
        item["quick_xor"] = quick_xor_hash(content)
        self._state["contents"][item["id"]] = base64.b64encode(content).decode()

    def _note(self, item: Item) -> None:
        self._state["sequence"] += 1
        item["sequence"] = self._state["sequence"]
        self.changed.add(item["drive"])

    def _check_name(self, parent: Item, name: str) -> None:
        if not name or _FORBIDDEN.search(name) or name.casefold() in _RESERVED:
            raise Refused(
                400, "The provided name cannot be used: it has characters or a form that is not allowed.", inner="invalidPath"
            )
        if len(self.path(parent)) + 1 + len(name) > LONGEST_PATH:
            raise Refused(400, f"The path is longer than {LONGEST_PATH} characters.", inner="pathIsTooLong")

    def _check_quota(self, drive: str, more: int) -> None:
        library = self._state["drives"][drive]
        if library["used"] + more > library["quota"]:
            raise Refused(507, "The library has reached its quota.")


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]
