"""Receivables of the simulated NetSuite over HTTP: documents, charges in bulk, queries, and what people do meanwhile."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-untyped]

from sandbox.vendor import SimulatedVendor
from tests.sandbox.netsuite_books import BOOKS, an_invoice, apply, item
from tests.sandbox.netsuite_client import ASYNC, COLLECTION, LocalRest, as_new, job_of, refusal, served

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the client's own, of its libraries
INVOICE = "/record/v1/invoice/eid:"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatedVendor, str, Path]]:
    with served(tmp_path_factory.mktemp("netsuite")) as given:
        yield given


@pytest.fixture
def client(account: tuple[SimulatedVendor, str, Path], monkeypatch: pytest.MonkeyPatch) -> LocalRest:
    found = as_new(account, monkeypatch)
    account[0].seed(BOOKS)
    return found


@pytest.fixture
async def people(client: LocalRest) -> AsyncIterator[httpx.AsyncClient]:
    """Those who work in the account while we integrate with it."""
    async with httpx.AsyncClient(base_url=f"https://{client.hostname}/_sandbox") as control:
        yield control


async def invoice(client: LocalRest, key: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An invoice by its external id, as it then is."""
    await client.put(f"{INVOICE}{key}", json=an_invoice(*lines, **more), params={"replace": "item"})
    found: dict[str, Any] = await client.get(f"{INVOICE}{key}")
    return found


async def test_an_invoice_put_twice_is_one_document_with_a_number_of_its_subsidiary(client: LocalRest) -> None:
    for _ in range(2):
        found = await invoice(client, "INV-REQ-17", item(33532.5), otherRefNum="4500-1", memo="April")
    assert (found["tranId"], found["otherRefNum"], found["total"]) == ("US01-INV1", "4500-1", 33532.5)
    assert (found["amountRemaining"], found["status"]) == (33532.5, {"id": "A", "refName": "Open"})
    assert (found["subsidiary"]["refName"], found["postingPeriod"]["refName"]) == ("US01", "Jun 2026")
    german = await invoice(client, "INV-REQ-18", entity={"id": "18"})
    assert (german["tranId"], german["currency"]["refName"]) == ("DE01-INV1", "Euro")
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/invoice", json={**an_invoice(), "externalId": "INV-REQ-17"})
    assert refusal(raised) == (400, "USER_ERROR")
    assert (await client.suiteql("SELECT id FROM transaction WHERE type = 'CustInvc'"))["totalResults"] == 2


async def test_tax_amounts_of_the_caller_are_taken_and_lines_are_merged_or_replaced(client: LocalRest) -> None:
    details = {"items": [{"taxDetailsReference": {"id": "L2"}, "taxCode": {"externalId": "TAX"}, "taxAmount": 5.02}]}
    lines = (item(100), item(26.4, taxDetailsReference="L2"))
    found = await invoice(client, "T1", *lines, taxDetailsOverride=True, taxDetails=details)
    assert (found["subtotal"], found["taxTotal"], found["total"]) == (126.4, 5.02, 131.42)
    await client.patch(f"{INVOICE}T1", json={"item": {"items": [{"line": 1, "amount": 200}]}})
    merged = await client.get(f"{INVOICE}T1", params={"expandSubResources": "true"})
    assert [(line["line"], line["amount"], line["tax1Amt"]) for line in merged["item"]["items"]] == [(1, 200, 0), (2, 26.4, 5.02)]
    assert merged["total"] == 231.42
    body = {"item": {"items": [item(10)]}, "taxDetails": {"items": []}}
    await client.patch(f"{INVOICE}T1", json=body, params={"replace": "item"})
    assert (await client.get(f"{INVOICE}T1"))["total"] == 10
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await invoice(client, "T2", item(1), taxDetailsOverride=True, taxDetails=details)
    assert refusal(raised) == (400, "INVALID_KEY_OR_REF")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"entity": {"id": "17"}}, "USER_ERROR"),
        (an_invoice(item(-5)), "USER_ERROR"),
        (an_invoice(item(5, "9999")), "INVALID_KEY_OR_REF"),
        (an_invoice(subsidiary={"id": "2"}), "INVALID_KEY_OR_REF"),
        (an_invoice(currency={"id": "3"}), "USER_ERROR"),
        (an_invoice(tranDate="2046-01-01"), "USER_ERROR"),
        (an_invoice(account={"externalId": "1300"}), "INVALID_KEY_OR_REF"),
        (an_invoice(approvalStatus={"id": "9"}), "INVALID_CONTENT"),
    ],
    ids=[
        "no lines",
        "a negative total",
        "no such item",
        "another subsidiary",
        "no rate",
        "no period",
        "no receivable",
        "no such approval",
    ],
)
async def test_what_the_books_do_not_take(client: LocalRest, body: dict[str, Any], code: str) -> None:
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/invoice", json=body)
    assert refusal(raised) == (400, code)
    assert (await client.get("/record/v1/invoice"))["totalResults"] == 0


