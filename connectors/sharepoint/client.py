"""SharePoint as the documents workspace; satisfies Documents."""

from collections.abc import Sequence
from datetime import timedelta

from canonical.errors import Misconfigured
from canonical.written import Declaration, Written
from connectors.sharepoint.documents import DocumentFiles
from connectors.sharepoint.graph import Graph
from connectors.sharepoint.settings import Settings
from connectors.sharepoint.workspaces import Workspaces

_REVERSES = {"workspace": "withdraw_workspace", "document": None}
# Graph gives up on SharePoint after 100 seconds; columns are read from the library's database, which replicates within seconds.
_UPSTREAM_TIMEOUT = timedelta(seconds=100)
# A document is looked up by its path, which is never behind.
_VISIBILITY_DELAY = {"workspace": timedelta(seconds=20), "document": timedelta()}


class SharePoint:
    """One library of one site, through Microsoft Graph v1.0."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._graph = Graph(system, settings)
        self._workspaces, self._documents = Workspaces(self._graph), DocumentFiles(self._graph)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._graph.aclose()

    def declares(self, kind: str) -> Declaration:
        """What holds of a kind of write."""
        if kind not in _REVERSES:
            raise Misconfigured(f"{self.name} writes no {kind!r}", remedy=f"It writes: {', '.join(_REVERSES)}.")
        return self._settings.timing.applied(
            Declaration(
                kind=kind,
                searchable_key=self._settings.key_field,
                visibility_delay=_VISIBILITY_DELAY[kind],
                upstream_timeout=_UPSTREAM_TIMEOUT,
                reverse=_REVERSES[kind],
            )
        )

    async def check(self) -> str:
        """The site, the library and our columns can be read."""
        await self._graph.require_columns()
        return f"the library {self._settings.library!r} of {self._settings.site}, with the columns for reference and key"

    async def create_workspace(self, contract: str, title: str, folders: Sequence[str], *, key: str) -> Written:
        """The folder of the engagement with its sub-folders."""
        return await self._workspaces.create(contract, title, folders, key)

    async def find_workspace(self, contract: str, *, key: str) -> Written | None:
        """The folder that bears the key."""
        return await self._workspaces.find(contract, key)

    async def upload(self, workspace_id: str, path: str, content: bytes, *, key: str) -> Written:
        """File a document at a path of the workspace."""
        return await self._documents.upload(workspace_id, path, content, key)

    async def find_document(self, workspace_id: str, path: str, *, key: str) -> Written | None:
        """The document that bears the key."""
        return await self._documents.find(workspace_id, path, key)

    async def withdraw_workspace(self, workspace_id: str, reason: str, *, key: str) -> Written:
        """Undo create_workspace, with what was filed in it."""
        return await self._workspaces.withdraw(workspace_id, reason, key)


def connect(system: str, settings: Settings) -> SharePoint:
    """The connector for one library."""
    return SharePoint(system, settings)
