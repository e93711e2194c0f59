"""The simulated DocuSign behaves as DocuSign's own client expects: signing in, envelopes, documents, limits."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docusign_esign as esign  # type: ignore[import-untyped]
import pypdf
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from docusign_esign.client.api_exception import ApiException  # type: ignore[import-untyped]

from tests.sandbox.docusign_client import API, Account, a_definition, account, secure
from tests.sandbox.docusign_world import ACCOUNT, APP, SIGNED, TERMS, USER, an_envelope

__all__ = ["account", "secure"]

# The account server.


def test_the_user_learns_which_host_serves_the_account(account: Account) -> None:
    known = account.client.get_user_info(account.token)
    assert known.sub == USER
    assert [(a.account_id, a.is_default, a.base_uri) for a in known.accounts] == [(ACCOUNT, "True", account.url)]


def test_an_assertion_of_another_key_is_refused(account: Account) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with pytest.raises(ApiException) as refused:
        account.sign_in(account.signed_out(), key=pem)
    assert refused.value.status == 400
    assert json.loads(refused.value.body) == {"error": "invalid_grant", "error_description": "no_valid_keys_or_signatures"}


def test_an_unknown_user_is_refused(account: Account) -> None:
    with pytest.raises(ApiException) as refused:
        account.sign_in(account.signed_out(), user="nobody")
    assert json.loads(refused.value.body)["error_description"] == "user_not_found"


def test_first_use_needs_a_persons_consent(account: Account) -> None:
    account.vendor.state["apps"][APP]["consent_required"] = True
    with pytest.raises(ApiException) as refused:
        account.sign_in(account.signed_out())
    assert json.loads(refused.value.body) == {"error": "consent_required"}
    where = {
        "response_type": "code",
        "scope": "signature impersonation",
        "client_id": APP,
        "redirect_uri": "https://localhost/done",
    }
    answer = account.http.get("/oauth/auth", params=where)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://localhost/done?code=")
    assert account.sign_in(account.signed_out()).access_token


def test_an_expired_token_is_refused(account: Account) -> None:
    account.vendor.clock_offset = timedelta(hours=1, seconds=1)
    refused = account.http.get(f"{API}/envelopes/{SIGNED}")
    assert (refused.status_code, refused.json()["errorCode"]) == (401, "AUTHORIZATION_INVALID_TOKEN")


def test_another_account_is_refused(account: Account) -> None:
    refused = account.http.get("/restapi/v2.1/accounts/other/envelopes")
    assert refused.json()["errorCode"] == "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT"


# Envelopes.


def test_an_envelope_lives_from_draft_to_completed(account: Account) -> None:
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition(status="created"))
    assert made.status == "created"
    account.envelopes.update(ACCOUNT, made.envelope_id, envelope=esign.Envelope(status="sent"))
    account.control(made.envelope_id, "deliver")
    assert account.envelopes.get_envelope(ACCOUNT, made.envelope_id).status == "delivered"
    account.control(made.envelope_id, "sign", tabs={"total": "120.00"})
    held = account.envelopes.get_envelope(ACCOUNT, made.envelope_id, include="recipients,tabs,custom_fields,documents")
    assert held.status == "completed"
    assert held.created_date_time <= held.sent_date_time <= held.delivered_date_time <= held.completed_date_time
    signer = held.recipients.signers[0]
    assert (signer.status, signer.signed_date_time) == ("completed", held.completed_date_time)
    assert [(t.tab_label, t.value, t.original_value) for t in signer.tabs.text_tabs] == [("total", "120.00", "100.00")]
    assert held.custom_fields.text_custom_fields[0].value == "C-7"
    assert [d.name for d in held.envelope_documents] == ["SOW.pdf", "Summary"]


def test_what_was_not_asked_for_is_not_included(account: Account) -> None:
    held = account.get(f"/envelopes/{SIGNED}")
    assert not {"customFields", "recipients", "envelopeDocuments"} & held.keys()
    assert "tabs" not in account.get(f"/envelopes/{SIGNED}", include="recipients")["recipients"]["signers"][0]


def test_an_envelope_is_found_by_its_transaction_for_seven_days(account: Account) -> None:
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition())
    found = account.envelopes.list_status_changes(ACCOUNT, transaction_ids="T-1,T-2")
    assert [(s.transaction_id, s.envelope_id) for s in found.envelope_transaction_statuses] == [("T-1", made.envelope_id)]
    account.vendor.state["envelopes"][made.envelope_id]["createdDateTime"] = "2020-01-01T00:00:00.000Z"
    assert account.envelopes.list_status_changes(ACCOUNT, transaction_ids="T-1").result_set_size == "0"


def test_a_transaction_is_kept_not_enforced(account: Account) -> None:
    first, second = (account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition()) for _ in range(2))
    assert first.envelope_id != second.envelope_id
    assert account.envelopes.list_status_changes(ACCOUNT, transaction_ids="T-1").result_set_size == "2"


def test_a_list_needs_a_window_or_ids(account: Account) -> None:
    with pytest.raises(ApiException) as refused:
        account.envelopes.list_status_changes(ACCOUNT)
    assert refused.value.status == 400
    assert json.loads(refused.value.body)["errorCode"] == "INVALID_REQUEST_PARAMETER"


def test_status_changes_are_listed_by_window_status_and_field_in_pages_of_strings(account: Account) -> None:
    account.vendor.seed({"envelopes": {f"e{n}": an_envelope("C-200", at=f"2026-04-0{n}T10:00:00Z") for n in range(1, 6)}})
    account.vendor.seed(
        {"envelopes": {"other": an_envelope("C-300"), "open": an_envelope("C-200", status="sent", at="2026-04-02T10:00:00Z")}}
    )
    query = {
        "from_date": "2026-04-02T00:00:00Z",
        "status": "completed",
        "custom_field": "ContractReference=C-200",
        "order_by": "status_changed",
    }
    first = account.envelopes.list_status_changes(ACCOUNT, count="3", **query)
    assert [e.envelope_id for e in first.envelopes] == ["e2", "e3", "e4"]
    assert (first.result_set_size, first.start_position, first.end_position, first.total_set_size) == ("3", "0", "2", "4")
    assert "start_position=3" in first.next_uri
    rest = account.envelopes.list_status_changes(ACCOUNT, count="3", start_position="3", **query)
    assert [e.envelope_id for e in rest.envelopes] == ["e5"]
    assert not rest.next_uri


def test_an_invisible_envelope_exists_but_is_not_found(account: Account) -> None:
    account.http.post(
        "/_sandbox/faults", json={"kind": "invisible", "seconds": 60, "on": {"method": "POST", "path": "/envelopes$"}}
    )
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition())
    assert account.envelopes.list_status_changes(ACCOUNT, transaction_ids="T-1").result_set_size == "0"
    assert account.envelopes.get_envelope(ACCOUNT, made.envelope_id).status == "sent"
    account.vendor.clock_offset = timedelta(seconds=61)
    assert account.envelopes.list_status_changes(ACCOUNT, transaction_ids="T-1").result_set_size == "1"


def test_form_data_and_tabs_hold_the_signed_terms(account: Account) -> None:
    data = account.envelopes.get_form_data(ACCOUNT, SIGNED)
    assert {item.name: item.value for item in data.form_data} == TERMS
    assert data.recipient_form_data[0].signed_time == "2026-03-31T16:00:00.1230000Z"
    tabs = account.envelopes.list_tabs(ACCOUNT, SIGNED, "1")
    assert {tab.tab_label: tab.value for tab in tabs.text_tabs} == TERMS
    assert account.envelopes.list_recipients(ACCOUNT, SIGNED, include_tabs="true").recipient_count == "1"


def test_documents_are_downloaded_singly_and_combined(account: Account, tmp_path: Path) -> None:
    made = account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition())
    assert [d.document_id for d in account.envelopes.list_documents(ACCOUNT, made.envelope_id).envelope_documents] == [
        "1",
        "certificate",
    ]
    assert account.envelopes.get_document(ACCOUNT, "1", made.envelope_id) == b"%PDF-1.4 mine"
    combined = pypdf.PdfReader(io.BytesIO(account.envelopes.get_document(ACCOUNT, "combined", SIGNED)), strict=True)
    text = combined.pages[0].extract_text()
    assert "line.L2.rate.Senior: 225.00" in text
    assert "Signed by Ann Acme" in text


def test_a_long_contract_has_several_pages(account: Account) -> None:
    account.vendor.seed(
        {"envelopes": {"long": an_envelope("C-9", terms={f"line.L{n}.amount (net \\)": str(n) for n in range(120)})}}
    )
    pages = pypdf.PdfReader(io.BytesIO(account.http.get(f"{API}/envelopes/long/documents/1").content), strict=True).pages
    assert len(pages) == 3
    assert "line.L119.amount (net \\): 119" in pages[2].extract_text()


def test_a_correction_signed_again_is_a_later_version(account: Account) -> None:
    account.control(SIGNED, "sign", tabs={"total": "120000.00", "new.term": "x"}, at="2026-03-31T16:00:00.123Z")
    held = account.envelopes.get_envelope(ACCOUNT, SIGNED)
    assert held.completed_date_time == "2026-03-31T16:00:00.1240000Z"
    data = account.envelopes.get_form_data(ACCOUNT, SIGNED)
    assert {"total": "120000.00", "new.term": "x"}.items() <= {item.name: item.value for item in data.form_data}.items()


def test_an_open_envelope_may_be_voided_or_declined_and_a_signed_one_not(account: Account) -> None:
    made = [account.envelopes.create_envelope(ACCOUNT, envelope_definition=a_definition()).envelope_id for _ in range(2)]
    account.envelopes.update(ACCOUNT, made[0], envelope=esign.Envelope(status="voided", voided_reason="wrong price"))
    account.control(made[1], "decline", reason="too dear")
    assert account.envelopes.get_envelope(ACCOUNT, made[0]).voided_reason == "wrong price"
    assert account.envelopes.get_envelope(ACCOUNT, made[1]).status == "declined"
    with pytest.raises(ApiException) as refused:
        account.envelopes.update(ACCOUNT, SIGNED, envelope=esign.Envelope(status="voided", voided_reason="no"))
    assert refused.value.status == 400


def test_a_locked_envelope_changes_only_with_its_token(account: Account) -> None:
    lock = account.envelopes.create_lock(
        ACCOUNT, SIGNED, lock_request=esign.LockRequest(lock_duration_in_seconds="60", lock_type="edit")
    )
    wanted = esign.CustomFields(text_custom_fields=[esign.TextCustomField(name="ProjectId", value="P-1")])
    with pytest.raises(ApiException) as refused:
        account.envelopes.update_custom_fields(ACCOUNT, SIGNED, custom_fields=wanted)
    assert json.loads(refused.value.body)["errorCode"] == "EDIT_LOCK_NOT_LOCK_OWNER"
    account.client.set_default_header(
        "X-DocuSign-Edit", json.dumps({"LockToken": lock.lock_token, "LockDurationInSeconds": "60"})
    )
    account.envelopes.update_custom_fields(ACCOUNT, SIGNED, custom_fields=wanted)
    account.envelopes.delete_lock(ACCOUNT, SIGNED)
    fields = account.envelopes.list_custom_fields(ACCOUNT, SIGNED).text_custom_fields
    assert [(f.name, f.value) for f in fields] == [("ContractReference", "C-100"), ("ProjectId", "P-1")]


def test_an_unknown_envelope_is_refused_with_its_code(account: Account) -> None:
    with pytest.raises(ApiException) as refused:
        account.envelopes.get_envelope(ACCOUNT, "00000000-0000-0000-0000-000000000000")
    assert json.loads(refused.value.body)["errorCode"] == "ENVELOPE_DOES_NOT_EXIST"


# Limits.


@pytest.mark.parametrize("status", [400, 429])
def test_the_hourly_limit_is_told_and_kept_in_either_form(account: Account, status: int) -> None:
    account.vendor.state["accounts"][ACCOUNT] |= {"rate_limit": 2, "limit_status": status}
    first = account.http.get(f"{API}/envelopes/{SIGNED}")
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("2", "1")
    account.get(f"/envelopes/{SIGNED}")
    refused = account.http.get(f"{API}/envelopes/{SIGNED}")
    assert (refused.status_code, refused.json()["errorCode"]) == (status, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED")
    reset = datetime.fromtimestamp(int(refused.headers["X-RateLimit-Reset"]), UTC)
    assert (reset.minute, reset.second) == (0, 0)
    assert reset > account.vendor.now()
    account.vendor.clock_offset = reset - datetime.now(UTC) + timedelta(seconds=1)
    account.sign_in(account.client)
    assert account.envelopes.get_envelope(ACCOUNT, SIGNED).status == "completed"


def test_a_burst_and_the_polling_of_one_envelope_are_limited_too(account: Account) -> None:
    account.vendor.state["accounts"][ACCOUNT] |= {"envelope_polling_limit": 1}
    account.get(f"/envelopes/{SIGNED}")
    polled = account.http.get(f"{API}/envelopes/{SIGNED}/documents")
    assert (polled.status_code, polled.json()["errorCode"]) == (400, "Hourly_Envelope_Polling_Limit_Exceeded")
    account.vendor.state["accounts"][ACCOUNT] |= {"burst_limit": 0}
    assert account.http.get(f"{API}/envelopes/{SIGNED}").json()["errorCode"] == "BURST_APIINVOCATION_LIMIT_EXCEEDED"
