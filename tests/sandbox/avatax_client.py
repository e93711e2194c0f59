"""Avalara's own client, signed in to the simulated account; every answer is held against Avalara's published contract."""

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from avalara import AvataxClient  # type: ignore[import-untyped]

from sandbox.avatax import VENDOR
from sandbox.serve import serving_in_thread
from tests.sandbox.avatax_contract import complaints
from tests.sandbox.avatax_world import ACCOUNT, KEY, US, a_model, a_world, texan_nexus

EVERYTHING = {"$include": "Summary,Addresses"}


class Account:
    """Avalara's client, signed in to the simulated account."""

    def __init__(self, vendor: Any, url: str) -> None:
        self.vendor, self.url = vendor, url
        self.client = self.signed_in(ACCOUNT, KEY)

    def signed_in(self, name: str, key: str) -> Any:
        return AvataxClient("Handoff tests", "1.0", "test", self.url).add_credentials(name, key)

    def ok(self, answer: Any, schema: str) -> Any:
        """The body of an answer that went well and keeps to the contract."""
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert complaints(schema, body) == []
        return body

    def refused(self, answer: Any, status: int) -> dict[str, Any]:
        """The first detail of a refusal that keeps to the contract."""
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"] == error["details"][0]["code"] and error["message"]
        assert complaints("ErrorDetail", error["details"][0]) == []
        return dict(error["details"][0])

    def created(self, **fields: Any) -> Any:
        return self.ok(self.client.create_transaction(a_model(**fields), EVERYTHING), "TransactionModel")

    def adjusted(self, **fields: Any) -> Any:
        model = {"createTransactionModel": a_model(**fields), "adjustmentReason": "PriceAdjusted"}
        return self.ok(self.client.create_or_adjust_transaction(model, EVERYTHING), "TransactionModel")

    def read(self, code: str = "INV-1", company: str = "US01", **include: str) -> Any:
        return self.ok(self.client.get_transaction_by_code(company, code, include or EVERYTHING), "TransactionModel")

    def voided(self, code: str = "INV-1", reason: str = "DocVoided") -> Any:
        return self.client.void_transaction("US01", code, {"code": reason})

    def register_in_texas(self) -> Any:
        answer = self.client.create_nexus(US, [texan_nexus()])
        assert answer.status_code == 200 and complaints("NexusModel", answer.json()[0]) == []
        return answer.json()[0]


@pytest.fixture(scope="module")
def server() -> Iterator[Account]:
    vendor = VENDOR()
    with serving_in_thread(vendor) as url:
        yield Account(vendor, url)


@pytest.fixture
def account(server: Account) -> Account:
    server.vendor.reset()
    httpx.post(f"{server.url}/_sandbox/seed", json=a_world()).raise_for_status()
    return server
