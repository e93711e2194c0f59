"""DocuSign eSignature, as much of it as we use. Satisfies Contracts and ChangeFeed."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from canonical.document import DocumentReference, SignedContract
from canonical.errors import Malformed, Misconfigured, Rejected
from canonical.event import InboundEvent
from canonical.written import Declaration
from connectors.docusign import mapping
from connectors.docusign.account import Account
from connectors.docusign.pages import ByStatusChange, as_parameter
from connectors.docusign.schemas import Envelope, read
from connectors.docusign.settings import Settings
from connectors.pagination import every

_UNREADABLE = "Give the user the right to see all envelopes of the account; some fields show only to those who may."


class DocuSign:
    """One DocuSign account, read only: contracts are sent and signed by people, there."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._account = Account(system, settings)

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._account.aclose()

    def declares(self, kind: str) -> Declaration:
        """Nothing is written here, so there is nothing to declare."""
        raise Misconfigured(
            f"{self.name} is only read; it takes no {kind}",
            remedy="Route this capability to another system in policies/landscape.",
            evidence={"kind": kind},
        )

    async def check(self) -> str:
        """Sign in, find the account, and list one envelope."""
        account = await self._account.served()
        answer = await self._account.get("/envelopes", {"from_date": as_parameter(datetime.now(UTC)), "count": "1"})
        left, most = (answer.headers.get(f"X-RateLimit-{name}", "?") for name in ("Remaining", "Limit"))
        name = f"{account.account_name} ({account.account_id})"
        return f"account {name} at {account.base_uri}; {left} of {most} calls left this hour"

    async def find_signed(self, contract: str) -> SignedContract | None:
        """The newest executed version for our contract reference, else the newest of any state."""
        field, since = self._settings.contract_field, datetime.now(UTC) - self._settings.history
        query = {"custom_field": f"{field}={contract}", "include": "custom_fields"}
        found = [e async for e in self._listed(query, since=since) if mapping.contract_of(e, field) == contract]
        newest = mapping.newest(found)
        return await self.read_signed(newest.envelope_id) if newest else None

    async def read_signed(self, target_id: str) -> SignedContract:
        """One envelope with its terms."""
        body = await self._account.json(f"/envelopes/{quote(target_id, safe='')}", {"include": "custom_fields,recipients,tabs"})
        return mapping.signed_contract(self._envelope(body), system=self.name, contract_field=self._settings.contract_field)

    async def download(self, document: DocumentReference) -> bytes:
        """The signed document's bytes, if they are not too many and are still those that were seen before."""
        envelope_id, _, document_id = document.target_id.partition("/")
        path = f"/envelopes/{quote(envelope_id, safe='')}/documents/{quote(document_id or mapping.COMBINED, safe='')}"
        content = bytearray()
        query = {"certificate": str(self._settings.with_certificate).lower()}
        async with aclosing(self._account.download(path, query)) as chunks:
            async for chunk in chunks:
                content += chunk
                self._require_small(document, len(content))
        self._require_same(document, bytes(content))
        return bytes(content)

    async def changes(self, since: datetime, until: datetime) -> AsyncIterator[InboundEvent]:
        """Envelopes whose status changed; the window reaches back a little, since changes may show late."""
        query = {"to_date": as_parameter(until), "include": "custom_fields"}
        async for envelope in self._listed(query, since=since - self._settings.overlap):
            yield mapping.polled(envelope, system=self.name, contract_field=self._settings.contract_field)

    async def _listed(self, query: dict[str, str], *, since: datetime) -> AsyncIterator[Envelope]:
        walk = ByStatusChange(query, since=since, size=self._settings.page_size)
        async for item in every(walk, lambda parameters: self._account.json("/envelopes", parameters)):
            yield self._envelope(item)

    def _envelope(self, item: dict[str, Any]) -> Envelope:
        return read(self.name, Envelope, item, remedy=_UNREADABLE)

    def _require_small(self, document: DocumentReference, size: int) -> None:
        if size > self._settings.largest_document:
            raise Rejected(
                f"The signed document '{document.name}' is larger than {self._settings.largest_document:,} bytes",
                remedy="Raise largest_document in policies/landscape if it may be that large.",
                evidence={"document": document.target_id},
            )

    def _require_same(self, document: DocumentReference, content: bytes) -> None:
        if not content:
            raise Malformed(f"The signed document '{document.name}' is empty", evidence={"document": document.target_id})
        found = hashlib.sha256(content).hexdigest()
        if document.sha256 and found != document.sha256:
            raise Rejected(
                f"The signed document '{document.name}' is not the one that was read before",
                remedy="Compare the versions in DocuSign; settle with retry once the newer one was accepted.",
                evidence={"document": document.target_id, "expected": document.sha256, "found": found},
            )


def connect(system: str, settings: Settings) -> DocuSign:
    """The connector for one account."""
    return DocuSign(system, settings)
