"""What the groups of paths share: finding an envelope, reading a body, telling the world."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.docusign import connect
from sandbox.docusign.envelopes import Envelope
from sandbox.docusign.refusals import BY_STATUS, unknown_envelope
from sandbox.vendor import SimulatedVendor

Handler = Callable[[Request], Awaitable[Response]]
Call = tuple[str, str, Handler]


class Desk:
    """Access to the vendor's records for the handlers of a group."""

    def __init__(self, vendor: SimulatedVendor) -> None:
        self.vendor = vendor

    def envelope(self, request: Request) -> Envelope:
        """The envelope the path names, if it is in the account the path names."""
        envelope: Envelope | None = self.vendor.state["envelopes"].get(request.path_params["envelope_id"])
        if envelope is None or envelope["accountId"] != request.path_params.get("account_id", envelope["accountId"]):
            raise unknown_envelope()
        return envelope

    def announce(self, envelope: Envelope, status: str) -> None:
        """Send what Connect is configured to send when an envelope reaches a status."""
        for message in connect.messages(self.vendor.state, envelope, status, self.vendor.now()):
            self.vendor.deliveries.post(message)


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object; none at all counts as an empty one."""
    with contextlib.suppress(ValueError):
        given = json.loads(await request.body() or b"{}")
        if isinstance(given, dict):
            return given
    raise BY_STATUS[400]