async def test_a_draft_can_be_withdrawn_and_what_is_posted_cannot(client: LocalRest, people: httpx.AsyncClient) -> None:
    pending = {"approvalStatus": {"id": "1"}}
    draft = await invoice(client, "D1", **pending)
    assert (draft["status"]["id"], (await people.get("/netsuite/trial-balance")).json()["debits"]) == ("D", "0.00")
    await client.put("/record/v1/charge/eid:CH-1", json={"billTo": {"id": "50"}, "amount": 5, "invoice": {"id": draft["id"]}})
    await client.delete(f"/record/v1/invoice/{draft['id']}")
    assert "invoice" not in await client.get("/record/v1/charge/eid:CH-1")
    rejected = await invoice(client, "D2", **pending)
    await client.patch(f"{INVOICE}D2", json={"approvalStatus": {"id": "3"}})
    assert (await client.get(f"{INVOICE}D2"))["status"]["refName"] == "Rejected"
    posted = await invoice(client, "D3", **pending)
    assert (await people.post(f"/netsuite/invoices/{posted['id']}/approve")).json()["status"] == "A"
    for key in (posted["id"], rejected["id"]):
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await client.patch(f"/record/v1/invoice/{key}", json=pending)
        assert refusal(raised) == (400, "USER_ERROR")
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.delete(f"/record/v1/invoice/{posted['id']}")
    assert refusal(raised) == (400, "USER_ERROR")


async def test_payments_in_part_short_with_tax_withheld_over_and_bounced(client: LocalRest, people: httpx.AsyncClient) -> None:
    """S28, each on an invoice of its own."""
    keys = {key: (await invoice(client, key, item(10000)))["id"] for key in ("PART", "HELD", "OVER")}

    async def pay(amount: float, key: str, applied: float, **more: Any) -> dict[str, Any]:
        body = {"customer": "17", "amount": amount, "on": "2026-06-20", "apply": [{"invoice": f"eid:{key}", "amount": applied}]}
        made = await people.post("/netsuite/payments", json={**body, **more})
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def stand(key: str) -> tuple[Any, str]:
        found = await client.get(f"{INVOICE}{key}")
        return found["amountRemaining"], found["status"]["id"]

    part = await pay(4000, "PART", 4000)
    assert await stand("PART") == (6000, "A")
    withheld = {"withheld": [{"invoice": "eid:HELD", "amount": 1000, "certificate": "WHT-1"}]}
    short = await pay(9000, "HELD", 9000, **withheld)
    credit = await client.get(f"/record/v1/creditMemo/{short['credits'][0]}", params={"expandSubResources": "true"})
    assert (credit["status"]["refName"], credit["custbody_handoff_certificate"]) == ("Fully Applied", "WHT-1")
    assert (credit["apply"]["items"][0]["doc"]["id"], await stand("HELD")) == (keys["HELD"], (0, "B"))
    over = await pay(10500, "OVER", 10000)
    assert ((await client.get(f"/record/v1/customerPayment/{over['payment']}"))["unapplied"], await stand("OVER")) == (
        500,
        (0, "B"),
    )
    assert (await people.post(f"/netsuite/transactions/{part['payment']}/void", json={"on": "2026-06-25"})).status_code == 201
    assert await stand("PART") == (10000, "A")
    row = await client.suiteql(f"SELECT status, voided, BUILTIN.DF(status) AS name FROM transaction WHERE id = {part['payment']}")
    assert row["items"][0] == {"links": [], "status": "V", "voided": "T", "name": "Payment : Voided"}
    books = (await people.get("/netsuite/trial-balance", params={"subsidiary": "US01"})).json()
    assert {key: sides["balance"] for key, sides in books["accounts"].items()} == {
        "1000": "19500.00", "1100": "9500.00", "1120": "1000.00", "4000": "-30000.00"
    }  # fmt: skip
    assert (books["balanced"], books["open_documents"]) == (True, "9500.00")
    assert (await people.post("/netsuite/payments", json={"customer": "17"})).status_code == 400
    assert (await client.get("/record/v1/customer/17"))["balance"] == 9500


