"""The simulated DocuSign sends Connect messages as the real one does, and its answers fit the published contract."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.serve import serving_in_thread
from sandbox.vendor import SimulatedVendor
from tests.sandbox.docusign_client import API, Account, a_definition, account, secure
from tests.sandbox.docusign_world import ACCOUNT, KEYS, SIGNED, a_connect_configuration

__all__ = ["account", "secure"]

CONTRACT = Path(__file__).parents[3] / "shared/contracts/docusign/esignature.rest.swagger-v2.1_2022-05-27.json"
# Newer than the contract file of 2022, but in the models of docusign-esign 6.1.0.
NEWER = {"nextUri", "previousUri"}

# Connect.


class Listener(SimulatedVendor):
    """A customer's webhook address: keeps what arrives and answers as told."""

    name = "listener"

    def __init__(self) -> None:
        super().__init__()
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[int] = []

    def routes(self) -> list[BaseRoute]:
        async def hook(request: Request) -> Response:
            self.received.append((await request.body(), dict(request.headers)))
            return Response(status_code=self.answers.pop(0) if self.answers else 200)

        return [Route("/hook", hook, methods=["POST"])]

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while len(self.received) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        return [json.loads(body) for body, _ in self.received]


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[Listener, str]]:
    listener = Listener()
    with serving_in_thread(listener) as url:
        yield listener, f"{url}/hook"


@pytest.fixture
def listener(listening: tuple[Listener, str], account: Account) -> Listener:
    listening[0].received.clear()
    account.vendor.seed({"connect": {"10": a_connect_configuration(listening[1])}})
    account.vendor.deliveries.manners.retry_seconds = 0.01
    return listening[0]


def test_connect_tells_each_event_signed_with_every_key_over_the_raw_body(account: Account, listener: Listener) -> None:
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition()).envelope_id
    listener.wait_for(1)
    account.control(made, "sign")
    messages = listener.wait_for(3)
    assert {m["event"] for m in messages} == {"envelope-sent", "envelope-delivered", "envelope-completed"}
    for body, headers in listener.received:
        for number, key in KEYS.items():
            expected = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
            assert headers[f"x-docusign-signature-{number}"] == expected
    completed = next(m for m in messages if m["event"] == "envelope-completed")
    assert (completed["data"]["accountId"], completed["data"]["envelopeId"]) == (ACCOUNT, made)
    assert completed["data"]["envelopeSummary"]["customFields"]["textCustomFields"][0]["value"] == "C-7"
    over_rest = account.envelopes.get_envelope(ACCOUNT, made).completed_date_time
    assert over_rest == completed["data"]["envelopeSummary"]["completedDateTime"].replace("Z", "0000Z")


def test_connect_tries_again_until_it_is_acknowledged(account: Account, listener: Listener) -> None:
    listener.answers = [500, 503]
    account.vendor.state["envelopes"][SIGNED]["status"] = "delivered"
    account.control(SIGNED, "sign")
    bodies = {json.dumps(m) for m in listener.wait_for(3)}
    assert (len(listener.received), len(bodies)) == (3, 1)


def test_connect_messages_may_arrive_in_any_order(account: Account, listener: Listener) -> None:
    account.http.put("/_sandbox/deliveries", json={"shuffle_seed": 4})
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition()).envelope_id
    account.control(made, "sign")
    account.http.post("/_sandbox/deliveries/flush")
    events = [m["event"] for m in listener.wait_for(3)]
    assert sorted(events) == ["envelope-completed", "envelope-delivered", "envelope-sent"]
    assert events.index("envelope-completed") < events.index("envelope-delivered")


# The published contract.


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip("DocuSign's published contract is not at hand (../shared/contracts/docusign)")
    return json.loads(CONTRACT.read_text())  # type: ignore[no-any-return]


def test_answers_fit_the_published_contract(account: Account, contract: dict[str, Any]) -> None:
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition()).envelope_id
    account.control(made, "sign")
    everything = "custom_fields,recipients,tabs,documents"
    answers = {
        "envelope": account.get(f"/envelopes/{made}", include=everything),
        "envelopesInformation": account.get("/envelopes", from_date="2026-01-01", include=everything),
        "envelopeFormData": account.get(f"/envelopes/{made}/form_data"),
        "recipients": account.get(f"/envelopes/{made}/recipients", include_tabs="true"),
        "tabs": account.get(f"/envelopes/{made}/recipients/1/tabs"),
        "envelopeDocumentsResult": account.get(f"/envelopes/{made}/documents"),
        "customFields": account.get(f"/envelopes/{made}/custom_fields"),
        "lockInformation": account.http.post(f"{API}/envelopes/{made}/lock", json={"lockDurationInSeconds": "60"}).json(),
        "envelopeSummary": account.http.post(
            f"{API}/envelopes", json=account.client.sanitize_for_serialization(a_definition())
        ).json(),
        "errorDetails": account.http.get(f"{API}/envelopes/none").json(),
    }
    for definition, answer in answers.items():
        jsonschema.Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": contract["definitions"]}).validate(
            answer
        )
        assert unknown_names(answer, {"$ref": f"#/definitions/{definition}"}, contract["definitions"]) - NEWER == set(), (
            definition
        )


def unknown_names(answer: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """Names in an answer that the contract does not have; it allows any, so validation alone would not tell."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(answer, list):
        return {name for item in answer for name in unknown_names(item, schema.get("items", {}), definitions)}
    if not isinstance(answer, dict) or "properties" not in schema:
        return set()
    known: dict[str, Any] = schema["properties"]
    inside = {name for key, value in answer.items() if key in known for name in unknown_names(value, known[key], definitions)}
    return inside | {name for name in answer if name not in known}
