"""The calls about parts of an envelope: recipients, tabs, custom fields, form data, documents, the lock."""

import zipfile
from io import BytesIO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.docusign import envelopes, locks, shapes
from sandbox.docusign.calls import ENVELOPE
from sandbox.docusign.desk import Call, Desk, body_of
from sandbox.docusign.envelopes import Envelope
from sandbox.docusign.refusals import Refusal


class PartCalls(Desk):
    """``/envelopes/{id}/...``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        return [
            ("GET", f"{ENVELOPE}/recipients", self.recipients),
            ("GET", f"{ENVELOPE}/recipients/{{recipient_id}}/tabs", self.tabs),
            ("GET", f"{ENVELOPE}/custom_fields", self.custom_fields),
            ("PUT", f"{ENVELOPE}/custom_fields", self.change_custom_fields),
            ("POST", f"{ENVELOPE}/custom_fields", self.change_custom_fields),
            ("GET", f"{ENVELOPE}/form_data", self.form_data),
            ("GET", f"{ENVELOPE}/documents", self.documents),
            ("GET", f"{ENVELOPE}/documents/{{document_id}}", self.download),
            *((method, f"{ENVELOPE}/lock", self.lock) for method in ("GET", "POST", "PUT", "DELETE")),
        ]

    async def recipients(self, request: Request) -> Response:
        """All recipients, with their tabs if asked."""
        with_tabs = request.query_params.get("include_tabs", "false").lower() == "true"
        return JSONResponse(shapes.recipients(self.envelope(request), with_tabs=with_tabs))

    async def tabs(self, request: Request) -> Response:
        """One recipient's tabs by kind."""
        wanted = request.path_params["recipient_id"]
        tabs = next((r["tabs"] for r in envelopes.everyone(self.envelope(request)) if r["recipientId"] == wanted), None)
        if tabs is None:
            raise Refusal(
                "UNKNOWN_ENVELOPE_RECIPIENT",
                "The recipient you have identified is not a valid recipient of the specified envelope.",
            )
        return JSONResponse(tabs)

    async def custom_fields(self, request: Request) -> Response:
        """The envelope's custom fields."""
        return JSONResponse(self.envelope(request)["customFields"])

    async def change_custom_fields(self, request: Request) -> Response:
        """Change text fields by id or name, add those not known."""
        envelope, wanted = self.envelope(request), await body_of(request)
        locks.require_owner(envelope, request.headers.get(locks.EDIT_HEADER), self.vendor.now())
        held = envelope["customFields"]["textCustomFields"]
        for given in wanted.get("textCustomFields") or []:
            known = next((f for f in held if given.get("fieldId") == f["fieldId"] or given.get("name") == f["name"]), None)
            if known is None:
                held.append({"fieldId": str(10_001 + len(held)), "show": "false", "required": "false", **given})
            else:
                known |= given
        return JSONResponse(envelope["customFields"])

    async def form_data(self, request: Request) -> Response:
        """What was filled in."""
        return JSONResponse(shapes.form_data(self.envelope(request)))

    async def documents(self, request: Request) -> Response:
        """The list of documents."""
        return JSONResponse(shapes.documents(self.envelope(request)))

    async def download(self, request: Request) -> Response:
        """One document, all combined, the certificate, or an archive."""
        envelope, wanted = self.envelope(request), request.path_params["document_id"]
        if wanted in {"combined", "certificate"}:
            return _file(
                envelopes.combined(envelope), "application/pdf", "Summary.pdf" if wanted == "certificate" else "combined.pdf"
            )
        if wanted == "archive":
            return _file(_archive(envelope), "application/zip", "archive.zip")
        document = next((d for d in envelope["documents"] if d["documentId"] == wanted), None)
        if document is None:
            raise Refusal("DOCUMENT_DOES_NOT_EXIST", "The document specified was not found.", 404)
        return _file(envelopes.document_bytes(envelope, document), "application/pdf", document["name"])

    async def lock(self, request: Request) -> Response:
        """Take, read, prolong or release the lock."""
        envelope, now = self.envelope(request), self.vendor.now()
        if request.method == "POST":
            return JSONResponse(locks.taken(envelope, await body_of(request), request.state.user, now), status_code=201)
        locks.require_held(envelope, now)
        if request.method == "GET":
            return JSONResponse(locks.shown(envelope))
        locks.require_owner(envelope, request.headers.get(locks.EDIT_HEADER), now)
        if request.method == "PUT":
            return JSONResponse(locks.prolonged(envelope, await body_of(request), now))
        released = locks.shown(envelope)
        del envelope["lock"]
        return JSONResponse(released)


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'file; filename="{name}"'})


def _archive(envelope: Envelope) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for document in envelope["documents"]:
            archive.writestr(document["name"], envelopes.document_bytes(envelope, document))
    return packed.getvalue()
