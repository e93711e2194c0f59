"""The server: which path goes to whom, who may call, and what a new tenant holds."""

import base64
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.sharepoint import batch, changes, entra, items, lists, sharing, sites, uploads
from sandbox.sharepoint.answers import Refused, opened, refusal
from sandbox.sharepoint.call import Call, Entry
from sandbox.sharepoint.tree import Tree
from sandbox.vendor import SimulatedVendor

TENANT = "6f7a2c1e-0d9b-4c53-9a41-5f1e8b2d7c60"
CLIENT = "b1d5e8f0-3a2c-4d6e-8f90-1a2b3c4d5e6f"
SITE = "firm.sharepoint.com,2c7d9b1a-5e4f-4a8b-9c3d-0e1f2a3b4c5d,7e8f9a0b-1c2d-4e3f-8a5b-6c7d8e9f0a1b"
DRIVE = "b!Gp19LE9ei0qcPQ4fKjtMXQub-H4tHD9Oilts-n2On3-Qx1"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PATHS = [*sites.PATHS, *lists.PATHS, *uploads.PATHS, *sharing.PATHS, *changes.PATHS, *items.PATHS]


class SharePoint(SimulatedVendor):
    """SharePoint Online through Microsoft Graph v1.0, with the part of Entra ID that an application needs."""

    name = "sharepoint"

    def routes(self) -> list[BaseRoute]:
        """Entra's token endpoint, Graph, the addresses of upload sessions, and downloads."""
        return [
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
            Route("/_layouts/15/download.aspx", self._download),
            Route("/_api/v2.0/{rest:path}", self._session, methods=METHODS),
            Route("/v1.0/{rest:path}", self._graph, methods=METHODS),
        ]

    def empty(self) -> dict[str, Any]:
        """A tenant with one application, one team site and its document library."""
        kinds = ("sites", "drives", "items", "contents", "uploads", "permissions", "subscriptions", "tokens")
        application = {
            "displayName": "Handoff",
            "secrets": [{"value": "sandbox"}],
            "certificates": [],
            "roles": ["Sites.ReadWrite.All"],
        }
        state: dict[str, Any] = {kind: {} for kind in kinds} | {"sequence": 0}
        state["tenant"] = {"id": TENANT, "domain": "firm.onmicrosoft.com", "anonymousLinks": False}
        state["applications"] = {CLIENT: application}
        site = {"hostname": "firm.sharepoint.com", "path": "/sites/engagements", "displayName": "Engagements"}
        columns = {
            "ContractReference": {"indexed": True},
            "HandoffKey": {"indexed": True, "enforceUniqueValues": True},
            "Status": {},
        }
        self._add(state, "sites", {SITE: site})
        self._add(state, "drives", {DRIVE: {"site": SITE, "name": "Documents", "path": "Shared Documents", "columns": columns}})
        return state

    def seed(self, world: dict[str, Any]) -> None:
        """Add a world to the tenant; its form is told at the top of the package."""
        for kind in ("tenant", "applications", "sites", "drives"):
            self._add(self.state, kind, world.get(kind, {}))
        for kind in ("folders", "files"):
            for place, given in world.get(kind, {}).items():
                self._plant(kind, place, given)

    def _add(self, state: dict[str, Any], kind: str, records: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        for identifier, record in records.items():
            if kind == "sites":
                record = {"created": f"{now:%Y-%m-%dT%H:%M:%SZ}"} | record
            if kind == "drives":
                fresh = {
                    "list": str(uuid.uuid5(uuid.NAMESPACE_URL, identifier)),
                    "quota": 1024**4,
                    "used": 0,
                    "next_list_item": 1,
                }
                record = fresh | {"path": record["name"], "columns": {}} | record
                record["columns"] = {n: {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, n))} | c for n, c in record["columns"].items()}
            state[kind][identifier] = record
            if kind == "drives" and "root" not in record:
                record["root"] = Tree(state).plant(identifier, now)["id"]

    def _plant(self, kind: str, place: str, given: dict[str, Any]) -> None:
        drive, _, path = place.rpartition(":")
        tree, now = Tree(self.state), self.now()
        by = {"user": {"displayName": given.get("by", "Seed")}}
        if kind == "folders":
            item = tree.folders(tree.root(drive or DRIVE), path, by, now)
        else:
            parent = tree.folders(tree.root(drive or DRIVE), path.rpartition("/")[0], by, now)
            content = base64.b64decode(given["base64"]) if "base64" in given else given.get("text", "").encode()
            item = tree.file(parent, path.rpartition("/")[2], content, by, now)
        item["fields"] |= given.get("fields", {})

    def error(self, status: int, headers: dict[str, str]) -> Response:
        """A planned fault in Graph's form."""
        return refusal(Refused(status, "The service refused this request on purpose.", headers=headers), self.now())

    async def _token(self, request: Request) -> Response:
        return await entra.issue(request, self.state, self.now())

    async def _discovery(self, request: Request) -> Response:
        return entra.discovery(request)

    async def _graph(self, request: Request) -> Response:
        try:
            client = entra.caller(request, self.state, self.now())
            path = request.path_params["rest"].strip("/")
            if path == "$batch":
                return await batch.run(request, self.app())
            return await self._answer(request, _PATHS, sites.plain(path, self.state), client)
        except Refused as refused:
            return refusal(refused, self.now())

    async def _session(self, request: Request) -> Response:
        key = request.path_params["rest"].rpartition("/")[2]
        client = self.state["uploads"].get(key, {}).get("client", CLIENT)
        try:
            return await self._answer(request, uploads.OPEN_PATHS, request.path_params["rest"], client)
        except Refused as refused:
            return refusal(refused, self.now())

    async def _answer(self, request: Request, entries: list[Entry], path: str, client: str) -> Response:
        matching = [(entry, found) for entry in entries if (found := re.fullmatch(entry.path, path))]
        if not matching:
            raise Refused(400, f"Resource not found for the segment '{path}'.", code="BadRequest")
        for entry, found in matching:
            if entry.method == request.method:
                at = {name: value for name, value in found.groupdict().items() if value is not None}
                return await self._done(entry, Call(request, self.state, Tree(self.state), self.now(), client, at))
        raise Refused(405, "The method is not allowed on this resource.")

    async def _done(self, entry: Entry, call: Call) -> Response:
        try:
            response = await entry.handler(call)
        finally:
            changes.announce(self.state, call.tree.changed, call.now, self.deliveries)
        response.headers["request-id"] = str(uuid.uuid4())
        return response

    async def _download(self, request: Request) -> Response:
        try:
            token = opened(unquote(request.query_params.get("tempauth", "")))
            if token.get("until", 0) < self.now().timestamp():
                raise Refused(401, "The download address is no longer valid.", code="unauthenticated")
            tree, record = Tree(self.state), self.state["items"].get(token["item"])
            if not record or record["deleted"]:
                raise Refused(404, "The resource could not be found.")
            return Response(tree.content(record), media_type=record["mime"])
        except Refused as refused:
            return refusal(refused, self.now())
