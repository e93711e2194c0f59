"""What signers and senders do, told over control paths: open, sign, decline, void."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.docusign import envelopes, shapes
from sandbox.docusign.desk import Call, Desk, body_of
from sandbox.docusign.times import read

CONTROL = "/_sandbox/envelopes/{envelope_id}"


class PeopleCalls(Desk):
    """``/_sandbox/envelopes/{id}/...``."""

    def calls(self) -> list[Call]:
        """Method, path and handler of each."""
        return [
            ("POST", f"{CONTROL}/deliver", self.deliver),
            ("POST", f"{CONTROL}/sign", self.sign),
            ("POST", f"{CONTROL}/decline", self.decline),
            ("POST", f"{CONTROL}/void", self.void),
        ]

    async def deliver(self, request: Request) -> Response:
        """A signer opens it."""
        envelope = self.envelope(request)
        if envelope["status"] == "sent":
            envelopes.reach(envelope, "delivered", self.vendor.now())
            self.announce(envelope, "delivered")
        return JSONResponse(shapes.envelope(envelope, set()))

    async def sign(self, request: Request) -> Response:
        """Everyone signs."""
        envelope, told = self.envelope(request), await body_of(request)
        at = read(told["at"], "at") if "at" in told else self.vendor.now()
        for status, when in envelopes.signing(envelope, told.get("tabs", {}), at):
            envelopes.reach(envelope, status, when)
            self.announce(envelope, status)
        return JSONResponse(shapes.envelope(envelope, {"recipients", "tabs", "custom_fields"}))

    async def decline(self, request: Request) -> Response:
        """A signer declines."""
        return await self._ended(request, "declined")

    async def void(self, request: Request) -> Response:
        """The sender voids it."""
        return await self._ended(request, "voided")

    async def _ended(self, request: Request, status: str) -> Response:
        envelope, told = self.envelope(request), await body_of(request)
        envelopes.end(envelope, status, told.get("reason", ""), self.vendor.now())
        self.announce(envelope, status)
        return JSONResponse(shapes.envelope(envelope, set()))
