"""What signature schemes share: constant-time comparison, replay windows, and the frame of a connector's webhook reader."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from canonical.errors import SignatureRefused
from canonical.event import Acknowledgement, InboundEvent


@dataclass(frozen=True)
class Request:
    """A delivery as it arrived: the raw body (signatures cover exact bytes), headers in lower case, the URL called, and when."""

    body: bytes
    headers: Mapping[str, str]
    url: str
    received_at: datetime
    peer_is_verified: bool = False


class WebhookReader(Protocol):
    """A connector's way in: verify first, then translate; satisfied by ``webhooks.py`` of each vendor that has webhooks."""

    def read(self, request: Request) -> list[InboundEvent]:
        """The events of a genuine delivery (often one, none for a ping). Raises SignatureRefused, or Malformed with the field."""
        ...

    def acknowledgement(self) -> Acknowledgement:
        """What the vendor wants to hear once the events are safe."""
        ...


def hmac_sha256_base64(key: bytes, body: bytes) -> str:
    """base64(HMAC-SHA256), as DocuSign Connect signs."""
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def require_any(given: Iterable[str], expected: Iterable[str], *, system: str) -> None:
    """One of the given signatures must equal one of the expected; every pair is compared, in constant time."""
    matches = [hmac.compare_digest(g.encode(), e.encode()) for g in given for e in expected]
    if not any(matches):
        raise SignatureRefused(f"A delivery to /webhooks/{system} is not signed with a key we know")


def require_fresh(sent_at: datetime, received_at: datetime, *, window: timedelta, system: str) -> None:
    """Refuse a delivery whose signed time is too far from ours (only for schemes that sign a time)."""
    if abs(received_at - sent_at) > window:
        raise SignatureRefused(
            f"A delivery to /webhooks/{system} is stale", evidence={"sent_at": sent_at, "received_at": received_at}
        )
