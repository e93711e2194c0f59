"""What the engine keeps: every payload encrypted, no secret and no amount readable, references only to search by (C6)."""

import json

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory

from canonical.exception import Decision
from runtime.codec import ENCODING
from tests.workflows.house import House
from workflows.search_attributes import ALL

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFIDENTIAL = ("289,000", '"amount"', "Senior", "Acme", "12-3456789", "1 Main St", "because", "the customer is blocked")


async def a_whole_story(house: House, contract: str) -> WorkflowHistory:
    """A handoff with an exception, a decision, a failure and its undoing."""
    house.firm.sell(contract, tax_registrations=())
    house.firm.psa.fail("activate_project", contract, "rejected")
    handle = await house.provision(contract)
    await house.settle(contract, "TAX_ID_MISSING", Decision.OVERRIDE)
    await house.settle(contract, "REJECTED", Decision.REJECT)
    await handle.result()
    return await handle.fetch_history()


def payloads_in(message: Message) -> list[Payload]:
    """Every payload, however deep, besides search attributes, which are there to be read."""
    found: list[Payload] = []
    for field, value in message.ListFields():
        if field.message_type is None or field.name == "search_attributes":
            continue
        if field.message_type.GetOptions().map_entry:
            values = [one for one in value.values() if isinstance(one, Message)]
        else:
            values = list(value) if field.is_repeated else [value]
        for one in values:
            found += [one] if isinstance(one, Payload) else payloads_in(one)
    return found


async def test_every_payload_in_a_history_is_encrypted(house: House, contract: str) -> None:
    history = await a_whole_story(house, contract)
    payloads = [payload for event in history.events for payload in payloads_in(event)]
    assert len(payloads) > 50
    assert {payload.metadata["encoding"] for payload in payloads} == {ENCODING}


async def test_nothing_confidential_is_readable(house: House, contract: str) -> None:
    history = await a_whole_story(house, contract)
    plain = " ".join(event.SerializeToString().decode("latin-1") for event in history.events)
    assert contract in plain
    assert [word for word in CONFIDENTIAL if word in plain] == []
    described = await house.client.get_workflow_handle(f"provision_project/{contract}/1").describe()
    assert [word for word in CONFIDENTIAL if word in str(described.raw_description)] == []


async def test_search_attributes_are_references(house: House, contract: str) -> None:
    await a_whole_story(house, contract)
    described = await house.client.get_workflow_handle(f"provision_project/{contract}/1").describe()
    found = {pair.key.name: pair.value for pair in described.typed_search_attributes if pair.key in ALL}
    assert found == {
        "Engagement": contract,
        "CorrelationId": f"{contract}.1",
        "Customer": f"CUST-{contract}",
        "LegalEntity": "US01",
        "BusinessStatus": "withdrawn",
    }


async def test_without_the_key_ring_a_history_says_nothing(house: House, contract: str) -> None:
    await a_whole_story(house, contract)
    stranger = await Client.connect(house.client.service_client.config.target_host)
    seen = json.dumps((await stranger.get_workflow_handle(f"provision_project/{contract}/1").fetch_history()).to_json_dict())
    assert "Encoded failure" in seen and "blocked" not in seen
