"""The simulated Salesforce org, checked with simple-salesforce, which others wrote, over TLS, and against CPQ's own metadata."""

import csv
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from sandbox.salesforce import Salesforce, identifier_of
from sandbox.salesforce.identifiers import whole
from sandbox.salesforce.objects import OBJECTS
from sandbox.serve import serving_in_thread
from sandbox.tls import certificate

CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts"
LINES = [
    {"reference": "L1", "name": "Rollout", "price": "120000", "workstream": "WS-A"},
    {"reference": "L2", "name": "Advice", "kind": "time_and_materials", "price": "200", "quantity": "400", "discount": "10"},
]
DEAL = {"contract": "C-100", "lines": LINES, "purchase_orders": {"WS-A": "4500-1"}}
VERSION = "62.0"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Salesforce, str]]:
    chain, key, root = certificate(tmp_path_factory.mktemp("tls"))
    org = Salesforce()
    with pytest.MonkeyPatch.context() as environment, serving_in_thread(org, certificate=(chain, key)) as address:
        environment.setenv("REQUESTS_CA_BUNDLE", str(root))
        yield org, address


@pytest.fixture
def vendor(served: tuple[Salesforce, str]) -> Salesforce:
    org = served[0]
    org.reset()
    org.seed({"_deals": [DEAL]})
    return org


@pytest.fixture
def url(served: tuple[Salesforce, str], vendor: Salesforce) -> str:
    return served[1]


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    with requests.Session() as session:
        yield Client(
            consumer_key="handoff-sandbox",
            consumer_secret="handoff-sandbox-secret",
            domain=_token_address(url),
            version=VERSION,
            session=session,
        )


def test_a_client_signs_in_by_client_credentials_and_reads_a_deal_with_its_parents(client: Any) -> None:
    found = client.query(
        "SELECT Name, Amount, Account.Name, SBQQ__PrimaryQuote__r.SBQQ__NetAmount__c FROM Opportunity "
        "WHERE Contract_Reference__c = 'C-100' AND (IsWon = true OR StageName LIKE 'Closed%')"
    )
    (deal,) = found["records"]
    assert (deal["Amount"], deal["Account"]["Name"]) == (192000.0, "Acme Industries")
    assert deal["SBQQ__PrimaryQuote__r"]["SBQQ__NetAmount__c"] == 192000.0


def test_a_client_signs_in_by_jwt_and_the_token_says_nothing_of_its_end(url: str, vendor: Salesforce) -> None:
    session = requests.Session()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    vendor.seed({"_org": {"public_key": public.decode()}})
    signed_in: Any = Client(
        username="handoff@sandbox.example",
        consumer_key="handoff-sandbox",
        privatekey=private,
        instance_url=_token_address(url),
        version=VERSION,
        session=session,
    )
    assert signed_in.Opportunity.describe()["name"] == "Opportunity"
    session.close()
    form = {"grant_type": "client_credentials", "client_id": "handoff-sandbox", "client_secret": "handoff-sandbox-secret"}
    answer = requests.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()
    assert "expires_in" not in answer
    assert answer["instance_url"] == url
    wrong = requests.post(f"{url}/services/oauth2/token", data=form | {"client_secret": "no"}, timeout=60)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")


def test_a_session_that_ended_is_refused_and_the_client_signs_in_again(client: Any, vendor: Salesforce) -> None:
    address, token = f"{client.base_url}limits", {"Authorization": f"Bearer {client.session_id}"}
    assert requests.get(address, headers=token, timeout=60).status_code == 200
    vendor.seed({"_expire_sessions": True})
    refused = requests.get(address, headers=token, timeout=60)
    assert refused.status_code == 401
    assert refused.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert client.query("SELECT Id FROM Account")["totalSize"] == 1
    vendor.seed({"_org": {"session_seconds": 0}})
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Account")


