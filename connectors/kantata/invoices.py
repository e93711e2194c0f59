"""What a project is told of its invoices: an external reference of its own for each, with number, state and address (R100)."""

from typing import Protocol

from canonical.money import Money
from canonical.written import Written
from connectors.kantata.api import Api
from connectors.kantata.schemas import Body, ExternalReference
from connectors.kantata.settings import Settings

INVOICE = "Invoice"


class Note(Protocol):
    """What is told of an invoice (canonical.receivable.InvoiceNote, by shape)."""

    @property
    def reference(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def total(self) -> Money: ...
    @property
    def open(self) -> Money: ...
    @property
    def url(self) -> str: ...


class Invoices:
    """The part of ``Psa`` that is about invoices: Kantata holds them beside a workspace, as records of another service."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api, self._settings = api, settings

    async def note_invoice(self, project_id: str, note: Note, *, key: str) -> Written:
        """Of one record the service's name is unique, so each invoice is a service of its own; a later note replaces it."""
        await self._api.refer("Workspace", project_id, _body(note, key))
        return self._noted(project_id, note, key)

    async def find_invoice_note(self, project_id: str, note: Note, *, key: str) -> Written | None:
        """The reference with our key in its message; what a later note has replaced counts as absent, and is told again."""
        query = {"subject_type": "Workspace", "service_name": _service(note)}
        found = [one async for one in self._api.every("external_references", ExternalReference, **query)]
        told = [one for one in found if one.subject_id == project_id and (one.external_message or "").startswith(f"{key} ")]
        return self._noted(project_id, note, key) if told else None

    def _noted(self, project_id: str, note: Note, key: str) -> Written:
        return Written(target_id=f"{project_id}:{key}", number=note.number)


def _service(note: Note) -> str:
    return f"{INVOICE} {note.number}"


def _body(note: Note, key: str) -> Body:
    body: Body = {
        "service_name": _service(note),
        "service_model": INVOICE,
        "service_model_ref": note.reference,
        "status": "successful",
        "external_status": note.status,
        "external_message": f"{key} {note.open} of {note.total} open",
    }
    return body | ({"external_link": note.url} if note.url else {})
