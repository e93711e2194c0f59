"""Credits, rates and limits over HTTP, with the product's workers behind: two people, bodies whole or not at all."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from canonical.money import Money
from canonical.sub_ledger import SubLedger, SubLedgerKind
from tests.activities.firm import an_origin
from tests.build import SIGNED_TERMS, usd
from tests.gateway.house import PEOPLE, House, a_house, problem_of
from tests.workflows import house as engine
from tests.workflows.test_credits import invoiced

pytestmark = pytest.mark.asyncio(loop_scope="session")

CREDIT = {"reason": "The customer was right."}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def works(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[engine.House]:
    """An engine with the product's workers, over systems that remember."""
    async with engine.open_house(home=tmp_path_factory.mktemp("works")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def firm(works: engine.House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Its gateway."""
    async with a_house(works.firm.books, tmp_path_factory.mktemp("gateway"), temporal=works.client) as opened:
        yield opened


# Credits.


async def test_a_credit_is_proposed_by_one_person_and_agreed_by_another(works: engine.House, firm: House) -> None:
    invoice = await invoiced(works, "C-API-1", "8")
    asked = {**CREDIT, "invoice": invoice}
    proposed = await firm.post("fin", "/v1/credits", asked)
    assert proposed.status_code == 201, proposed.text
    reference = proposed.json()["request"]["reference"]
    assert (reference, proposed.json()["state"]) == (f"{invoice}.CR1", "proposed")
    assert Money.model_validate(proposed.json()["net"]) == usd(1800)
    again = await firm.post("fin", "/v1/credits", asked)
    assert again.json() == proposed.json()
    listed = await firm.get("ada", "/v1/credits", params={"contract": "C-API-1"})
    assert [one["request"]["reference"] for one in listed.json()] == [reference]
    story = (await firm.get("ada", f"/v1/credits/{reference}")).json()
    assert [case["code"] for case in story["waiting"]] == ["CREDIT_APPROVAL"]

    same = await firm.post("fin", f"/v1/credits/{reference}/approve", {})
    assert problem_of(same, 409)["code"] == "SAME_PAIR_OF_EYES"
    problem_of(await firm.post("sam", f"/v1/credits/{reference}/approve", {}), 403)
    agreed = (await firm.post("cora", f"/v1/credits/{reference}/approve", {"reason": "seen"})).json()
    assert (agreed["state"], agreed["decided_by"]) == ("posted", PEOPLE["cora"])
    assert (await firm.get("fin", "/v1/credits", params={"contract": "C-API-1"})).json() == []
    decided = await firm.get("fin", "/v1/credits", params={"contract": "C-API-1", "decided": True})
    assert [one["state"] for one in decided.json()] == ["posted"]


async def test_a_credit_is_rejected_with_a_reason_and_nothing_was_touched(works: engine.House, firm: House) -> None:
    invoice = await invoiced(works, "C-API-2", "8")
    await firm.post("fin", "/v1/credits", {**CREDIT, "invoice": invoice, "reference": "MY-CREDIT"})
    problem_of(await firm.post("cora", "/v1/credits/MY-CREDIT/reject", {}), 400)
    rejected = await firm.post("cora", "/v1/credits/MY-CREDIT/reject", {"reason": "Not agreed."})
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    nothing = problem_of(await firm.post("cora", "/v1/credits/MY-CREDIT/approve", {}), 422)
    assert nothing["code"] == "NOTHING_TO_APPROVE"


@pytest.mark.parametrize("who", ["sam", "ada", "tessa", "stranger"])
async def test_nobody_proposes_a_credit_without_the_permission(firm: House, who: str) -> None:
    refused = problem_of(await firm.post(who, "/v1/credits", {**CREDIT, "invoice": "ANY"}), 403)
    assert (refused["detail"], refused["code"]) == ("credit", "NOT_PERMITTED")


async def test_a_credit_that_cannot_be_read_or_found_names_what_is_wrong(firm: House) -> None:
    both = [{"line": 1}, {"line": 2, "quantity": "1", "amount": {"amount": "1.00", "currency": "USD"}}]
    wrong = problem_of(await firm.post("fin", "/v1/credits", {**CREDIT, "invoice": "ANY", "parts": both}), 400)
    assert wrong["errors"][0]["row"] == 2 and "not both" in wrong["detail"]
    problem_of(await firm.post("fin", "/v1/credits", {**CREDIT, "invoice": "NO-SUCH"}), 404)
    problem_of(await firm.get("fin", "/v1/credits/NO-SUCH"), 404)


# Rates.


def a_row(rate: str = "250.00", **changes: Any) -> dict[str, Any]:
    return {"role": "Senior", "line": "L2", "rate": {"amount": rate, "currency": "USD"}, "since": "2026-04-01", **changes}


async def test_imported_rates_are_followed_and_what_people_must_decide_is_told(works: engine.House, firm: House) -> None:
    await invoiced(works, "C-API-3", "8")
    card = {"reference": "C-API-3.agreed", "contract": "C-API-3", "version": 9, "rates": [a_row("200.00")]}
    taken = await firm.post("fin", "/v1/rates", card)
    assert taken.status_code == 200, taken.text
    assert taken.json()["is_new"] and taken.json()["card"]["version"] == 9
    assert taken.json()["waiting"] == ["C-API-3"] or [one["contract"] for one in taken.json()["followed"]] == ["C-API-3"]
    assert not (await firm.post("fin", "/v1/rates", card)).json()["is_new"]
    other = problem_of(await firm.post("fin", "/v1/rates", {**card, "rates": [a_row("201.00")]}), 409)
    assert "next version" in other["remedy"]


async def test_one_wrong_row_refuses_the_whole_card_and_every_wrong_row_is_named(firm: House) -> None:
    rows = [a_row(), a_row(until="2026-04-01"), a_row(since="yesterday"), a_row(rate="a lot"), a_row(hours=3)]
    card = {"reference": "C-API-4.agreed", "contract": "C-API-4", "rates": rows}
    said = problem_of(await firm.post("fin", "/v1/rates", card), 400)
    assert {(one["row"], one["field"]) for one in said["errors"]} >= {(2, "rates"), (3, "rates.since"), (4, "rates.rate.amount")}
    assert await firm.office.books.billing.rate_cards.read("C-API-4.agreed", 1) is None
    assert (await firm.post("fin", "/v1/rates", {**card, "rates": [a_row()]})).json()["is_new"]


async def test_exchange_rates_are_kept_whole_or_not_at_all(firm: House) -> None:
    at = "2026-04-30T14:15:00+02:00"
    good = {"currency": "EUR", "functional": "USD", "rate": "1.0500"}
    wrong = {"source": "ECB-API", "at": at, "rates": [good, {**good, "currency": "GBP", "rate": 1.3}, {**good, "rate": "-1"}]}
    said = problem_of(await firm.post("fin", "/v1/exchange-rates", wrong), 400)
    assert [(one["row"], one["field"]) for one in said["errors"]] == [(2, "rates.rate"), (3, "rates.rate")]
    table = {"source": "ECB-API", "at": at, "rates": [good]}
    assert (await firm.post("fin", "/v1/exchange-rates", table)).json()["rates"][0]["rate"] == "1.0500"
    assert (await firm.post("fin", "/v1/exchange-rates", table)).status_code == 200
    differs = {**table, "rates": [{**good, "rate": "1.0600"}]}
    assert "under its own time" in problem_of(await firm.post("fin", "/v1/exchange-rates", differs), 409)["remedy"]
    for who in ("cora", "sam"):
        assert problem_of(await firm.post(who, "/v1/exchange-rates", table), 403)["detail"] == "bill"


# What waits, limits, and what is begun.


async def test_a_raised_purchase_order_is_recorded_in_its_own_currency(works: engine.House, firm: House) -> None:
    order = SubLedger(kind=SubLedgerKind.PURCHASE_ORDER, contract="C-API-5", name="4500/77", currency="USD", ceiling=usd(60_000))
    await works.firm.books.billing.sub_ledgers.open(order, origin=an_origin("C-API-5"))
    asked = {"name": "4500/77", "to": {"amount": "70000.00", "currency": "USD"}}
    raised = await firm.post("fin", "/v1/billing/C-API-5/limits", asked)
    assert raised.json()["ceiling"] == {"amount": "70000.00", "currency": "USD"}, raised.text
    euros = {**asked, "to": {"amount": "70000.00", "currency": "EUR"}}
    assert "USD" in problem_of(await firm.post("fin", "/v1/billing/C-API-5/limits", euros), 400)["remedy"]
    problem_of(await firm.post("fin", "/v1/billing/C-API-5/limits", {**asked, "kind": "cap"}), 404)
    assert problem_of(await firm.post("cora", "/v1/billing/C-API-5/limits", asked), 403)["detail"] == "bill"


async def test_pressure_is_told_in_money(firm: House) -> None:
    found = (await firm.get("ada", "/v1/pressure")).json()
    assert {"at_risk", "charges_waiting", "invoices_waiting", "a_minute"} <= set(found)


async def test_what_is_begun_by_hand_runs_and_ends(works: engine.House, firm: House) -> None:
    for path in ("/v1/time/intakes", "/v1/receivables/polls"):
        begun = await firm.post("fin", path)
        assert begun.status_code == 202, begun.text
        assert begun.json()["workflows"]
        for name in begun.json()["workflows"]:
            await works.client.get_workflow_handle(name).result()
        problem_of(await firm.post("ada", path), 403)


async def test_revenue_is_reversed_with_a_reason_only(firm: House) -> None:
    problem_of(await firm.post("fin", "/v1/revenue/US01/2026-04/reverse", {}), 400)
    problem_of(await firm.post("sam", "/v1/revenue/US01/2026-04/reverse", {"reason": "wrong forecast"}), 403)
    problem_of(await firm.post("fin", "/v1/revenue/XX01/2026-04/reverse", {"reason": "wrong forecast"}), 404)
    nothing = await firm.post("fin", "/v1/revenue/US01/2026-04/reverse", {"reason": "wrong forecast"})
    assert (nothing.status_code, nothing.json()["runs"]) == (202, []), nothing.text


async def test_days_that_were_missed_are_made_up_in_order(firm: House) -> None:
    asked = {"entity": "US01", "since": "2026-07-05", "through": "2026-07-01"}
    assert "earlier day first" in problem_of(await firm.post("fin", "/v1/reconciliations/backfills", asked), 400)["remedy"]
    problem_of(await firm.post("tessa", "/v1/reconciliations/backfills", asked), 403)


# Receivables, revenue and the close.


async def test_an_advance_settles_an_invoice_and_a_contested_part_is_settled(works: engine.House, firm: House) -> None:
    invoice, dollars = await invoiced(works, "C-API-6", "8"), {"currency": "USD"}
    advance = {"contract": "C-API-6", "reference": "BANK-6", "amount": {"amount": "500.00", **dollars}, "on": "2026-11-02"}
    taken = [await firm.post("fin", "/v1/receivables/deposits", advance) for _ in range(2)]
    assert [one.status_code for one in taken] == [201, 201] and taken[0].json() == taken[1].json()
    asked = {"money": "BANK-6", "invoice": invoice, "amount": {"amount": "400.00", **dollars}}
    applied = await firm.post("fin", "/v1/receivables/applications", asked)
    assert applied.status_code == 201, applied.text
    assert Money.model_validate(applied.json()["open"]) == usd(1400)
    more = {**asked, "amount": {"amount": "100.01", **dollars}, "name": "more"}
    assert "lesser of both" in problem_of(await firm.post("fin", "/v1/receivables/applications", more), 400)["remedy"]

    contested = {
        "invoice": invoice,
        "amount": {"amount": "450.00", **dollars},
        "reason": "Two hours are contested.",
        "name": "D-6",
    }
    opened = await firm.post("fin", "/v1/disputes", contested)
    assert (opened.status_code, opened.json()["key"]) == (201, "D-6"), opened.text
    assert [one["key"] for one in (await firm.get("ada", "/v1/disputes")).json()] == ["D-6"]
    whole = {"conceded": {"amount": "450.01", **dollars}, "outcome": "More than all of it."}
    assert "between 0 and" in problem_of(await firm.post("fin", "/v1/disputes/D-6/settle", whole), 400)["remedy"]
    settled = await firm.post(
        "fin", "/v1/disputes/D-6/settle", {"conceded": {"amount": "0", **dollars}, "outcome": "None of it."}
    )
    assert settled.status_code == 200 and settled.json()["settled_at"], settled.text
    account = (await firm.get("fin", f"/v1/invoices/{invoice}")).json()
    assert Money.model_validate(account["document"]["open"]) == usd(1400) and len(account["disputes"]) == 1
    for path, body in (("receivables/deposits", advance), ("receivables/applications", asked), ("disputes", contested)):
        for who in ("sam", "tessa", "ada", "stranger"):
            assert problem_of(await firm.post(who, f"/v1/{path}", body), 403)["detail"] == "receivables"


async def test_a_month_is_recognized_and_closed_by_those_who_may(firm: House) -> None:
    for path in ("/v1/revenue/IN01/2026-04", "/v1/closes/IN01/2026-04"):
        assert problem_of(await firm.post("sam", path), 403)["detail"] == "close"
        done = await firm.post("cora", path)
        assert done.status_code == 202, done.text
        problem_of(await firm.post("cora", path.replace("IN01", "XX01")), 404)
        problem_of(await firm.post("cora", path.replace("2026-04", "2026-13")), 400)
        problem_of(await firm.post("cora", path.replace("2026-04", "2999-01")), 422)
    shown = (await firm.get("ada", "/v1/revenue", params={"entity": "IN01", "period": "2026-04"})).json()
    assert (shown["entity"], shown["journals"]) == ("IN01", [])
    assert (await firm.get("ada", "/v1/closes/IN01/2026-04")).json()["entity"] == "IN01"


async def test_what_meters_say_is_kept_whole_or_not_at_all_and_shown_with_what_it_comes_to(
    works: engine.House, firm: House
) -> None:
    contract = "C-API-METER"
    works.firm.sell(contract)
    time = {label for label in SIGNED_TERMS if label.startswith("line.L2.")}
    metered = {"line.L2.kind": "usage", "line.L2.amount": "189,000.00", "line.L2.tier.above": "0.40"}
    works.firm.contracts.envelopes[contract].clear()
    works.firm.sign(contract, terms={**{name: text for name, text in SIGNED_TERMS.items() if name not in time}, **metered})
    await (await works.provision(contract)).result()
    good = {"reading": "a", "contract": contract, "line": "L2", "used_on": "2026-04-10", "quantity": "5000"}
    wrong = [good, {**good, "reading": "b", "line": "L1"}, {**good, "reading": "c", "contract": "C-NONE"}]
    said = problem_of(await firm.post("fin", "/v1/usage", {"source": "meter-api", "readings": wrong}), 400)["title"]
    assert "b: C-API-METER has no metered line L1" in said and "c: C-NONE was never activated" in said
    table = {"source": "meter-api", "readings": [good]}
    assert [(await firm.post("fin", "/v1/usage", table)).json()["new"] for _ in range(2)] == [1, 0]
    usage = (await firm.get("ada", f"/v1/usage/{contract}", params={"through": "2026-05-31"})).json()
    assert [(one["reference"], one["quantity"]) for one in usage["items"]] == [(f"{contract}.L2.01", "5000")]
    assert Money.model_validate(usage["items"][0]["amount"]) == usd("2000.00")
    assert [one["subject"] for one in usage["missing"]] == [f"{contract}.L2.02"]
    previewed = (await firm.get("fin", f"/v1/billing/{contract}/preview", params={"through": "2026-05-31"})).json()
    assert previewed["not_entered"] == 1
    other = {**table, "readings": [{**good, "quantity": "6000"}]}
    assert "next version" in problem_of(await firm.post("fin", "/v1/usage", other), 409)["remedy"]
    for who in ("cora", "sam"):
        assert problem_of(await firm.post(who, "/v1/usage", table), 403)["detail"] == "bill"
