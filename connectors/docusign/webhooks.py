"""DocuSign Connect's messages -> our events: verified over the raw body, with any of the keys in use."""

from canonical.errors import Malformed, Misconfigured
from canonical.event import Acknowledgement, InboundEvent
from connectors.docusign import mapping
from connectors.docusign.schemas import Heading, Message, read_json
from connectors.docusign.settings import Settings
from connectors.webhooks import Request, hmac_sha256_base64, require_any

_HEADER = "x-docusign-signature-"
_FORMAT = "Set the Connect configuration to the JSON format with individual messages (SIM)."


class Reader:
    """One Connect configuration's way in. It signs no time: safe by deduplication and re-reading, not by freshness."""

    def __init__(self, system: str, settings: Settings) -> None:
        if not settings.connect_keys:
            raise Misconfigured(
                f"{system} cannot verify what Connect sends", remedy="Put the HMAC keys of Connect into connect_keys."
            )
        self._system, self._settings = system, settings

    def read(self, request: Request) -> list[InboundEvent]:
        """The event of a genuine delivery; none for what is not about an envelope as a whole."""
        given = [value for name, value in request.headers.items() if name.lower().startswith(_HEADER)]
        expected = [hmac_sha256_base64(key.get_secret_value().encode(), request.body) for key in self._settings.connect_keys]
        require_any(given, expected, system=self._system)
        envelope_event = self._message(request.body)
        return [envelope_event] if envelope_event else []

    def acknowledgement(self) -> Acknowledgement:
        """Connect takes any 2xx; 200 is what every version of it documents."""
        return Acknowledgement(status=200, body="{}")

    def _message(self, body: bytes) -> InboundEvent | None:
        heading = read_json(self._system, Heading, body, remedy=_FORMAT)
        if not heading.event.startswith("envelope-"):
            return None  # recipients, templates and clickwraps: the envelope's own events say all we act on
        message = read_json(self._system, Message, body, remedy=_FORMAT)
        self._require_our_account(message)
        return mapping.told(message, system=self._system, contract_field=self._settings.contract_field)

    def _require_our_account(self, message: Message) -> None:
        ours, theirs = self._settings.account_id, message.data.account_id
        if ours and theirs != ours:
            raise Malformed(
                f"A delivery to /webhooks/{self._system} is about another account: data.accountId",
                remedy="Point that account's Connect configuration elsewhere, or correct account_id in policies/landscape.",
                evidence={"data.accountId": theirs, "expected": ours},
            )


def reader(system: str, settings: Settings) -> Reader:
    """The way in for one account."""
    return Reader(system, settings)
