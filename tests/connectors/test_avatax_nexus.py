"""A zero for want of nexus is seen, held and never recorded; one that is right passes with what it rests on (S17)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
import pytest

from canonical.errors import Rejected
from canonical.money import Money
from canonical.party import Address
from connectors.avatax.client import connect
from tests.connectors.avatax_firm import BERLIN, RECORD, a_question, an_account, current, joined, register, settings
from tests.connectors.contract import Bench
from tests.sandbox.avatax_world import US, a_world, german_nexus, texan_nexus

NOTHING = Money.of(0, "USD")
PORTLAND = Address(line1="1 SW Main St", city="Portland", region="OR", postal_code="97204", country="US")
ZURICH = Address(line1="Bahnhofstr. 1", city="Zürich", postal_code="8001", country="CH")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with joined(an_account()) as bench:
        yield bench


async def missing(bench: Bench, **fields: Any) -> tuple[str, ...]:
    """Where the engine's zero is for want of nexus."""
    found: tuple[str, ...] = (await bench.connector.probe(a_question(**fields))).missing_nexus
    return found


async def test_an_invoice_waits_for_its_nexus_and_is_then_taxed(bench: Bench) -> None:
    probed = await bench.connector.probe(a_question())
    assert (probed.tax, probed.missing_nexus, probed.lines[0].is_taxable) == (NOTHING, ("US-TX",), True)
    with pytest.raises(Rejected) as held:
        await bench.connector.record(a_question(), key=RECORD)
    assert held.value.specific_code == "TAX_NEXUS_MISSING"
    assert "US01" in held.value.message and "declare the nexus" in held.value.remedy
    assert bench.vendor.state["transactions"] == {}, "nothing was recorded"
    register(bench.vendor)  # type: ignore[arg-type]
    written = await bench.connector.record(a_question(), key=RECORD)
    assert written.details["tax"] == "1650.00"
    assert (await bench.connector.read_answer("INV-1")).missing_nexus == ()


