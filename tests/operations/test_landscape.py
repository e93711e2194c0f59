"""From the landscape's words to connected systems: a wrong setting is named with its system, never with its value."""

from typing import Any

import pytest

from canonical.errors import Misconfigured
from operations.landscape import connect_systems, webhook_readers
from policies.firm import Policies
from runtime.secrets import resolved
from tests.activities.firm import demo_policies
from tests.runtime.rsa import PRIVATE_PEM

VALUES = {
    "_URL": "http://127.0.0.1:9",
    "DOCUSIGN_PRIVATE_KEY": PRIVATE_PEM,
    "NETSUITE_ACCOUNT": "1234567_SB1",
}


class Environment(dict[str, str]):
    """Every variable that the landscape names, with a plausible value."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return next((value for ending, value in VALUES.items() if name.endswith(ending)), "s3cr3t-value")


def resolve(value: Any, **changed: str) -> Any:
    return resolved(value, environment=Environment(changed))


async def test_every_system_of_the_landscape_is_connected_under_its_name() -> None:
    connected = connect_systems(demo_policies(), resolve=resolve)
    assert set(connected) == set(demo_policies().landscape.systems)
    for system in connected.values():
        await system.aclose()


def test_the_systems_that_send_deliveries_have_a_way_in() -> None:
    assert set(webhook_readers(demo_policies(), resolve=resolve)) == {"salesforce", "docusign"}


def test_a_wrong_setting_is_named_with_its_system_and_without_its_value() -> None:
    def wrong(value: Any) -> Any:
        return resolve(value, HANDOFF_SANDBOX_KANTATA_URL="ftp://user:hunter2@kantata.example")

    with pytest.raises(Misconfigured, match=r"kantata.*base_url") as refused:
        connect_systems(demo_policies(), resolve=wrong)
    assert "hunter2" not in str(refused.value) + refused.value.remedy + str(refused.value.evidence)


def test_a_reference_that_leads_nowhere_is_named() -> None:
    def nothing(value: Any) -> Any:
        return resolved(value, environment={})

    with pytest.raises(Misconfigured, match="HANDOFF_SANDBOX_SALESFORCE_URL is not set"):
        webhook_readers(demo_policies(), resolve=nothing)


def test_an_unknown_vendor_is_refused_with_the_known_ones() -> None:
    policies = demo_policies()
    system = policies.landscape.systems["kantata"].model_copy(update={"vendor": "openair"})
    landscape = policies.landscape.model_copy(update={"systems": {"psa": system}})
    changed: Policies = policies.model_copy(update={"landscape": landscape})
    with pytest.raises(Misconfigured, match="openair") as refused:
        connect_systems(changed, resolve=resolve)
    assert "kantata" in refused.value.remedy