def test_long_results_come_in_pages_of_two_thousand(client: Any, vendor: Salesforce) -> None:
    vendor.seed({"Account": {f"a{n}": {"Name": f"Account {n:05d}"} for n in range(4_500)}})
    first = client.query("SELECT Name FROM Account WHERE Name LIKE 'Account %' ORDER BY Name DESC")
    assert (first["totalSize"], len(first["records"]), first["done"]) == (4_500, 2_000, False)
    assert first["nextRecordsUrl"].startswith(f"/services/data/v{VERSION}/query/01g")
    names = [r["Name"] for r in client.query_all_iter("SELECT Name FROM Account WHERE Name LIKE 'Account %' ORDER BY Name")]
    assert names == [f"Account {n:05d}" for n in range(4_500)]
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 4_501


def test_batches_may_be_smaller_but_not_below_two_hundred(client: Any, vendor: Salesforce) -> None:
    vendor.seed({"Account": {f"a{n}": {"Name": f"Account {n:05d}"} for n in range(250)}})
    page = client.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=5"})
    assert len(page["records"]) == 200


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Amount > 100", ["big"]),
        ("Amount <= 100.00", ["small"]),
        ("Amount = null", ["none"]),
        ("NOT Amount != null", ["none"]),
        ("StageName IN ('Prospecting', 'Closed Won')", ["big", "small"]),
        ("StageName NOT IN ('Prospecting', 'Closed Won')", ["none"]),
        ("CloseDate >= 2026-01-02 AND CloseDate < 2026-01-04", ["none", "small"]),
        ("SystemModstamp > 2026-01-01T10:00:00Z", ["none", "small"]),
        ("SystemModstamp >= 2026-01-01T11:00:00.000+0100", ["big", "none", "small"]),
        ("Account.Name = 'IT''S'", None),
        ("Account.Name = 'it\\'s 100%'", ["big"]),
        ("Name LIKE '_ig' OR Name LIKE 'sm%'", ["big", "small"]),
        ("(Name = 'big' OR Name = 'small') AND IsClosed = false", ["small"]),
    ],
)
def test_conditions_mean_what_they_mean_at_salesforce(
    client: Any, vendor: Salesforce, condition: str, names: list[str] | None
) -> None:
    deals = {
        "big": ("Closed Won", 500, "2026-01-01", "10"),
        "none": ("Negotiation/Review", None, "2026-01-02", "11"),
        "small": ("Prospecting", 100, "2026-01-03", "12"),
    }
    vendor.reset()
    vendor.seed({"Account": {"x": {"Name": "It's 100%"}}, "Opportunity": {n: _deal(n, *d) for n, d in deals.items()}})
    vendor.seed({"Opportunity": {"big": {"AccountId": "x", "SystemModstamp": "2026-01-01T10:00:00Z"}}})
    if names is None:
        with pytest.raises(SalesforceMalformedRequest):
            client.query(f"SELECT Name FROM Opportunity WHERE {condition}")
        return
    found = client.query(f"SELECT Name FROM Opportunity WHERE {condition} ORDER BY Name ASC")
    assert [row["Name"] for row in found["records"]] == names


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Nme FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-13-01T00:00:00Z", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity LIMIT 1.5", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY"),
        ("SELECT Owner.Shoe FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_a_bad_query_is_refused_in_the_array_form(client: Any, query: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query(query)
    assert [error["errorCode"] for error in _said(refused)] == [code]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x", "StageName": "Won", "CloseDate": "2026-01-01", "Amont": 5}, "INVALID_FIELD"),
        ({"Name": "x", "StageName": "Won", "CloseDate": "tomorrow"}, "JSON_PARSER_ERROR"),
        ({"Name": "x", "StageName": "Won", "CloseDate": "2026-01-01", "IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x" * 300, "StageName": "Won", "CloseDate": "2026-01-01"}, "STRING_TOO_LONG"),
        ({"Name": "x", "StageName": "Won", "CloseDate": "2026-01-01", "AccountId": "acme"}, "MALFORMED_ID"),
        (
            {"Name": "x", "StageName": "Won", "CloseDate": "2026-01-01", "AccountId": "001Sd0000000000AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
        ),
        ({"Name": "x", "StageName": "Won", "CloseDate": "2026-01-01", "Contract_Reference__c": "C-100"}, "DUPLICATE_VALUE"),
    ],
)
def test_a_bad_record_is_refused_and_leaves_nothing(client: Any, body: dict[str, Any], code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Opportunity.create(body)
    assert _said(refused)[0]["errorCode"] == code
    assert client.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 1


def test_upserts_by_external_id_create_then_update_and_say_which(client: Any) -> None:
    body = {"Name": "New", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    assert client.Opportunity.upsert("Contract_Reference__c/C-200", body) == 201
    again = client.Opportunity.upsert("Contract_Reference__c/C-200", {"Name": "Newer"}, raw_response=True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert client.Opportunity.get_by_custom_id("Contract_Reference__c", "c-200")["Name"] == "Newer"
    with pytest.raises(SalesforceResourceNotFound):
        client.Opportunity.upsert("Contract_Reference__c/C-300?updateOnly=true", body)
    with pytest.raises(SalesforceMalformedRequest):
        client.Opportunity.upsert("Contract_Reference__c/C-200", {"Contract_Reference__c": "C-200"})


def test_an_external_id_that_several_share_answers_300(client: Any, vendor: Salesforce) -> None:
    vendor.seed({"Account": {n: {"Name": n, "Erp_Customer_Id__c": "77"} for n in ("one", "two")}})
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        client.Account.upsert("Erp_Customer_Id__c/77", {"Phone": "1"})
    ids = {identifier_of(OBJECTS["Account"], name) for name in ("one", "two")}
    assert {address.rpartition("/")[2] for address in _said(several)} == ids


def test_a_record_changed_since_is_not_overwritten(client: Any, vendor: Salesforce) -> None:
    deal = identifier_of(OBJECTS["Opportunity"], "C-100")
    long_ago, soon = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"
    with pytest.raises(SalesforceGeneralError) as refused:
        client.Opportunity.update(deal, {"NextStep": "a"}, headers={"If-Unmodified-Since": long_ago})
    assert refused.value.status == 412
    assert client.Opportunity.update(deal, {"NextStep": "b"}, headers={"If-Unmodified-Since": soon}) == 204
    assert client.Opportunity.get(deal)["NextStep"] == "b"
    client.Opportunity.delete(deal)
    with pytest.raises(SalesforceResourceNotFound) as gone:
        client.Opportunity.get(deal)
    assert _said(gone)[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert client.query("SELECT Id FROM Opportunity")["totalSize"] == 0
    assert client.query("SELECT Id FROM Opportunity", include_deleted=True)["totalSize"] == 1


def test_a_composite_call_refers_to_earlier_answers_and_is_200_whatever_happens(client: Any) -> None:
    body = {"allOrNone": True, "compositeRequest": [_made("account", "Account", {"Name": "Parent"}), _child("@{account.id}")]}
    answer = client.restful("composite", method="POST", json=body)["compositeResponse"]
    assert [part["httpStatusCode"] for part in answer] == [201, 201]
    child = client.Account.get(answer[1]["body"]["id"])
    assert child["ParentId"] == answer[0]["body"]["id"]


def test_one_failure_halts_a_composite_call_of_all_or_none(client: Any) -> None:
    parts = [_made("account", "Account", {"Name": "Parent"}), _made("wrong", "Account", {"Nme": "x"}), _child("@{account.id}")]
    answer = client.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": parts})
    codes = [part["body"][0]["errorCode"] for part in answer["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert client.query("SELECT COUNT() FROM Account WHERE Name = 'Parent'")["totalSize"] == 0
    free = client.restful("composite", method="POST", json={"allOrNone": False, "compositeRequest": parts})
    assert [part["httpStatusCode"] for part in free["compositeResponse"]] == [201, 400, 201]
    many = client.restful("composite", method="POST", json={"compositeRequest": [_child(None)] * 26})
    assert many["compositeResponse"][0]["body"][0]["errorCode"] == "LIMIT_EXCEEDED"


def test_collections_say_for_each_record_what_became_of_it(client: Any, vendor: Salesforce) -> None:
    records = [
        {"attributes": {"type": "Task"}, "Subject": s, "Handoff_Key__c": k} for s, k in [("a", "k1"), ("b", "k1"), ("c", "k2")]
    ]
    path = "composite/sobjects"
    strict = client.restful(path, method="POST", json={"allOrNone": True, "records": records})
    assert [r["errors"][0]["statusCode"] for r in strict] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "DUPLICATE_VALUE",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]
    loose = client.restful(path, method="POST", json={"allOrNone": False, "records": records})
    assert [r["success"] for r in loose] == [True, False, True]
    upserted = client.restful(f"{path}/Task/Handoff_Key__c", method="PATCH", json={"records": records[1:]})
    assert [r["created"] for r in upserted] == [False, False]
    _fault(client, {"kind": "partial", "quantity": 1, "on": {"path": path}})
    cut = client.restful(path, method="POST", json={"records": [{"attributes": {"type": "Task"}, "Subject": s} for s in "de"]})
    assert [r["success"] for r in cut] == [True, False]
    assert cut[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_the_daily_limit_is_a_403_and_every_answer_counts_towards_it(client: Any, vendor: Salesforce) -> None:
    vendor.seed({"_org": {"daily_limit": vendor.state["_org"]["used"] + 1}})
    client.query("SELECT Id FROM Account")
    used, most = client.api_usage["api-usage"]
    assert used == most
    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.query("SELECT Id FROM Account")
    assert (refused.value.status, _said(refused)[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_new_record_stays_invisible_to_queries_as_long_as_told(client: Any, vendor: Salesforce) -> None:
    _fault(client, {"kind": "invisible", "seconds": 3600, "on": {"method": "POST", "path": "sobjects/Task"}})
    made = client.Task.create({"Subject": "later"})["id"]
    assert client.query("SELECT Id FROM Task")["totalSize"] == 0
    assert client.Task.get(made)["Subject"] == "later"
    vendor.clock_offset += timedelta(seconds=3600)
    assert client.query("SELECT Id FROM Task")["totalSize"] == 1


def test_a_quote_is_read_as_a_json_string_inside_json(client: Any) -> None:
    quote = identifier_of(OBJECTS["SBQQ__Quote__c"], "C-100")
    answer = client.apexecute(f"SBQQ/ServiceRouter?reader=SBQQ.QuoteAPI.QuoteReader&uid={quote}")
    assert isinstance(answer, str)
    model = json.loads(answer)
    assert (model["netTotal"], len(model["lineItems"])) == (192000.0, 2)
    assert model["lineItems"][1]["record"]["SBQQ__NetTotal__c"] == 72000.0
    assert model["lineItems"][0]["record"]["Workstream__c"] == "WS-A"


def test_a_quotes_totals_are_stale_until_the_package_has_calculated(client: Any, vendor: Salesforce) -> None:
    vendor.seed({"_org": {"cpq_calculation_seconds": 60}})
    quote, line = identifier_of(OBJECTS["SBQQ__Quote__c"], "C-100"), identifier_of(OBJECTS["SBQQ__QuoteLine__c"], "C-100/1")
    client.SBQQ__QuoteLine__c.update(line, {"SBQQ__ListPrice__c": 150000})
    stale = client.SBQQ__Quote__c.get(quote)
    assert (stale["SBQQ__Uncalculated__c"], stale["SBQQ__NetAmount__c"]) == (True, 192000.0)
    vendor.clock_offset += datetime(2026, 1, 2, tzinfo=UTC) - datetime(2026, 1, 1, 23, tzinfo=UTC)
    fresh = client.SBQQ__Quote__c.get(quote)
    assert (fresh["SBQQ__Uncalculated__c"], fresh["SBQQ__NetAmount__c"]) == (False, 222000.0)


def test_an_outbound_message_is_repeated_until_it_is_acknowledged_in_soap(client: Any, vendor: Salesforce) -> None:
    with _listener([b"OK", b"<Ack>false</Ack>", b"<soapenv:Body><Ack>true</Ack></soapenv:Body>"]) as (address, received):
        vendor.deliveries.manners.retry_seconds = 0.05
        vendor.seed({"_org": {"outbound_messages": [{"object": "Opportunity", "url": address}]}})
        deal = identifier_of(OBJECTS["Opportunity"], "C-100")
        client.Opportunity.update(deal, {"NextStep": "nothing that is watched"})
        client.Opportunity.update(deal, {"StageName": "Contracting"})
        _wait_for(lambda: len(received) >= 3)
        time.sleep(0.2)
    assert len(received) == 3
    assert len(set(received)) == 1
    text = received[0].decode()
    assert f"<OrganizationId>{vendor.state['_org']['id']}</OrganizationId>" in text
    assert f'xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{deal}</sf:Id>' in text
    assert "<sf:StageName>Contracting</sf:StageName><sf:IsWon>false</sf:IsWon>" in text


def test_the_cpq_objects_have_the_fields_of_the_package() -> None:
    path = CONTRACTS / "salesforce-cpq" / "fields.tsv"
    if not path.exists():
        pytest.skip("the vendors' contracts are not beside this repository")
    with path.open() as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["object"].startswith("SBQQ__Quote")]
    ours = [row for row in rows if row["object"] in OBJECTS]
    assert len(ours) == 232
    for row in ours:
        field = OBJECTS[row["object"]].fields[row["field"]]
        assert field.targets == ((row["reference_to"],) if row["reference_to"] else ())
        assert field.is_readonly == (bool(row["formula"]) or row["type"] == "Summary")


def test_the_org_survives_a_restart(tmp_path: Path) -> None:
    before = Salesforce(state_dir=tmp_path)
    before.seed({"_deals": [DEAL]})
    before.save()
    after = Salesforce(state_dir=tmp_path)
    deal = identifier_of(OBJECTS["Opportunity"], "C-100")
    assert after.records.matching(OBJECTS["Opportunity"], "Contract_Reference__c", "C-100") == [deal]
    assert after.state == before.state


def test_ids_carry_salesforces_own_check_letters() -> None:
    # From Salesforce's documentation: the 15-character id and its 18-character form.
    assert whole("0017000000hOMCh") == "0017000000hOMChAAO"
    assert whole("001D000000IqhSL") == "001D000000IqhSLIAZ"


def _said(failure: pytest.ExceptionInfo[SalesforceError]) -> Any:
    return failure.value.content


def _token_address(url: str) -> str:
    # The client builds https://DOMAIN.salesforce.com/services/oauth2/token; the query string swallows what it appends.
    return f"{url.removeprefix('https://')}/services/oauth2/token?as="


def _deal(name: str, stage: str, amount: int | None, closes: str, hour: str) -> dict[str, Any]:
    stamp = f"2026-01-01T{hour}:00:00Z"
    return {"Name": name, "StageName": stage, "Amount": amount, "CloseDate": closes, "SystemModstamp": stamp}


def _made(reference: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    address = f"/services/data/v{VERSION}/sobjects/{kind}"
    return {"method": "POST", "url": address, "referenceId": reference, "body": body}


def _child(parent: str | None) -> dict[str, Any]:
    return _made("child", "Account", {"Name": "Child", "ParentId": parent})


def _fault(client: Any, fault: dict[str, Any]) -> None:
    requests.post(f"https://{client.sf_instance}/_sandbox/faults", json=fault, timeout=60).raise_for_status()


def _wait_for(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


class _listener:
    """A web server of three lines that answers what it is told and keeps what it hears."""

    def __init__(self, answers: list[bytes]) -> None:
        received: list[bytes] = []

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])))
                body = answers[min(len(received), len(answers)) - 1]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests stay quiet."""

        self._server, self._received = HTTPServer(("127.0.0.1", 0), Answering), received

    def __enter__(self) -> tuple[str, list[bytes]]:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/hear", self._received

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