async def test_an_exempt_customer_passes_at_zero_with_its_certificate(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    question = a_question(customer="CUST-EXEMPT")
    answer = await bench.connector.probe(question)
    assert (answer.tax, answer.missing_nexus, answer.exemption_certificate) == (NOTHING, (), "701")
    assert not answer.lines[0].is_taxable
    written = await bench.connector.record(question, key=RECORD)
    assert (written.details["tax"], written.details["certificate"]) == ("0.00", "701")
    assert (await bench.connector.read_answer("INV-1")).exemption_certificate == "701"


async def test_a_certificate_counts_even_where_the_engine_did_not_look_for_it(bench: Bench) -> None:
    question = a_question(customer="CUST-EXEMPT")
    assert (await bench.connector.probe(question)).exemption_certificate == "701"
    assert (await bench.connector.record(question, key=RECORD)).details["certificate"] == "701"
    found = await bench.connector.find_recorded("INV-1", key=RECORD)
    assert found is not None and found.details["certificate"] == "701"


@pytest.mark.parametrize(
    "change",
    [
        {"exemptPercentage": 50},
        {"valid": False},
        {"exposureZone": {"country": "US", "region": "CA"}},
        {"expirationDate": "2020-06-01"},
    ],
)
async def test_a_certificate_that_does_not_exempt_wholly_there_now_is_none(bench: Bench, change: dict[str, Any]) -> None:
    bench.vendor.seed({"certificates": {"701": a_world()["certificates"]["701"] | change}})
    assert await missing(bench, customer="CUST-EXEMPT") == ("US-TX",)


async def test_a_company_that_keeps_no_certificates_has_none(bench: Bench) -> None:
    bench.vendor.seed({"without_certificates": [US]})
    assert await missing(bench, customer="CUST-EXEMPT") == ("US-TX",)


async def test_a_certificate_that_exempts_half_leaves_the_other_half_taxed(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    bench.vendor.seed({"certificates": {"701": a_world()["certificates"]["701"] | {"exemptPercentage": 50}}})
    answer = await bench.connector.probe(a_question(customer="CUST-EXEMPT"))
    assert (answer.tax, answer.exemption_certificate) == (Money.of(825, "USD"), "701")


async def test_a_number_or_a_use_that_exempts_is_passed_on(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    by_number = await bench.connector.probe(a_question(exemption="TX-123"))
    assert (by_number.tax, by_number.exemption_certificate) == (NOTHING, "TX-123")
    by_use = await bench.connector.probe(a_question(exempt_use="E"))
    assert (by_use.tax, by_use.exemption_certificate, by_use.lines[0].is_taxable) == (NOTHING, "", False)


async def test_a_service_that_is_not_taxable_there_is_no_matter_of_nexus(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    question = a_question()
    line = question.lines[0].changed(tax_code="SP140000")
    answer = await bench.connector.probe(question.model_copy(update={"lines": (line,)}))
    assert (answer.tax, answer.missing_nexus, answer.lines[0].is_taxable) == (NOTHING, (), False)


async def test_a_city_that_administers_itself_is_named_below_its_state(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    bench.vendor.seed({"jurisdictions": {"AUSTIN": a_world()["jurisdictions"]["AUSTIN"] | {"isSelfAdministered": True}}})
    answer = await bench.connector.probe(a_question())
    assert (answer.tax, answer.missing_nexus) == (Money.of(1250, "USD"), ("US-TX Austin",))


async def test_a_country_without_nexus_is_named_by_its_code(bench: Bench) -> None:
    bench.vendor.seed({"nexus": {"501": None}})
    assert await missing(bench, currency="EUR", ship_to=BERLIN) == ("DE",)


@pytest.mark.parametrize(
    ("nexus", "place"),
    [
        ([], ("US-OR",)),
        ([{"region": "US", "jurisdictionTypeId": "Country"}], ("US-OR",)),
        ([{"region": "CA"}], ("US-OR",)),
        ([{"region": "OR", "nexusTypeId": "None"}], ("US-OR",)),
        ([{"region": "OR", "effectiveDate": "2026-08-01"}], ("US-OR",)),
        ([{"region": "OR", "endDate": "2026-07-30"}], ("US-OR",)),
        ([{"region": "OR", "effectiveDate": "2026-07-31"}], ()),
        ([{"region": "CA"}, {"region": "OR"}], ()),
    ],
)
async def test_a_zero_that_nobody_explains_is_held_against_the_declared_nexus(
    bench: Bench, nexus: list[dict[str, Any]], place: tuple[str, ...]
) -> None:
    declared = {str(520 + n): {"companyId": US, **texan_nexus(), **one} for n, one in enumerate(nexus)}
    bench.vendor.seed({"nexus": declared})
    assert await missing(bench, ship_to=PORTLAND) == place


async def test_a_declaration_for_a_whole_country_covers_a_country_that_taxes_as_one(bench: Bench) -> None:
    assert await missing(bench, ship_to=ZURICH) == ("CH",)
    swiss = german_nexus(530, US) | {"country": "CH", "region": "CH", "jurisCode": "CH", "jurisName": "SWITZERLAND"}
    bench.vendor.seed({"nexus": {"530": swiss}})
    assert await missing(bench, ship_to=ZURICH) == ()


async def test_the_tax_owner_may_leave_a_place_out_by_entity(bench: Bench) -> None:
    left_out = {"US01": ["US-TX"]}
    connector = connect(
        "avatax", settings(bench.url, knowingly_unregistered=left_out, companies={"US01": "US01", "DE01": "DE01"})
    )
    written = await connector.record(a_question(), key=RECORD)
    assert written.details["tax"] == "0.00"
    assert (await connector.probe(a_question(entity="DE01"))).missing_nexus == ("US-TX",), "another entity decides for itself"
    await connector.aclose()


async def test_a_nexus_that_ends_between_question_and_record_leaves_nothing_committed(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    await bench.fault(kind="hold", name="asked", on={"path": "/transactions/create[^o]"})
    recording = asyncio.create_task(bench.connector.record(a_question(), key=RECORD))
    async with httpx.AsyncClient(base_url=bench.url) as http:
        while not any(call.get("committed_status") for call in bench.vendor.calls):  # noqa: ASYNC110 - the server brings it about
            await asyncio.sleep(0.01)
        await http.post("/_sandbox/seed", json={"nexus": {"510": None}})
        await http.post("/_sandbox/holds/asked/release")
    with pytest.raises(Rejected, match="has not declared nexus in US-TX"):
        await recording
    assert [record["status"] for record in current(bench.vendor.state)] == ["Cancelled"]
    assert await bench.connector.find_recorded("INV-1", key=RECORD) is None


async def test_a_zero_that_somebody_else_committed_is_not_adopted(bench: Bench) -> None:
    register(bench.vendor)  # type: ignore[arg-type]
    await bench.connector.record(a_question(), key=RECORD)
    bench.vendor.seed({"nexus": {"510": None}})
    model: dict[str, Any] = {
        "type": "SalesInvoice",
        "code": "INV-1",
        "companyCode": "US01",
        "date": "2026-07-31",
        "customerCode": "CUST-1",
    }
    place = {"city": "Austin", "region": "TX", "country": "US"}
    model |= {"commit": True, "referenceCode": RECORD, "lines": [{"amount": 20000}], "addresses": {"singleLocation": place}}
    async with httpx.AsyncClient(base_url=bench.url, auth=("2000000001", "avatax-sandbox-key")) as http:
        (await http.post("/api/v2/transactions/createoradjust", json={"createTransactionModel": model})).raise_for_status()
    assert await bench.connector.find_recorded("INV-1", key=RECORD) is None
    assert (await bench.connector.read_answer("INV-1")).missing_nexus == ("US-TX",)
