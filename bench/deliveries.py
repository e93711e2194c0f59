"""DocuSign Connect's deliveries as they come in: signed, each about an envelope of its own, and some of them twice."""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.contracts import serials
from connectors.webhooks import hmac_sha256_base64
from rehearsal.systems import docusign

REPEATED = 0.1
_REMEMBERED = 200


@dataclass(frozen=True)
class Delivery:
    """A body and the headers that it comes with."""

    body: bytes
    headers: dict[str, str]


class Deliveries:
    """One after another; about every tenth is one of the last that were sent before."""

    def __init__(self, key: str, *, seed: int = 7) -> None:
        self._key, self._chance = key.encode(), random.Random(seed)
        self._serials, self._sent = serials(), list[Delivery]()
        self.distinct = 0

    def __iter__(self) -> Iterator[Delivery]:
        while True:
            if self._sent and self._chance.random() < REPEATED:
                yield self._chance.choice(self._sent)
                continue
            self._sent = [*self._sent, self._delivery(next(self._serials))][-_REMEMBERED:]
            self.distinct += 1
            yield self._sent[-1]

    def _delivery(self, serial: str) -> Delivery:
        body = json.dumps(_message(serial, str(uuid.UUID(int=self._chance.getrandbits(128), version=4)))).encode()
        signature = hmac_sha256_base64(self._key, body)
        headers = {"Content-Type": "application/json; charset=utf-8", "X-DocuSign-Signature-1": signature}
        return Delivery(body, headers)


def _message(serial: str, envelope: str) -> dict[str, object]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    uri = f"/restapi/v2.1/accounts/{docusign.ACCOUNT}/envelopes/{envelope}"
    field = {"fieldId": "1", "name": "ContractReference", "show": "true", "required": "false", "value": f"W-{serial}"}
    summary = {
        "status": "completed",
        "documentsUri": f"{uri}/documents",
        "recipientsUri": f"{uri}/recipients",
        "emailSubject": f"Statement of work W-{serial}",
        "envelopeId": envelope,
        "customFields": {"textCustomFields": [field], "listCustomFields": []},
        "createdDateTime": now,
        "sentDateTime": now,
        "deliveredDateTime": now,
        "completedDateTime": now,
        "statusChangedDateTime": now,
        "sender": {"userName": "Handoff", "userId": docusign.USER, "email": "handoff@firm.example"},
    }
    return {
        "event": "envelope-completed",
        "apiVersion": "v2.1",
        "uri": uri,
        "retryCount": 0,
        "configurationId": 1,
        "generatedDateTime": now,
        "data": {"accountId": docusign.ACCOUNT, "userId": docusign.USER, "envelopeId": envelope, "envelopeSummary": summary},
    }
