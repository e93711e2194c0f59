"""The workspace of an engagement: a folder, its sub-folders, and two fields that say whose it is."""

from collections.abc import Sequence

from canonical.errors import Conflict, NotFound, NotReady, Rejected
from canonical.written import Written
from connectors.http import Json
from connectors.sharepoint.graph import Graph, Part
from connectors.sharepoint.mapping import safe_path, text_field, withdrawn_name, workspace_name, workspace_written
from connectors.sharepoint.schemas import DriveItem

_FAIL = {"@microsoft.graph.conflictBehavior": "fail"}


def _folder(name: str) -> Json:
    return {"name": name, "folder": {}} | _FAIL


class Workspaces:
    """Made once: the key is written last, so that a folder that bears it is whole."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._settings = graph, graph.settings

    async def create(self, contract: str, title: str, folders: Sequence[str], key: str) -> Written:
        """Make the workspace, or complete one of ours that was left half made."""
        item = await self._made(workspace_name(contract, title), contract, key)
        await self._fill(item, folders)
        if text_field(item.row.fields, self._settings.key_field) != key:
            await self._graph.tag(item.id, {self._settings.reference_field: contract, self._settings.key_field: key})
        return workspace_written(item, contract)

    async def find(self, contract: str, key: str) -> Written | None:
        """The workspace that bears the key, wherever people moved it and whatever they call it now."""
        found = await self._graph.bearing(self._settings.key_field, key)
        if not found:
            return None
        if len(found) > 1:
            raise Rejected(
                f"{len(found)} folders are marked as the workspace of {contract}",
                remedy=f"Clear {self._settings.key_field} of all but the right one, then settle the exception with retry.",
                evidence={"folders": [item.url for item in found]},
            )
        return workspace_written(found[0], contract)

    async def withdraw(self, workspace_id: str, reason: str, key: str) -> Written:
        """Into the recycle bin if it holds nothing but ours; else it stays, marked, for the people whose work is in it."""
        address = await self._graph.address(workspace_id)
        item = await self._graph.item(address)
        if item is None or text_field(item.row.fields, self._settings.key_field) == key:
            return Written(target_id=workspace_id, details={"withdrawn": "recycled" if item is None else "marked"})
        held = await self._holdings(item)
        foreign = [each for each in held if not self._is_ours(each)]
        try:
            if not foreign and self._is_ours(item):
                await self._graph.call("DELETE", address, headers={"If-Match": item.etag})
                return Written(target_id=workspace_id, details={"withdrawn": "recycled"})
            await self._mark(item, [each for each in held if self._is_ours(each)], reason, key)
        except NotFound:
            return Written(target_id=workspace_id, details={"withdrawn": "recycled"})
        except Conflict as changed:
            raise NotReady(f"The workspace {item.name!r} was changed while it was being withdrawn") from changed
        kept = ", ".join(each.name for each in foreign)[:500]
        return Written(target_id=workspace_id, url=item.url, details={"withdrawn": "marked", "kept": kept or item.name})

    async def _made(self, name: str, contract: str, key: str) -> DriveItem:
        place = f"{await self._graph.address('', safe_path(self._settings.folder))}/children"
        try:
            return await self._new(place, name)
        except Conflict:
            return await self._adopted(name, contract, key)
        except NotFound:
            if not self._settings.folder:
                raise
            await self._plant()
            return await self._new(place, name)

    async def _new(self, place: str, name: str) -> DriveItem:
        return self._graph.shaped(DriveItem, (await self._graph.call("POST", place, json=_folder(name))).json())

    async def _plant(self) -> None:
        """Make the folder of all workspaces, name by name; one that is there already is fine."""
        names = safe_path(self._settings.folder).split("/")
        for depth, name in enumerate(names):
            try:
                await self._new(f"{await self._graph.address('', '/'.join(names[:depth]))}/children", name)
            except Conflict:
                continue

    async def _adopted(self, name: str, contract: str, key: str) -> DriveItem:
        """The folder that has the name already, if it is ours: marked for this contract, or half made by us."""
        settings = self._settings
        path = safe_path(f"{settings.folder}/{name}")
        item = await self._graph.item(await self._graph.address("", path))
        if item is None:
            raise NotReady(f"The folder {name!r} was there and is gone again")
        reference, bears = (text_field(item.row.fields, field) for field in (settings.reference_field, settings.key_field))
        ours = reference == contract or (not reference and self._was_made_by_us(item))
        if item.folder is None or not ours or bears not in {"", key}:
            raise Rejected(
                f"The library has a {'folder' if item.folder else 'file'} {path!r} that is not the workspace of {contract}",
                remedy="To have the workspace made you must rename or move what is there; "
                f"or set its field {settings.reference_field} to {contract} to have it adopted. Then settle with retry.",
                evidence={"url": item.url, "reference": reference, "key": bears},
            )
        return item

    async def _fill(self, item: DriveItem, folders: Sequence[str]) -> None:
        """Make the sub-folders, one level at a time; those that are there already stay as they are."""
        split = [safe_path(folder).split("/") for folder in folders if folder.strip("/ ")]
        paths = {"/".join(names[: n + 1]) for names in split for n in range(len(names))}
        for level in sorted({path.count("/") for path in paths}):
            parts = [await self._part(item, path) for path in sorted(paths) if path.count("/") == level]
            await self._graph.batch(parts, held_is_fine=True)

    async def _part(self, item: DriveItem, path: str) -> Part:
        above, _, name = path.rpartition("/")
        return Part("POST", f"{await self._graph.address(item.id, above)}/children", _folder(name))

    async def _holdings(self, item: DriveItem) -> list[DriveItem]:
        """Everything in a folder, however deep."""
        held = []
        for child in await self._graph.children(item.id):
            held += [child, *(await self._holdings(child) if child.folder and child.folder.child_count else [])]
        return held

    def _is_ours(self, item: DriveItem) -> bool:
        """Made by us and, if it is a file, not changed by anybody else since."""
        changed_by_us = item.modified_by.application.id == self._settings.client_id
        return self._was_made_by_us(item) and (item.folder is not None or changed_by_us)

    def _was_made_by_us(self, item: DriveItem) -> bool:
        return item.created_by.application.id == self._settings.client_id

    async def _mark(self, item: DriveItem, ours: list[DriveItem], reason: str, key: str) -> None:
        """Free our keys for a workspace to come, then say in name and fields that this one is withdrawn."""
        settings = self._settings
        bearing = [each for each in ours if text_field(each.row.fields, settings.key_field)]
        freed = {settings.key_field: None}
        places = [f"{await self._graph.address(each.id)}/listItem/fields" for each in bearing]
        await self._graph.batch([Part("PATCH", place, freed) for place in places])
        if (name := withdrawn_name(item.name)) != item.name:
            renamed = {"name": name, "@microsoft.graph.conflictBehavior": "rename"}
            await self._graph.call("PATCH", await self._graph.address(item.id), json=renamed, headers={"If-Match": item.etag})
        says = {settings.status_field: f"Withdrawn: {reason}"[:255]} if settings.status_field else {}
        await self._graph.tag(item.id, {settings.key_field: key} | says)
