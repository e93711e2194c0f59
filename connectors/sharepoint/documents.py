"""Documents of a workspace: filed once by path, small ones in one call, large ones in fragments that can be resumed."""

import httpx2 as httpx

from canonical.errors import AnswerLost, Conflict, NotFound, NotReady, Rejected, Transient, Unavailable
from canonical.written import Written
from connectors.http import Json, naming_transport_failures
from connectors.sharepoint.content_hash import quick_xor_hash
from connectors.sharepoint.graph import Graph
from connectors.sharepoint.mapping import document_written, holds, safe_path, text_field
from connectors.sharepoint.schemas import DriveItem, UploadSession

_BEHAVIOUR = "@microsoft.graph.conflictBehavior"
_MOST_RESUMES = 3
_SESSIONS_KEPT = 100


class DocumentFiles:
    """A file is ours when it bears the key, which is written last; what others put at its path is never replaced."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._settings = graph, graph.settings
        self._sessions: dict[str, str] = {}

    async def upload(self, workspace_id: str, path: str, content: bytes, key: str) -> Written:
        """File it, or adopt what an upload of ours left there."""
        place = await self._graph.address(workspace_id, safe_path(path))
        try:
            item = await self._sent(place, content)
        except Conflict:
            item = await self._adopted(place, path, content, key)
        self._require_kept(item, path, content)
        if text_field(item.row.fields, self._settings.key_field) != key:
            await self._graph.tag(item.id, {self._settings.key_field: key})
        return document_written(item)

    async def find(self, workspace_id: str, path: str, key: str) -> Written | None:
        """The file at the path, at once; else the one that bears the key in this workspace, wherever people put it."""
        item = await self._graph.item(await self._graph.address(workspace_id, safe_path(path)))
        if item is not None and text_field(item.row.fields, self._settings.key_field) == key:
            return document_written(item)
        for moved in await self._graph.bearing(self._settings.key_field, key):
            if await self._is_below(moved, workspace_id):
                return document_written(moved)
        return None

    async def _is_below(self, item: DriveItem, workspace_id: str) -> bool:
        step: DriveItem | None = item
        while step is not None and step.parent.id:
            if step.parent.id == workspace_id:
                return True
            step = await self._graph.item(await self._graph.address(step.parent.id))
        return False

    def _require_kept(self, item: DriveItem, path: str, content: bytes) -> None:
        if not holds(item, content):
            raise Rejected(
                f"{self._graph.system} keeps other bytes of {path!r} than were sent",
                remedy="Settle with retry to have it sent again; if that does not help, look at the document in the library.",
                evidence={"url": item.url, "bytes": item.size, "bytes sent": len(content)},
            )

    async def _adopted(self, place: str, path: str, content: bytes, key: str) -> DriveItem:
        """The document that is there already, if it is what an upload of ours left; one without a key was not finished."""
        item = await self._graph.item(place)
        if item is None:
            raise NotReady(f"The document {path!r} was there and is gone again")
        bears, ours = text_field(item.row.fields, self._settings.key_field), self._settings.client_id
        untouched = item.created_by.application.id == ours and item.modified_by.application.id == ours
        if untouched and bears in {"", key} and holds(item, content):
            return item
        if untouched and not bears:
            return await self._replaced(item, content)
        raise Rejected(
            f"The workspace has another document at {path!r}",
            remedy="To have the document filed you must rename or move the one that is there, then settle with retry.",
            evidence={"url": item.url, "key": bears, "bytes": item.size, "bytes to file": len(content)},
        )

    async def _replaced(self, item: DriveItem, content: bytes) -> DriveItem:
        """An e-signature service may make another file of the same contract each time it is asked."""
        try:
            return await self._sent(await self._graph.address(item.id), content, etag=item.etag)
        except Conflict as changed:
            raise NotReady(f"The document {item.name!r} was changed while it was being filed") from changed

    async def _sent(self, place: str, content: bytes, *, etag: str = "") -> DriveItem:
        """The content at a place where nothing is, or in place of that version."""
        behaviour, condition = {_BEHAVIOUR: "replace" if etag else "fail"}, {"If-Match": etag} if etag else {}
        if len(content) > self._settings.session_above:
            return await self._in_fragments(place, content, behaviour, condition)
        headers = {"Content-Type": "application/octet-stream"} | condition
        answer = await self._graph.call("PUT", f"{place}/content", content=content, params=behaviour, headers=headers)
        return self._graph.shaped(DriveItem, answer.json())

    async def _in_fragments(self, place: str, content: bytes, behaviour: Json, condition: dict[str, str]) -> DriveItem:
        """Go on in the session that an earlier try left open for this place and content, else in a new one."""
        name = f"{place} {quick_xor_hash(content)}"
        url = self._sessions.get(name, "")
        position = await self._position(url) if url else None
        if position is None:
            url, position = await self._session(place, behaviour, condition), 0
            self._remember(name, url)
        item = await self._resumed(url, content, position)
        self._sessions.pop(name, None)
        return item

    async def _session(self, place: str, behaviour: Json, condition: dict[str, str]) -> str:
        answer = await self._graph.call("POST", f"{place}/createUploadSession", json={"item": behaviour}, headers=condition)
        session = self._graph.shaped(UploadSession, answer.json())
        if not session.url.startswith(("https://", f"{self._settings.base_url}/")):
            raise Unavailable(f"{self._graph.system} names an upload address that is not encrypted")
        return session.url

    def _remember(self, name: str, url: str) -> None:
        while len(self._sessions) >= _SESSIONS_KEPT:
            self._sessions.pop(next(iter(self._sessions)))
        self._sessions[name] = url

    async def _resumed(self, url: str, content: bytes, position: int) -> DriveItem:
        """Send what is missing; after a fault ask what arrived and go on, a few times. A limit ends this try, not the session."""
        resumes = 0
        while True:
            try:
                answer = await self._fragment(url, content, position)
            except (Transient, Rejected) as fault:
                is_limit = fault.code == "THROTTLED"
                resumes += 1
                if is_limit or resumes > _MOST_RESUMES:
                    raise
                missing = await self._position(url)
                if missing is None:  # finished and the answer lost, or ended: a look-up decides
                    raise AnswerLost(f"{self._graph.system}: the upload session is over and its outcome unknown") from fault
                position = missing
                continue
            if answer.status_code != 202:
                return self._graph.shaped(DriveItem, answer.json())
            position = self._graph.shaped(UploadSession, answer.json()).position or position + self._settings.fragment

    async def _fragment(self, url: str, content: bytes, position: int) -> httpx.Response:
        part = content[position : position + self._settings.fragment]
        span = f"bytes {position}-{position + len(part) - 1}/{len(content)}"
        with naming_transport_failures(self._graph.system):
            answer = await self._graph.plain.put(url, content=part, headers={"Content-Range": span})
        self._graph.refuse(answer)
        return answer

    async def _position(self, url: str) -> int | None:
        """The first byte the session misses, None if there is no such session any more."""
        with naming_transport_failures(self._graph.system):
            answer = await self._graph.plain.get(url)
        try:
            self._graph.refuse(answer)
        except NotFound:
            return None
        return self._graph.shaped(UploadSession, answer.json()).position
