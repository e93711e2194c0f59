"""Customers and projects in the real Tryton."""

import pytest

from canonical.errors import Conflict, Misconfigured, Rejected
from canonical.money import Money
from canonical.party import TaxRegistration
from canonical.project import ProjectState
from connectors.tryton.client import Tryton as Connector
from connectors.tryton.client import connect
from runtime.embedded.tryton.server import Tryton
from tests.tryton.relay import Books
from tests.tryton.world import a_customer, a_customer_id, a_posted_invoice, a_project, eur, fresh, phases, settings


async def test_a_customer_is_found_by_its_tax_number_with_what_it_owes(connector: Connector) -> None:
    reference = fresh("CUST")
    customer = a_customer(reference, tax_registrations=(TaxRegistration(country="DE", number="136695976"),))
    made = await connector.create_customer(customer, key=f"create_customer/{reference}/DE01")
    candidates = {found.target_id: found for found in await connector.candidates(customer)}
    found = candidates[made.target_id]
    assert (found.reference, found.tax_numbers, found.country) == (reference, ("DE136695976",), "DE")
    assert (found.credit_limit, found.exposure) == (eur("250000.10"), eur("0"))


async def test_exposure_is_what_is_posted_and_not_paid(connector: Connector) -> None:
    _, customer = await a_posted_invoice(connector)
    records = await connector.candidates(a_customer("CUST", legal_name="Acme", tax_registrations=()))
    everybody = {found.target_id: found for found in records}
    exposure = [found.exposure for key, found in everybody.items() if key == customer]
    assert exposure in ([eur("1190.00")], [])  # a common name may be cut off after twenty-five


async def test_a_second_customer_of_a_key_is_a_conflict(connector: Connector) -> None:
    reference = fresh("CUST")
    await connector.create_customer(a_customer(reference), key=f"create_customer/{reference}/DE01")
    with pytest.raises(Conflict):
        await connector.create_customer(a_customer(reference), key=f"create_customer/{reference}/DE01")


async def test_a_tax_number_that_cannot_be_one_is_refused(connector: Connector) -> None:
    reference = fresh("CUST")
    wrong = a_customer(reference, tax_registrations=(TaxRegistration(country="DE", number="DE000000000"),))
    with pytest.raises(Rejected, match="DE000000000"):
        await connector.create_customer(wrong, key=f"create_customer/{reference}/DE01")


async def test_a_limit_in_another_currency_is_refused(connector: Connector) -> None:
    reference = fresh("CUST")
    with pytest.raises(Rejected, match="currency of DE01"):
        await connector.create_customer(
            a_customer(reference, credit_limit=Money.of("1", "USD")), key=f"create_customer/{reference}/DE01"
        )


async def test_a_customer_with_projects_is_kept(connector: Connector) -> None:
    customer, reference = await a_customer_id(connector), fresh("C")
    await connector.create_project(a_project(reference), customer, key=f"create_project/{reference}")
    kept = await connector.withdraw_customer(customer, "mistake", key="")
    assert kept.details == {"kept": "projects or invoices use it"}


async def test_a_project_is_read_back_with_its_tree(connector: Connector, books: Books) -> None:
    customer, reference = await a_customer_id(connector), fresh("C")
    made = await connector.create_project(a_project(reference, phases=phases(1, 2)), customer, key=f"create_project/{reference}")
    await connector.add_phases(made.target_id, phases(2, 3), key=f"add_phases/{reference}/2")
    record = await connector.read_project(made.target_id)
    assert (record.reference, record.title, record.state) == (reference, "Rollout", ProjectState.ACTIVE)
    assert record.phases == ("P1", "P2", "P3")
    assert sorted(record.tasks) == ["P1.T1", "P1.T2", "P2.T1", "P2.T2", "P3.T1", "P3.T2"]
    (task,) = books.rows(
        "project.work", [["comment", "like", f"Handoff {reference}:P1.T1 %"]], "effort_duration", "timesheet_available"
    )
    assert (task["effort_duration"]["seconds"], task["timesheet_available"]) == (45000.0, True)


async def test_a_withdrawn_project_is_archived_with_its_tasks(connector: Connector, books: Books) -> None:
    customer, reference = await a_customer_id(connector), fresh("C")
    made = await connector.create_project(a_project(reference), customer, key=f"create_project/{reference}")
    await connector.withdraw_project(made.target_id, "void", key="")
    assert (await connector.read_project(made.target_id)).state is ProjectState.ARCHIVED
    assert books.count("project.work", ["comment", "like", f"Handoff {reference}%"], ["status.name", "!=", "Withdrawn"]) == 0


async def test_an_entity_without_a_company_is_a_matter_of_settings(tryton: Tryton) -> None:
    connector = connect("tryton", settings(tryton, companies={"DE01": "DE01", "UK01": "UK01"}))
    with pytest.raises(Misconfigured, match="'UK01'"):
        await connector.check()
    await connector.aclose()