@pytest.mark.parametrize(
    ("document", "amount", "code"),
    [
        ("other", 5, "INVALID_KEY_OR_REF"),
        ("draft", 5, "INVALID_KEY_OR_REF"),
        ("open", 1000.01, "USER_ERROR"),
        ("open", -1, "USER_ERROR"),
    ],
    ids=["another customer's", "not posted", "more than is open", "a negative amount"],
)
async def test_what_cannot_be_applied(client: LocalRest, document: str, amount: float, code: str) -> None:
    keys = {
        "other": (await invoice(client, "A1", entity={"id": "20"}))["id"],
        "draft": (await invoice(client, "A2", approvalStatus={"id": "1"}))["id"],
        "open": (await invoice(client, "A3"))["id"],
    }
    body = {"customer": {"id": "17"}, "payment": 5000, "apply": apply((keys[document], amount))}
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/customerPayment", json={**body, "tranDate": "2026-06-30"})
    assert refusal(raised) == (400, code)
    assert (await client.get("/record/v1/customerPayment"))["totalResults"] == 0


async def test_a_payment_applies_itself_to_what_is_due_first(client: LocalRest) -> None:
    for key, due in (("LATER", "2026-08-01"), ("FIRST", "2026-07-01")):
        await invoice(client, key, dueDate=due)
    body = {"customer": {"id": "17"}, "payment": 1200, "tranDate": "2026-06-30", "autoApply": True}
    await client.put("/record/v1/customerPayment/eid:AUTO", json=body)
    remaining = [(await client.get(f"{INVOICE}{key}"))["amountRemaining"] for key in ("FIRST", "LATER")]
    assert (remaining, (await client.get("/record/v1/customerPayment/eid:AUTO"))["unapplied"]) == ([0, 800], 0)


async def test_a_credit_memo_is_applied_in_part_and_the_rest_later(client: LocalRest) -> None:
    first, second = [(await invoice(client, key, item(1600)))["id"] for key in ("C1", "C2")]
    body = {"entity": {"id": "17"}, "tranDate": "2026-06-30", "item": {"items": [item(1700)]}, "apply": apply((first, 700))}
    path = "/record/v1/creditMemo/eid:CM-1"
    await client.put(path, json=body)
    await client.patch(path, json={"apply": apply((second, 1000))})
    found = await client.get(path, params={"expandSubResources": "true"})
    assert (found["applied"], found["unapplied"], found["status"]["refName"]) == (1700, 0, "Fully Applied")
    assert [(line["doc"]["refName"], line["amount"]) for line in found["apply"]["items"]] == [
        ("US01-INV1", 700),
        ("US01-INV2", 1000),
    ]
    links = "SELECT previousdoc, foreignamount FROM previoustransactionlinelink WHERE nextdoc = " + found["id"] + " ORDER BY 1"
    assert [(row["previousdoc"], row["foreignamount"]) for row in (await client.suiteql(links))["items"]] == [
        (first, "700"),
        (second, "1000"),
    ]
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.patch(path, json={"item": {"items": [{"line": 1, "amount": 5}]}})
    assert refusal(raised) == (400, "USER_ERROR")
    await client.patch(path, json={"apply": apply((first, 200))}, params={"replace": "apply"})
    open_now = [(await client.get(f"{INVOICE}{key}"))["amountRemaining"] for key in ("C1", "C2")]
    assert (open_now, (await client.get(path))["unapplied"]) == ([1400, 1600], 1500)


async def test_the_metadata_catalog_knows_documents_with_their_lines(client: LocalRest) -> None:
    properties = (await client.jsonschema("invoice"))["properties"]
    assert properties["status"]["properties"]["id"]["enum"] == ["A", "B", "D", "E", "V"]
    line = properties["item"]["properties"]["items"]["items"]["properties"]
    assert (line["custcol_handoff_service_start"]["format"], line["tax1Amt"]["nullable"]) == ("date", False)


