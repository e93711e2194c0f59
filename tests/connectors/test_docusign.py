"""The DocuSign connector against the simulated DocuSign, over a socket."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from activities.ports import ChangeFeed, Contracts
from canonical.document import DocumentReference, SigningState
from canonical.errors import AnswerLost, Malformed, Misconfigured, NotFound, NotReached, Rejected, Throttled
from connectors.docusign.client import DocuSign, connect
from connectors.docusign.settings import Settings
from connectors.registry import vendor
from sandbox.docusign import VENDOR
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract
from tests.sandbox.docusign_world import ACCOUNT, APP, SIGNED, TERMS, USER, a_world, an_envelope, key_pair


def settings(url: str, **changed: Any) -> Settings:
    given = {"base_url": url, "integration_key": APP, "user_id": USER, "private_key": key_pair()[0]}
    return Settings.model_validate(given | changed)


def another_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def calls(bench: Bench, path: str) -> int:
    return sum(path in call["path"] for call in bench.vendor.calls)


def seed(bench: Bench, **envelopes: dict[str, Any]) -> None:
    bench.vendor.seed({"envelopes": envelopes})


async def control(bench: Bench, envelope_id: str, what: str, **told: Any) -> None:
    async with httpx.AsyncClient() as http:
        (await http.post(f"{bench.url}/_sandbox/envelopes/{envelope_id}/{what}", json=told)).raise_for_status()


class TestDocuSign(ConnectorContract):
    """Nothing is written to DocuSign, so there are no cases of writes."""

    reads = "^/restapi/"

    def vendor(self) -> SimulatedVendor:
        account = VENDOR()
        account.seed(a_world())
        return account

    def connect(self, url: str) -> DocuSign:
        return connect("docusign", settings(url))

    def connect_badly(self, url: str) -> DocuSign:
        return connect("docusign", settings(url, private_key=another_key()))

    async def read(self, connector: DocuSign) -> Any:
        return await connector.find_signed("C-100")

    def test_it_serves_contracts_and_a_feed_of_changes(self, bench: Bench) -> None:
        assert isinstance(bench.connector, Contracts)
        assert isinstance(bench.connector, ChangeFeed)
        assert vendor("docusign").settings is Settings

    async def test_the_check_names_the_account_and_what_is_left(self, bench: Bench) -> None:
        assert await bench.connector.check() == (
            f"account Services Inc ({ACCOUNT}) at {bench.url}; 2999 of 3000 calls left this hour"
        )

    def test_it_takes_no_writes(self, bench: Bench) -> None:
        with pytest.raises(Misconfigured, match="only read"):
            bench.connector.declares("project")

    # What was signed.

    async def test_the_signed_contract_brings_its_terms_signers_and_document(self, bench: Bench) -> None:
        signed = await bench.connector.find_signed("C-100")
        assert (signed.target_id, signed.contract, signed.state) == (SIGNED, "C-100", SigningState.EXECUTED)
        assert signed.terms == TERMS
        assert signed.signers == ("Ann Acme",)
        assert signed.version == "2026-03-31T16:00:00.123+00:00"
        assert signed.executed_at == datetime(2026, 3, 31, 16, 0, 0, 123_000, tzinfo=UTC)
        assert signed.document == DocumentReference(
            system="docusign", target_id=f"{SIGNED}/combined", name="Statement of work C-100.pdf"
        )
        assert await bench.connector.read_signed(SIGNED) == signed

    async def test_an_unknown_contract_is_not_there(self, bench: Bench) -> None:
        assert await bench.connector.find_signed("C-999") is None
        with pytest.raises(NotFound):
            await bench.connector.read_signed("00000000-0000-0000-0000-000000000000")

    async def test_the_newest_executed_version_wins_over_a_newer_draft(self, bench: Bench) -> None:
        seed(
            bench,
            later=an_envelope(at="2026-05-01T10:00:00Z", terms={"total": "2"}),
            earlier=an_envelope(at="2026-02-01T10:00:00Z"),
            under_way=an_envelope(status="delivered", at="2026-06-01T10:00:00Z"),
            void=an_envelope(status="voided", at="2026-07-01T10:00:00Z"),
        )
        signed = await bench.connector.find_signed("C-100")
        assert (signed.target_id, signed.terms) == ("later", {"total": "2"})

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("created", SigningState.UNDER_WAY),
            ("sent", SigningState.UNDER_WAY),
            ("delivered", SigningState.UNDER_WAY),
            ("declined", SigningState.DECLINED),
            ("voided", SigningState.VOIDED),
        ],
    )
    async def test_what_is_not_executed_says_where_it_stands(self, bench: Bench, status: str, state: SigningState) -> None:
        seed(bench, open=an_envelope("C-1", status=status, at="2026-04-01T10:00:00Z"))
        signed = await bench.connector.find_signed("C-1")
        assert (signed.state, signed.executed_at, signed.signers) == (state, None, ())
        assert signed.version == "2026-04-01T10:00:00.000+00:00"

    async def test_a_correction_signed_again_is_a_new_version(self, bench: Bench) -> None:
        before = await bench.connector.find_signed("C-100")
        await control(bench, SIGNED, "sign", tabs={"total": "120000.00"})
        after = await bench.connector.find_signed("C-100")
        assert after.version > before.version
        assert after.terms == TERMS | {"total": "120000.00"}

    async def test_a_term_that_two_signers_filled_differently_is_for_a_person(self, bench: Bench) -> None:
        tabs = [{"textTabs": [{"tabLabel": "total", "value": value}]} for value in ("100", "90")]
        signers = [{"name": f"S{n}", "email": f"s{n}@acme.example", "tabs": each} for n, each in enumerate(tabs)]
        seed(bench, two=an_envelope("C-2", recipients={"signers": signers}))
        with pytest.raises(Rejected, match="'100' and '90' for 'total'"):
            await bench.connector.find_signed("C-2")

    async def test_blank_and_other_kinds_of_tabs(self, bench: Bench) -> None:
        tabs = {
            "textTabs": [{"tabLabel": "total", "value": " 100 "}, {"tabLabel": "po.WS-A", "value": " "}],
            "formulaTabs": [{"tabLabel": "line.L1.amount", "value": "60"}],
            "numberTabs": [{"tabLabel": "payment_terms_days", "value": "30"}],
            "signHereTabs": [{"tabLabel": "signature"}],
        }
        signers = [{"name": "Ann", "email": "ann@acme.example", "tabs": tabs}, {"name": "Bo", "email": "bo@acme.example"}]
        seed(bench, three=an_envelope("C-3", recipients={"signers": signers}))
        signed = await bench.connector.find_signed("C-3")
        assert signed.terms == {"total": "100", "line.L1.amount": "60", "payment_terms_days": "30"}
        assert signed.signers == ("Ann", "Bo")

    async def test_an_unusable_contract_reference_names_the_field_to_correct(self, bench: Bench) -> None:
        seed(bench, odd=an_envelope("C 7 / new"))
        with pytest.raises(Rejected) as refused:
            await bench.connector.read_signed("odd")
        assert "ContractReference" in refused.value.remedy

    async def test_the_contract_field_may_have_another_name(self, bench: Bench) -> None:
        seed(bench, named=an_envelope("-", custom_fields={"Vertragsnummer": "C-8"}))
        connector = connect("docusign", settings(bench.url, contract_field="Vertragsnummer"))
        signed = await connector.find_signed("C-8")
        await connector.aclose()
        assert signed is not None
        assert signed.contract == "C-8"

    # The document.

    async def test_the_document_is_downloaded_whole(self, bench: Bench) -> None:
        signed = await bench.connector.find_signed("C-100")
        content = await bench.connector.download(signed.document)
        assert content.startswith(b"%PDF-")
        assert b"line.L1.amount: 60000.00" in content
        same = signed.document.changed(sha256=hashlib.sha256(content).hexdigest())
        assert await bench.connector.download(same) == content
        await control(bench, SIGNED, "sign", tabs={"total": "1"})
        with pytest.raises(Rejected, match="not the one that was read before"):
            await bench.connector.download(same)

    async def test_a_document_beyond_the_limit_is_refused_and_the_connection_is_given_back(self, bench: Bench) -> None:
        connector = connect("docusign", settings(bench.url, largest_document=100, concurrent_calls=1))
        signed = await connector.find_signed("C-100")
        assert signed
        assert signed.document
        for _ in range(2):
            with pytest.raises(Rejected, match="larger than 100 bytes"):
                await asyncio.wait_for(connector.download(signed.document), 60)
        await connector.aclose()

    async def test_a_broken_download_is_tried_again(self, bench: Bench) -> None:
        await bench.fault(kind="drop_connection", on={"path": "/documents/"})
        document = DocumentReference(system="docusign", target_id=f"{SIGNED}/combined", name="SOW.pdf")
        with pytest.raises(AnswerLost):
            await bench.connector.download(document)
        assert (await bench.connector.download(document)).startswith(b"%PDF-")

    # Signing in.

    async def test_one_token_serves_many_calls_and_is_renewed_when_refused(self, bench: Bench) -> None:
        await asyncio.gather(*(bench.connector.find_signed("C-100") for _ in range(5)))
        assert (calls(bench, "/oauth/token"), calls(bench, "/envelopes")) == (1, 10)
        bench.vendor.state["tokens"].clear()
        assert await bench.connector.find_signed("C-100")
        assert calls(bench, "/oauth/token") == 2

    async def test_missing_consent_tells_the_user_what_to_open(self, bench: Bench) -> None:
        bench.vendor.state["apps"][APP]["consent_required"] = True
        with pytest.raises(Misconfigured) as refused:
            await bench.connector.check()
        assert f"{bench.url}/oauth/auth?response_type=code&scope=signature+impersonation&client_id={APP}" in refused.value.remedy

    async def test_the_account_must_be_the_users(self, bench: Bench) -> None:
        connector = connect("docusign", settings(bench.url, account_id="another"))
        with pytest.raises(Misconfigured, match="does not let this user into account another"):
            await connector.check()
        await connector.aclose()

    @pytest.mark.parametrize("base_uri", ["https://docusign.net.evil.example", "http://na3.docusign.net", "https://evil.example"])
    async def test_our_token_goes_to_no_host_that_is_not_trusted(self, bench: Bench, base_uri: str) -> None:
        bench.vendor.state["accounts"][ACCOUNT]["base_uri"] = base_uri
        with pytest.raises(Misconfigured, match="not trusted"):
            await bench.connector.check()

    async def test_a_host_of_a_trusted_domain_is_called(self, bench: Bench) -> None:
        bench.vendor.state["accounts"][ACCOUNT]["base_uri"] = "https://na3.localhost:9"  # nothing listens on the discard port
        connector = connect("docusign", settings(bench.url, api_domains=("localhost",)))
        with pytest.raises(NotReached):
            await connector.check()
        await connector.aclose()

    @pytest.mark.parametrize(
        ("field", "value"),
        [("base_url", "http://account.docusign.com"), ("private_key", "none"), ("private_key", key_pair()[1]), ("tokn", "x")],
    )
    def test_wrong_settings_name_the_field(self, field: str, value: str) -> None:
        with pytest.raises(ValidationError) as refused:
            settings("https://account.docusign.com", **{field: value})
        assert refused.value.errors()[0]["loc"] == (field,)

    def test_a_key_with_escaped_line_ends_is_read(self) -> None:
        escaped = key_pair()[0].replace("\n", "\\n")
        assert settings("https://account.docusign.com", private_key=escaped).private_key.get_secret_value() == key_pair()[0]

    # Limits.

    @pytest.mark.parametrize("status", [400, 429])
    async def test_an_hourly_limit_waits_for_the_announced_reset(self, bench: Bench, status: int) -> None:
        bench.vendor.state["accounts"][ACCOUNT] |= {"rate_limit": 0, "limit_status": status}

        def full_hour(moment: datetime) -> datetime:
            return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

        asked = datetime.now(UTC)
        with pytest.raises(Throttled) as refused:
            await bench.connector.find_signed("C-100")
        told, wait, second = datetime.now(UTC), refused.value.retry_after, timedelta(seconds=1)
        assert wait is not None
        assert any(asked + wait - second <= full <= told + wait + second for full in (full_hour(asked), full_hour(told)))

    async def test_a_burst_limit_waits_half_a_minute(self, bench: Bench) -> None:
        bench.vendor.state["accounts"][ACCOUNT] |= {"burst_limit": 0}
        with pytest.raises(Throttled) as refused:
            await bench.connector.find_signed("C-100")
        assert refused.value.retry_after == timedelta(seconds=30)

    async def test_polling_one_envelope_too_often_is_throttled_whatever_its_case(self, bench: Bench) -> None:
        for code in ("Hourly_Envelope_Polling_Limit_Exceeded", "HOURLY_ENVELOPE_POLLING_LIMIT_EXCEEDED"):
            await bench.fault(kind="answer", status=400, body={"errorCode": code, "message": "slow down"}, on={"path": SIGNED})
            with pytest.raises(Throttled):
                await bench.connector.find_signed("C-100")

    async def test_retry_after_is_believed_first(self, bench: Bench) -> None:
        await bench.fault(kind="answer", status=429, headers={"Retry-After": "7"}, on={"path": "/restapi/"})
        with pytest.raises(Throttled) as refused:
            await bench.connector.find_signed("C-100")
        assert refused.value.retry_after == timedelta(seconds=7)

    @pytest.mark.parametrize(("code", "failure"), [("USER_LACKS_PERMISSIONS", Misconfigured), ("SOMETHING_NEW", Rejected)])
    async def test_other_refusals_have_a_remedy(self, bench: Bench, code: str, failure: type[Exception]) -> None:
        await bench.fault(kind="answer", status=400, body={"errorCode": code, "message": "no"}, on={"path": "/restapi/"})
        with pytest.raises(failure) as refused:
            await bench.connector.find_signed("C-100")
        assert refused.value.remedy  # type: ignore[attr-defined]

    @pytest.mark.parametrize("body", ["<html>proxy</html>", [1]])
    async def test_an_answer_that_is_none_is_tried_again(self, bench: Bench, body: Any) -> None:
        await bench.fault(kind="answer", status=200, body=body, on={"path": "/restapi/"})
        with pytest.raises(AnswerLost):
            await bench.connector.find_signed("C-100")

    async def test_a_field_that_is_gone_is_named(self, bench: Bench) -> None:
        await bench.fault(kind="answer", status=200, body={"envelopeId": SIGNED}, on={"path": f"envelopes/{SIGNED}"})
        with pytest.raises(Malformed, match="status, statusChangedDateTime"):
            await bench.connector.read_signed(SIGNED)
