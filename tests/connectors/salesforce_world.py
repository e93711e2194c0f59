"""What the Salesforce connector's tests share: one deal in the simulated org, and settings that reach it."""

from datetime import timedelta
from typing import Any

from connectors.salesforce.settings import Settings
from connectors.timing import Timing
from sandbox.salesforce import identifier_of
from sandbox.salesforce.objects import OBJECTS

LINES = [
    {"reference": "L1", "name": "Rollout", "price": "120000", "workstream": "WS-A"},
    {"reference": "L2", "name": "Advice", "kind": "time_and_materials", "price": "200", "quantity": "400", "discount": "10"},
    {"reference": "L3", "name": "Care", "kind": "subscription", "price": "1500.50", "months": 12},
]
DEAL: dict[str, Any] = {
    "contract": "C-100",
    "lines": LINES,
    "purchase_orders": {"WS-A": "4500-1", "": "4500-9"},
    "customer": {"order_per_workstream": True, "street": "200 Market Street\nFloor 3"},
    "bill_to": {
        "name": "Acme Shared Services",
        "number": "10002",
        "legal_name": None,
        "country": "DE",
        "tax_number": "DE136695976",
    },
}


def settings(url: str, **changes: Any) -> Settings:
    good = {"base_url": url, "client_id": "handoff-sandbox", "client_secret": "handoff-sandbox-secret"}
    return Settings.model_validate(good | {"timing": Timing(read_timeout=timedelta(seconds=5))} | changes)


def identifier(kind: str, handle: str) -> str:
    return identifier_of(OBJECTS[kind], handle)