async def test_documents_are_made_of_others(client: LocalRest) -> None:
    source = (await invoice(client, "F1", item(100, taxCode={"id": "390"}), item(60, custcol_handoff_practice="Advisory")))["id"]
    path = f"/record/v1/invoice/{source}/!transform"
    half = {"externalId": "CM-F1", "tranDate": "2026-06-30", "item": {"items": [{"line": 1, "amount": 50}]}}
    answer = await client.request("POST", f"{path}/creditMemo", json=half)
    assert (answer.status_code, "/creditMemo/" in answer.headers["Location"]) == (204, True)
    memo = await client.get("/record/v1/creditMemo/eid:CM-F1", params={"expandSubResources": "true"})
    assert [line["amount"] for line in memo["item"]["items"]] == [50, 60]
    assert memo["item"]["items"][1]["custcol_handoff_practice"] == "Advisory"
    assert (memo["createdFrom"]["id"], memo["applied"], memo["status"]["id"]) == (source, 110, "B")
    await client.post(f"{path}/customerPayment", json={"externalId": "PAY-F1", "tranDate": "2026-06-30"})
    assert (await client.get("/record/v1/customerPayment/eid:PAY-F1"))["payment"] == 50
    assert (await client.get(f"{INVOICE}F1"))["status"]["id"] == "B"
    deposit = {"customer": {"id": "17"}, "payment": 70, "tranDate": "2026-06-01"}
    await client.put("/record/v1/customerDeposit/eid:DEP-1", json=deposit)
    other = (await invoice(client, "F2", item(40)))["id"]
    drawn = {"externalId": "DA-1", "tranDate": "2026-06-30", "apply": apply((other, 40))}
    await client.post("/record/v1/customerDeposit/eid:DEP-1/!transform/depositApplication", json=drawn)
    assert (await client.get("/record/v1/depositApplication/eid:DA-1"))["deposit"]["refName"] == "US01-DEP1"
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/depositApplication", json={"deposit": {"externalId": "DEP-1"}, **drawn})
    assert refusal(raised) == (400, "USER_ERROR")
    left = "SELECT foreignpaymentamountunused FROM transaction WHERE externalid = 'DEP-1'"
    assert (await client.suiteql(left))["items"][0]["foreignpaymentamountunused"] == "30"
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post(f"{path}/salesOrder", json={})
    assert refusal(raised) == (404, "NOT_FOUND")


