"""The NetSuite connector passes the suite of all connectors, with both ways to sign in."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given as for_any
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from canonical.errors import Misconfigured
from connectors.netsuite.client import NetSuite, connect
from connectors.netsuite.mapping import name_stem
from connectors.netsuite.settings import MachineCredentials, Settings
from connectors.netsuite.wire import decoded, encoded, external_id, reference_of
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.connectors.netsuite_world import (
    a_customer,
    a_customer_id,
    a_project,
    a_project_id,
    a_schedule,
    a_vendor,
    held,
    phases,
    settings,
)

CUSTOMER = WriteCase(
    kind="customer",
    writes="/record/v1/customer$",
    method="POST",
    create=lambda c, _: c.create_customer(a_customer(), key="create_customer/CUST-100"),
    find=lambda c, _: c.find_customer("CUST-100", key="create_customer/CUST-100"),
    held=lambda state: len(held(state, "customer", externalId="CUST-100")),
    reverse=lambda c, written, _: c.withdraw_customer(
        written.target_id, "the contract was rejected", key="withdraw_customer/CUST-100"
    ),
    is_reversed=lambda state: all(record["isInactive"] for record in held(state, "customer", externalId="CUST-100")),
)
PROJECT = WriteCase(
    kind="project",
    writes="/record/v1/job$",
    method="POST",
    prepare=a_customer_id,
    create=lambda c, customer_id: c.create_project(a_project(), customer_id, key="create_project/C-100"),
    find=lambda c, _: c.find_project("C-100", key="create_project/C-100"),
    held=lambda state: len(held(state, "job", externalId="C-100")),
    reverse=lambda c, written, _: c.withdraw_project(
        written.target_id, "the contract was rejected", key="withdraw_project/C-100"
    ),
    is_reversed=lambda state: all(record["isInactive"] for record in held(state, "job", externalId="C-100")),
)
PHASES = WriteCase(
    kind="phases",
    writes="/record/v1/projectTask/",
    method="PUT",
    prepare=a_project_id,
    create=lambda c, project_id: c.add_phases(project_id, phases(1, 0), key="add_phases/C-1/1"),
    find=lambda c, project_id: c.find_phases(project_id, phases(1, 0), key="add_phases/C-1/1"),
    held=lambda state: len(held(state, "projectTask", externalId="C-1_3AP1")),
)
SCHEDULE = WriteCase(
    kind="schedule",
    writes="/record/v1/billingSchedule/",
    method="PUT",
    prepare=a_project_id,
    create=lambda c, project_id: c.create_schedule(a_schedule(rules=()), project_id, key="create_schedule/C-100"),
    find=lambda c, _: c.find_schedule("C-100", key="create_schedule/C-100"),
    held=lambda state: len(held(state, "billingSchedule", externalId="C-100")),
    reverse=lambda c, written, _: c.cancel_schedule(written.target_id, "the contract was rejected", key="cancel_schedule/C-100"),
    is_reversed=lambda state: all(record["isInactive"] for record in held(state, "billingSchedule")),
)


class TestNetSuite(ConnectorContract):
    """The suite, with signed requests."""

    reads = "/services/rest/(query|record)/"

    def vendor(self) -> SimulatedVendor:
        return a_vendor()

    def connect(self, url: str) -> NetSuite:
        return connect("erp", settings(url))

    def connect_badly(self, url: str) -> NetSuite:
        return connect("erp", settings(url, token_secret="no"))

    def cases(self) -> list[WriteCase]:
        return [CUSTOMER, PROJECT, PHASES, SCHEDULE]

    async def read(self, connector: NetSuite) -> Any:
        return await connector.candidates(a_customer())


KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def as_machine(url: str, key: ec.EllipticCurvePrivateKey) -> NetSuite:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    credentials = MachineCredentials(client_id="ci", certificate_id="kid", private_key=SecretStr(pem), algorithm="ES256")
    return connect("erp", settings(url, credentials=credentials))


class TestNetSuiteAsMachine(TestNetSuite):
    """The same with a certificate instead of signed requests."""

    def vendor(self) -> SimulatedVendor:
        public = (
            KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        )
        made = super().vendor()
        made.seed({"account": {"tba": [], "m2m": [{"client_id": "ci", "certificate_id": "kid", "public_key": public}]}})
        return made

    def connect(self, url: str) -> NetSuite:
        return as_machine(url, KEY)

    def connect_badly(self, url: str) -> NetSuite:
        return as_machine(url, OTHER_KEY)

    async def test_one_token_serves_many_calls_until_it_is_refused(self, bench: Bench) -> None:
        await asyncio.gather(*(bench.connector.check() for _ in range(5)))
        bench.vendor.clock_offset += timedelta(minutes=61)
        await bench.connector.check()
        assert sum(call["path"].endswith("/token") for call in bench.vendor.calls) == 2


def test_settings_refuse_plain_http_and_the_hosts_spelling_of_the_account() -> None:
    assert settings("http://127.0.0.1:1").base_url == "http://127.0.0.1:1"
    with pytest.raises(ValidationError, match="https"):
        settings("http://tstdrv.suitetalk.api.netsuite.com")
    with pytest.raises(ValidationError, match="upper case"):
        Settings(**{**settings("https://x.example").model_dump(), "account": "tstdrv4242-sb1"})


def test_a_key_that_cannot_sign_is_a_matter_of_settings() -> None:
    credentials = MachineCredentials(client_id="ci", certificate_id="kid", private_key=SecretStr("not a key"))
    connector = connect("erp", settings("http://127.0.0.1:1", credentials=credentials))
    with pytest.raises(Misconfigured, match="cannot sign"):
        asyncio.run(connector.check())


@for_any(st.text(alphabet=st.sampled_from("aZ09-_.:%"), min_size=1))
def test_a_reference_survives_as_external_id(reference: str) -> None:
    assert reference_of(external_id(reference)) == reference
    assert set(external_id(reference)) <= set("aZ09-_ABCDEF2345678")


@for_any(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_an_amount_goes_and_comes_without_losing_a_digit(amount: Decimal) -> None:
    assert encoded({"amount": amount}).decode() == f'{{"amount":{amount}}}'
    assert Decimal(decoded(encoded({"amount": amount}))["amount"]) == amount


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Harbor Retail Group, Inc.", "Harbor Retail"),
        ("The Company", "The Company"),
        ("Müller GmbH & Co. KG", "Müller"),
        ("", ""),
    ],
)
def test_the_telling_part_of_a_name(name: str, stem: str) -> None:
    assert name_stem(name) == stem
