"""The calls about whole envelopes: list, create, read, change."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.docusign import envelopes, locks, search, shapes
from sandbox.docusign.desk import Call, Desk, body_of
from sandbox.docusign.envelopes import Envelope
from sandbox.docusign.refusals import Refusal
from sandbox.docusign.times import kept

ENVELOPES = "/restapi/v2.1/accounts/{account_id}/envelopes"
ENVELOPE = f"{ENVELOPES}/{{envelope_id}}"


class EnvelopeCalls(Desk):
    """``/envelopes`` and ``/envelopes/{id}``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        return [
            ("GET", ENVELOPES, self.listed),
            ("POST", ENVELOPES, self.create),
            ("PUT", f"{ENVELOPES}/status", self.listed_by_body),
            ("GET", ENVELOPE, self.read),
            ("PUT", ENVELOPE, self.change),
        ]

    async def listed(self, request: Request) -> Response:
        """``listStatusChanges``."""
        return self._page(request, dict(request.query_params))

    async def listed_by_body(self, request: Request) -> Response:
        """``listStatus``: the ids are in the body."""
        body, query = await body_of(request), dict(request.query_params)
        for name, field in (("envelope_ids", "envelopeIds"), ("transaction_ids", "transactionIds")):
            if query.get(name) == "request_body":
                query[name] = ",".join(body.get(field) or [])
        return self._page(request, query)

    async def create(self, request: Request) -> Response:
        """A draft, or an envelope sent at once. A transactionId is kept, not enforced: the same one makes two envelopes."""
        now, definition = self.vendor.now(), await body_of(request)
        envelope = envelopes.created(definition, account=request.path_params["account_id"], sender=request.state.user, now=now)
        if request.state.invisible_seconds:
            envelope["findableFrom"] = kept(now + timedelta(seconds=request.state.invisible_seconds))
        self.vendor.state["envelopes"][envelope["envelopeId"]] = envelope
        self.announce(envelope, envelope["status"])
        shown = shapes.envelope(envelope, set())
        summary = {"envelopeId": shown["envelopeId"], "uri": shown["envelopeUri"], "status": shown["status"]}
        return JSONResponse({**summary, "statusDateTime": shown["statusChangedDateTime"]}, status_code=201)

    async def read(self, request: Request) -> Response:
        """One envelope with what ``include`` names."""
        return JSONResponse(shapes.envelope(self.envelope(request), set(request.query_params.get("include", "").split(","))))

    async def change(self, request: Request) -> Response:
        """Send a draft, void, or change the subject; not while somebody else holds the lock."""
        envelope, wanted = self.envelope(request), await body_of(request)
        locks.require_owner(envelope, request.headers.get(locks.EDIT_HEADER), self.vendor.now())
        status = str(wanted.get("status", envelope["status"]))
        if status != envelope["status"]:
            self._move(envelope, status, wanted)
        envelope |= {name: wanted[name] for name in ("emailSubject", "emailBlurb") if name in wanted}
        return JSONResponse({"envelopeId": envelope["envelopeId"]})

    def _page(self, request: Request, query: dict[str, str]) -> Response:
        account = request.path_params["account_id"]
        mine = [e for e in self.vendor.state["envelopes"].values() if e["accountId"] == account]
        return JSONResponse(search.page(mine, query, path=f"/accounts/{account}/envelopes", now=self.vendor.now()))

    def _move(self, envelope: Envelope, status: str, wanted: dict[str, Any]) -> None:
        if status == "voided":
            envelopes.end(envelope, "voided", wanted.get("voidedReason", ""), self.vendor.now())
        elif status == "sent" and envelope["status"] == "created":
            envelopes.reach(envelope, "sent", self.vendor.now())
        else:
            raise Refusal("INVALID_STATUS_VALUE", f"The envelope cannot go from {envelope['status']} to {status}.")
        self.announce(envelope, status)
