"""Side effects on document workspaces. Each one is safe to run twice."""

import hashlib
from dataclasses import dataclass
from functools import partial

from temporalio import activity

from activities.ports import Contracts, Documents
from activities.step import Asked, Bookkeeping, Reversal, Step, Undo, Undone
from activities.systems import Systems
from canonical.contract import Contract
from canonical.document import DocumentReference
from canonical.written import Written

_CONTRACT_FOLDER = "01 Contract"


@dataclass(frozen=True)
class DocumentActivities:
    """The workspace of an engagement, with the signed contract in it (R51, R149)."""

    systems: Systems
    books: Bookkeeping

    @activity.defn
    async def create_workspace(self, step: Step) -> Written:
        """The folders of the engagement."""
        documents, dossier = self.systems.get(step.system, Documents), await self.books.dossier(step.dossier)
        contract, asked = dossier.contract, _workspace(step, documents, dossier.contract)
        return await self.books.once(
            asked,
            request={"contract": contract.reference, "title": contract.title, "folders": list(dossier.folders)},
            call=partial(documents.create_workspace, contract.reference, contract.title, dossier.folders, key=asked.key),
            look_up=partial(documents.find_workspace, contract.reference, key=asked.key),
        )

    @activity.defn
    async def file_signed_contract(self, step: Step) -> Written:
        """The signed contract, as it was signed, into the workspace."""
        documents, contract = self.systems.get(step.system, Documents), (await self.books.dossier(step.dossier)).contract
        asked = _signed(step, documents, contract)
        signed = contract.document or DocumentReference(system="", target_id="", name="")
        workspace, path = step.targets["workspace"], f"{_CONTRACT_FOLDER}/{contract.reference} signed.pdf"

        async def upload() -> Written:
            content = await self.systems.get(signed.system, Contracts).download(signed)
            written = await documents.upload(workspace, path, content, key=asked.key)
            return written.changed(details={**written.details, "sha256": hashlib.sha256(content).hexdigest()})

        return await self.books.once(
            asked,
            request={"workspace": workspace, "path": path, "document": signed.target_id},
            call=upload,
            look_up=partial(documents.find_document, workspace, path, key=asked.key),
        )

    @activity.defn
    async def withdraw_workspace(self, undo: Undo) -> Undone:
        """Undo create_workspace, with what was filed in it."""
        documents, contract = (
            self.systems.get(undo.step.system, Documents),
            (await self.books.dossier(undo.step.dossier)).contract,
        )
        asked = _workspace(undo.step, documents, contract)
        find = partial(documents.find_workspace, contract.reference, key=asked.key)
        withdraw = Reversal("withdraw", lambda target, reason, key: documents.withdraw_workspace(target, reason, key=key))
        undone = await self.books.undo(asked, undo.reason, find=find, reversal=withdraw)
        await self.books.goes_with_it(_signed(undo.step, documents, contract), undo.reason)
        return undone


def _workspace(step: Step, documents: Documents, contract: Contract) -> Asked:
    return Asked.of(step, documents, verb="create", kind="workspace", reference=contract.reference, declared_as="workspace")


def _signed(step: Step, documents: Documents, contract: Contract) -> Asked:
    return Asked.of(step, documents, verb="file", kind="signed_contract", reference=contract.reference, declared_as="document")
