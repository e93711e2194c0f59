"""One call of the Graph API as its handlers see it: who calls, about what, with which conditions."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.sharepoint.answers import Refused
from sandbox.sharepoint.tree import Item, Tree

LEVELS = {"read": 1, "write": 2, "manage": 3, "fullcontrol": 4}


@dataclass(frozen=True)
class Call:
    """What a handler needs; ``at`` holds the named parts of the path."""

    request: Request
    state: dict[str, Any]
    tree: Tree
    now: datetime
    client: str
    at: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        """The query options; Graph takes ``top`` for ``$top``, too."""
        names = ("select", "expand", "top", "filter", "orderby", "skiptoken", "search")
        return {("$" + name if name in names else name): value for name, value in self.request.query_params.items()}

    @property
    def base(self) -> str:
        """Where this server is, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    @property
    def link(self) -> str:
        """This call's own address without its query."""
        return self.base + self.request.url.path

    @property
    def by(self) -> dict[str, Any]:
        """Who did it, as ``createdBy`` and ``lastModifiedBy`` say."""
        name = self.state["applications"][self.client].get("displayName", self.client)
        return {"application": {"id": self.client, "displayName": name}, "user": {"displayName": "SharePoint App"}}

    @property
    def drive(self) -> dict[str, Any]:
        """The document library in the path."""
        found: dict[str, Any] | None = self.state["drives"].get(self.at["drive"])
        if not found:
            raise Refused(404, "The resource could not be found.")
        return found

    def allowed(self, site: str, level: str) -> None:
        """Refuse an application that has not been given this much of the site."""
        application = self.state["applications"][self.client]
        roles = [role.casefold().split(".") for role in application["roles"]]
        granted = {name for kind, name, *rest in roles if kind in {"sites", "files"} and rest == ["all"]}
        if ["sites", "selected"] in roles:
            granted.add(application.get("grants", {}).get(site, ""))
        have = max((LEVELS.get(name.replace("readwrite", "write"), 0) for name in granted), default=0)
        if have < LEVELS[level]:
            raise Refused(403, "Access denied")

    def found(self) -> Item | None:
        """The item that the path names, if it exists."""
        self.allowed(self.drive["site"], "read")
        drive = self.at["drive"]
        start = self.tree.item(drive, self.at["id"]) if self.at.get("id") else self.tree.root(drive)
        return self.tree.at(start, self.at["path"]) if self.at.get("path") else start

    def item(self) -> Item:
        """The item that the path names."""
        found = self.found()
        if not found:
            raise Refused(404, "The resource could not be found.")
        return found

    def place(self) -> tuple[Item, str, str]:
        """For a path that may not exist yet: where it starts, the folders between, and the last name."""
        self.allowed(self.drive["site"], "write")
        drive = self.at["drive"]
        start = self.tree.item(drive, self.at["id"]) if self.at.get("id") else self.tree.root(drive)
        folders, _, name = self.at.get("path", "").strip("/").rpartition("/")
        return start, folders, name

    async def body(self) -> dict[str, Any]:
        """The JSON body."""
        content = await self.request.body()
        try:
            parsed = json.loads(content) if content else {}
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise Refused(
                400, "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is valid JSON."
            )
        return parsed

    def hide(self, item: Item) -> None:
        """Keep what this call did from the index, if it met such a fault."""
        self.tree.hide(item, self.request.state.invisible_seconds, self.now)

    def unchanged(self, item: Item) -> None:
        """Refuse when ``If-Match`` names another version, or ``If-None-Match`` names this one."""
        wanted, unwanted = self.request.headers.get("if-match"), self.request.headers.get("if-none-match")
        if (wanted and not _names(wanted, item)) or (unwanted and _names(unwanted, item)):
            raise Refused(412, "ETag does not match current item's value", inner="entityTagDoesNotMatch")

    def fresh(self, item: Item) -> bool:
        """Whether a reader has this version already."""
        unwanted = self.request.headers.get("if-none-match")
        return bool(unwanted and _names(unwanted, item))


def etag(item: Item) -> str:
    """Changes with anything about an item."""
    return f'"{{{item["guid"].upper()}}},{item["version"]}"'


def ctag(item: Item) -> str:
    """Changes with the content of a file."""
    return f'"c:{{{item["guid"].upper()}}},{item["content_version"]}"'


def _names(header: str, item: Item) -> bool:
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split('",')}
    return "*" in tags or bool(tags & {etag(item).strip('"'), ctag(item).strip('"')})


class Entry(NamedTuple):
    """One line of a table of paths: the method, the path below ``/v1.0/`` as a pattern, and who answers."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Response]]


ITEM = r"drives/(?P<drive>[^/]+)/(?:(?:items/)?root|items/(?P<id>[^/:]+))(?::/(?P<path>[^:]+?)/?(?::|$))?"


def answer(content: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A JSON answer."""
    return JSONResponse(content, status_code=status, headers=dict(headers or {}))