async def test_a_hundred_charges_as_one_job_of_which_63_are_committed(client: LocalRest, people: httpx.AsyncClient) -> None:
    """S20 d: the same collection again, with a new key, makes only the other 37."""
    items = [
        {"externalId": f"TE-{n}", "billTo": {"id": "50"}, "quantity": 1.5, "rate": 165, "chargeDate": "2026-06-01"}
        for n in range(100)
    ]
    await people.post("/faults", json={"kind": "partial", "quantity": 63, "on": {"path": "/record/v1/charge$"}})
    progress = []
    for _ in range(2):
        headers = {**ASYNC, "Content-Type": COLLECTION, "X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
        answer = await client.request("PUT", "/record/v1/charge", json={"items": items}, headers=headers)
        job = await job_of(client, answer)
        count = (await client.suiteql("SELECT COUNT(*) AS n, SUM(amount) AS money FROM charge"))["items"][0]
        progress.append((job["progress"], count["n"], count["money"]))
    assert progress == [("failed", "63", "15592.5"), ("succeeded", "100", "24750")]
    charge = await client.get("/record/v1/charge/eid:TE-99")
    assert (charge["amount"], charge["stage"]["id"], charge["currency"]["refName"]) == (247.5, "READY_FOR_BILLING", "US Dollar")


async def test_a_charge_that_was_billed_stays_as_it_is(client: LocalRest) -> None:
    billed = {"invoice": {"id": (await invoice(client, "B1"))["id"]}, "invoiceLine": "1"}
    await client.put("/record/v1/charge/eid:B", json={"billTo": {"id": "50"}, "amount": 5, **billed})
    key = (await client.get("/record/v1/charge/eid:B"))["id"]
    for change in (client.patch(f"/record/v1/charge/{key}", json={"amount": 6}), client.delete(f"/record/v1/charge/{key}")):
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await change
        assert refusal(raised) == (400, "USER_ERROR")


async def test_time_is_recorded_with_a_duration(client: LocalRest) -> None:
    await client.put("/record/v1/employee/eid:E1", json={"firstName": "P", "lastName": "R", "subsidiary": {"id": "1"}})
    body = {"employee": {"externalId": "E1"}, "customer": {"id": "50"}, "tranDate": "2026-06-01", "hours": "7:30"}
    await client.put("/record/v1/timeBill/eid:TB-1", json=body)
    found = await client.get("/record/v1/timeBill/eid:TB-1")
    assert (found["hours"], found["customer"]["refName"], found["approvalStatus"]["refName"]) == (
        "7:30",
        "P-50 Rollout",
        "Approved",
    )
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.patch("/record/v1/timeBill/eid:TB-1", json={"hours": "7:75"})
    assert refusal(raised) == (400, "INVALID_CONTENT")


async def test_the_ledger_is_read_by_query_in_pages(client: LocalRest) -> None:
    euro = {"currency": {"id": "2"}, "exchangeRate": 1.05, "custbody_handoff_correlation": "corr-1"}
    euro["job"] = {"id": "50"}
    one = await invoice(client, "G1", item(100, quantity=2), item(50, "4010", custcol_handoff_practice="Advisory"), **euro)
    query = (
        "SELECT a.acctnumber, tal.debit, tal.credit, tl.mainline, tl.quantity, tl.foreignamount, "
        "tl.custcol_handoff_practice, BUILTIN.DF(tl.entity) AS party "
        "FROM transaction t JOIN transactionline tl ON tl.transaction = t.id "
        "JOIN transactionaccountingline tal ON tal.transaction = t.id AND tal.transactionline = tl.id "
        "JOIN account a ON a.id = tal.account "
        "WHERE t.custbody_handoff_correlation = 'corr-1' AND tal.posting = 'T' ORDER BY tl.id"
    )
    pages = [(await client.suiteql(query, limit=2, offset=offset))["items"] for offset in (0, 2)]
    names = ("acctnumber", "debit", "credit", "mainline", "quantity")
    rows = [row for page in pages for row in page]
    assert [[row.get(name) for name in names] for row in rows] == [
        ["1100", "157.5", None, "T", None],
        ["4000", None, "105", "F", "-2"],
        ["4010", None, "52.5", "F", "-1"],
    ]
    assert [row["party"] for row in rows] == ["C-17 Acme", "P-50 Rollout", "P-50 Rollout"]
    assert (pages[1][0]["custcol_handoff_practice"], pages[1][0]["foreignamount"]) == ("Advisory", "-50")
    head = (
        "SELECT tranid, BUILTIN.DF(status) AS status, BUILTIN.DF(currency) AS money, foreigntotal, foreignamountunpaid, trandate"
    )
    row = (await client.suiteql(f"{head} FROM transaction WHERE id = {one['id']}"))["items"][0]
    assert (row["tranid"], row["status"], row["money"]) == ("US01-INV1", "Invoice : Open", "Euro")
    assert (row["foreigntotal"], row["foreignamountunpaid"], row["trandate"]) == ("150", "150", "6/15/2026")


async def test_what_changed_is_found_by_its_moment(client: LocalRest, people: httpx.AsyncClient) -> None:
    for key in ("P1", "P2"):
        await invoice(client, key)
    await people.put("/clock", json={"offset_seconds": 3600})
    since = (await people.get("/clock")).json()["now"][:19].replace("T", " ")
    query = f"SELECT externalid FROM transaction WHERE lastmodifieddate >= TO_DATE('{since}', 'YYYY-MM-DD HH24:MI:SS')"
    assert (await client.suiteql(query))["items"] == []
    await people.post("/netsuite/payments", json={"customer": "17", "amount": 5, "apply": [{"invoice": "eid:P2", "amount": 5}]})
    assert (await client.suiteql(f"{query} AND type = 'CustInvc'"))["items"] == [{"links": [], "externalid": "P2"}]


async def test_queries_speak_the_time_of_the_integration_user(
    client: LocalRest, account: tuple[SimulatedVendor, str, Path]
) -> None:
    account[0].seed({"account": {"time_zone": "America/Los_Angeles"}})
    found = await invoice(client, "Z1")
    account[0].state["records"]["invoice"][found["id"]].update(createdDate="2026-06-16T02:30:00Z")
    query = "SELECT createddate, TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction WHERE createddate = "
    rows = (await client.suiteql(f"{query} TO_DATE('2026-06-15 19:30:00', 'YYYY-MM-DD HH24:MI:SS')"))["items"]
    assert rows == [{"links": [], "createddate": "6/15/2026", "at": "2026-06-15 19:30:00"}]


async def test_periods_close_by_subsidiary_and_a_closed_one_refuses(client: LocalRest, people: httpx.AsyncClient) -> None:
    for state in ("ar_locked", "closed"):
        answer = await people.put("/netsuite/periods", json={"period": "2026-06", "subsidiary": "US01", "state": state})
        assert answer.json()["states"] == {"US01": state, "DE01": "open", "CN01": "open"}
        with pytest.raises(NetsuiteAPIRequestError) as raised:
            await invoice(client, "X1")
        assert refusal(raised) == (400, "USER_ERROR")
    await invoice(client, "X2", entity={"id": "18"})
    tasks = "SELECT BUILTIN.DF(period) AS name, itemtype FROM taskitemstatus WHERE subsidiary = 1 AND complete = 'T' ORDER BY 2"
    assert [row["itemtype"] for row in (await client.suiteql(tasks))["items"]] == ["PCP_CLOSEPERIOD", "PCP_LOCKALL", "PCP_LOCKAR"]
    since = "isposting = 'T' AND startdate >= TO_DATE('2026-06-01', 'YYYY-MM-DD')"
    months = f"SELECT periodname, closed FROM accountingperiod WHERE {since}"
    first = (await client.suiteql(f"{months} ORDER BY startdate"))["items"][0]
    assert first == {"links": [], "periodname": "Jun 2026", "closed": "F"}, "it is open for the others"
    await people.put("/netsuite/periods", json={"period": "2026-06", "state": "closed"})
    assert (await client.suiteql(f"{months} ORDER BY startdate"))["items"][0]["closed"] == "T"


async def test_a_journal_is_refused_unless_it_balances_and_reads_back(client: LocalRest, people: httpx.AsyncClient) -> None:
    lines = [{"account": {"externalId": "1150"}, "debit": 15000}, {"account": {"externalId": "4010"}, "credit": 15000}]
    body = {"subsidiary": {"id": "1"}, "tranDate": "2026-06-30", "line": {"items": lines}}
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await client.post("/record/v1/journalEntry", json={**body, "line": {"items": [*lines, {**lines[0], "debit": 0.01}]}})
    assert refusal(raised) == (400, "USER_ERROR")
    await client.put("/record/v1/journalEntry/eid:CO-1", json=body)
    found = await client.get("/record/v1/journalEntry/eid:CO-1", params={"expandSubResources": "true"})
    assert [(line["account"]["refName"], line.get("debit"), line.get("credit")) for line in found["line"]["items"]] == [
        ("1150 Contract Asset (Unbilled)", 15000, None),
        ("4010 Revenue Fixed Fee", None, 15000),
    ]
    posted = (await people.get("/netsuite/journals", params={"transaction": found["tranId"]})).json()[0]
    assert [(line["account"], line.get("debit")) for line in posted["lines"]] == [("1150", "15000.00"), ("4010", None)]
    await client.patch(f"/record/v1/journalEntry/{found['id']}", json={"reversalDate": "2026-07-01"})
    again = await client.get(f"/record/v1/journalEntry/{found['id']}")
    assert again["reversalEntry"] == "US01-JE2"
    assert (await people.get("/netsuite/trial-balance", params={"until": "2026-07-01"})).json()["accounts"]["1150"][
        "balance"
    ] == "0.00"


async def test_more_lines_than_the_account_takes_are_refused(
    client: LocalRest, account: tuple[SimulatedVendor, str, Path]
) -> None:
    account[0].seed({"account": {"line_limit": 3}})
    with pytest.raises(NetsuiteAPIRequestError) as raised:
        await invoice(client, "LONG", *[item(1)] * 4)
    assert refusal(raised) == (400, "USER_ERROR")
    assert (await invoice(client, "SHORT", *[item(1)] * 3))["total"] == 3
