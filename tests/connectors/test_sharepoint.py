"""SharePoint as the documents workspace: the suite of all connectors, and what only SharePoint does."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from activities.ports import Documents
from canonical.errors import AnswerLost, Misconfigured, NotFound, NotReady, Rejected, Throttled, Unavailable
from canonical.written import Written
from connectors.registry import vendor
from connectors.sharepoint.client import SharePoint, connect
from connectors.sharepoint.content_hash import quick_xor_hash
from connectors.sharepoint.mapping import safe_name, withdrawn_name, workspace_name
from connectors.sharepoint.settings import FRAGMENT_UNIT, CertificateCredentials, SecretCredentials, Settings
from sandbox import sharepoint as sandbox
from sandbox.serve import serving
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract, WriteCase

KEY, REVERSAL, FILING = "create_workspace/C-100", "withdraw_workspace/C-100", "file_signed_contract/C-100"
FOLDERS = ("01 Contract", "02 Delivery/Reports", "03 Acceptance")
PATH = "01 Contract/C-100 signed.pdf"
SIGNED = b"%PDF-1.7 the signed contract"
PARENT_WRITES = r"root:/Engagements:/children"


def settings(url: str, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "base_url": url,
        "login_url": url,
        "tenant": sandbox.TENANT,
        "client_id": sandbox.CLIENT,
        "credentials": {"kind": "secret", "client_secret": "sandbox"},
        "site": "firm.sharepoint.com:/sites/engagements",
    }
    return Settings.model_validate(given | changes)


def items(state: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [item for item in state["items"].values() if item["name"] == name and not item["deleted"]]


def named(state: dict[str, Any], start: str) -> list[str]:
    return sorted(i["name"] for i in state["items"].values() if i["name"].startswith(start) and not i["deleted"])


async def create(connector: SharePoint, _: Any = None) -> Written:
    return await connector.create_workspace("C-100", "Acme ERP", FOLDERS, key=KEY)


async def file(connector: SharePoint, workspace: Written, content: bytes = SIGNED) -> Written:
    return await connector.upload(workspace.target_id, PATH, content, key=FILING)


async def find_file(connector: SharePoint, workspace: Written) -> Written | None:
    return await connector.find_document(workspace.target_id, PATH, key=FILING)


class TestSharePoint(ConnectorContract):
    """Workspace and document."""

    reads = "/list/items"

    def vendor(self) -> SimulatedVendor:
        return sandbox.SharePoint()

    def connect(self, url: str) -> Any:
        return connect("sharepoint", settings(url))

    def connect_badly(self, url: str) -> Any:
        return connect("sharepoint", settings(url, credentials={"kind": "secret", "client_secret": "wrong"}))

    async def read(self, connector: SharePoint) -> Any:
        return await connector.find_workspace("C-100", key=KEY)

    def cases(self) -> list[WriteCase]:
        workspace = WriteCase(
            kind="workspace",
            writes=PARENT_WRITES,
            create=create,
            find=lambda connector, _: connector.find_workspace("C-100", key=KEY),
            held=lambda state: len(items(state, "C-100 Acme ERP")),
            reverse=lambda connector, written, _: connector.withdraw_workspace(written.target_id, "refused", key=REVERSAL),
            is_reversed=lambda state: not named(state, "C-100"),
        )
        document = WriteCase(
            kind="document",
            writes=r"signed\.pdf:/content",
            create=file,
            find=find_file,
            held=lambda state: len(items(state, "C-100 signed.pdf")),
            prepare=create,
        )
        return [workspace, document]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    simulated = sandbox.SharePoint()
    async with serving(simulated) as server:
        connector = connect("sharepoint", settings(server.url, status_field="Status", session_above=1000, fragment=FRAGMENT_UNIT))
        yield Bench(connector, simulated, server.url)
        await connector.aclose()


async def seed(bench: Bench, **world: Any) -> None:
    async with httpx.AsyncClient() as http:
        (await http.post(f"{bench.url}/_sandbox/seed", json=world)).raise_for_status()


def large(fragments: int) -> bytes:
    return hashlib.shake_256(b"the signed contract").digest(fragments * FRAGMENT_UNIT - 77)


def calls(bench: Bench, method: str, part: str) -> int:
    return sum(call["method"] == method and part in call["path"] for call in bench.vendor.calls)


class TestWorkspaces:
    async def test_it_has_its_folders_its_reference_and_an_address_for_people(self, bench: Bench) -> None:
        written = await create(bench.connector)
        folder = items(bench.vendor.state, "C-100 Acme ERP")[0]
        assert folder["fields"] == {"ContractReference": "C-100", "HandoffKey": KEY}
        held = {bench.vendor.state["items"][i]["name"] for i in folder["children"].values()}
        assert held == {"01 Contract", "02 Delivery", "03 Acceptance"}
        assert items(bench.vendor.state, "Reports")[0]["parent"] == items(bench.vendor.state, "02 Delivery")[0]["id"]
        assert written.url == "https://firm.sharepoint.com/sites/engagements/Shared%20Documents/Engagements/C-100%20Acme%20ERP"

    async def test_twenty_folders_and_more_take_two_calls(self, bench: Bench) -> None:
        folders = [f"{n:02} Folder" for n in range(25)]
        written = await bench.connector.create_workspace("C-100", "Acme ERP", folders, key=KEY)
        assert len(bench.vendor.state["items"][written.target_id]["children"]) == 25
        assert calls(bench, "POST", "$batch") == 2

    async def test_a_half_made_one_is_completed_and_never_made_twice(self, bench: Bench) -> None:
        await bench.fault(kind="answer", status=503, on={"path": "listItem/fields", "method": "PATCH"})
        with pytest.raises(Unavailable):
            await create(bench.connector)
        assert await bench.connector.find_workspace("C-100", key=KEY) is None
        written = await create(bench.connector)
        found = await bench.connector.find_workspace("C-100", key=KEY)
        assert found == written
        assert named(bench.vendor.state, "C-100") == ["C-100 Acme ERP"]

    async def test_a_throttled_part_of_a_batch_is_a_throttled_write(self, bench: Bench) -> None:
        await bench.fault(
            kind="answer", status=429, headers={"Retry-After": "9"}, on={"path": "C-100 Acme ERP|items/.*/children"}
        )
        with pytest.raises(Throttled) as limited:
            await create(bench.connector)
        assert limited.value.retry_after == timedelta(seconds=9)
        await create(bench.connector)
        assert {i["name"] for i in bench.vendor.state["items"].values()} >= {
            "01 Contract",
            "02 Delivery",
            "Reports",
            "03 Acceptance",
        }

    @pytest.mark.parametrize(
        "fields", [{}, {"ContractReference": "C-7"}, {"ContractReference": "C-100", "HandoffKey": "create_workspace/C-100/2"}]
    )
    async def test_a_folder_of_somebody_else_is_not_taken(self, bench: Bench, fields: dict[str, str]) -> None:
        await seed(bench, folders={":Engagements/C-100 Acme ERP": {"by": "Ann Arbor", "fields": fields}})
        with pytest.raises(Rejected) as refused:
            await create(bench.connector)
        assert "rename or move" in refused.value.remedy and "ContractReference" in refused.value.remedy
        assert refused.value.evidence["url"].endswith("C-100%20Acme%20ERP")
        assert items(bench.vendor.state, "C-100 Acme ERP")[0]["fields"] == fields

    async def test_a_folder_that_people_marked_for_the_contract_is_adopted(self, bench: Bench) -> None:
        await seed(bench, folders={":Engagements/C-100 Acme ERP": {"by": "Ann Arbor", "fields": {"ContractReference": "C-100"}}})
        written = await create(bench.connector)
        assert (await bench.connector.find_workspace("C-100", key=KEY)).target_id == written.target_id
        assert named(bench.vendor.state, "C-100") == ["C-100 Acme ERP"]

    async def test_one_that_people_moved_and_renamed_is_found_all_the_same(self, bench: Bench) -> None:
        written = await create(bench.connector)
        folder = bench.vendor.state["items"][written.target_id]
        folder["name"] = "Acme"
        assert (await bench.connector.find_workspace("C-100", key=KEY)).target_id == written.target_id

    async def test_keys_that_differ_in_case_alone_are_different(self, bench: Bench) -> None:
        await create(bench.connector)
        assert await bench.connector.find_workspace("c-100", key=KEY.lower()) is None

    async def test_two_folders_with_one_key_are_for_a_person(self, bench: Bench) -> None:
        bench.vendor.state["drives"][sandbox.DRIVE]["columns"]["HandoffKey"]["enforceUniqueValues"] = False
        await seed(bench, folders={f":Engagements/{name}": {"fields": {"HandoffKey": KEY}} for name in ("One", "Two")})
        with pytest.raises(Rejected, match="2 folders"):
            await bench.connector.find_workspace("C-100", key=KEY)

    async def test_what_the_index_does_not_show_yet_is_not_made_twice(self, bench: Bench) -> None:
        await bench.fault(kind="invisible", seconds=60, on={"path": "listItem/fields"})
        first = await create(bench.connector)
        assert await bench.connector.find_workspace("C-100", key=KEY) is None
        assert (await create(bench.connector)).target_id == first.target_id
        assert named(bench.vendor.state, "C-100") == ["C-100 Acme ERP"]


class TestDocuments:
    async def test_a_large_one_goes_up_in_fragments_without_our_token(self, bench: Bench) -> None:
        workspace, content = await create(bench.connector), large(3)
        written = await file(bench.connector, workspace, content)
        assert calls(bench, "PUT", "uploadSession") == 3
        assert bench.vendor.state["items"][written.target_id]["quick_xor"] == written.details["quick_xor_hash"]
        assert (await find_file(bench.connector, workspace)) == written
        assert bench.vendor.state["uploads"] == {}

    @pytest.mark.parametrize("how", ["lose_answer", "drop_connection", "answer"])
    async def test_a_fragment_that_went_astray_is_sent_again_or_not_as_needed(self, bench: Bench, how: str) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind=how, status=503, skip=1, on={"path": "uploadSession", "method": "PUT"})
        written = await file(bench.connector, workspace, large(4))
        assert written.details["bytes"] == str(len(large(4)))
        assert calls(bench, "PUT", "uploadSession") == (5 if how == "answer" else 4)

    async def test_a_throttled_upload_goes_on_where_it_was_when_tried_again(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.fault(
            kind="answer", status=429, headers={"Retry-After": "2"}, skip=2, on={"path": "uploadSession", "method": "PUT"}
        )
        with pytest.raises(Throttled):
            await file(bench.connector, workspace, large(4))
        await file(bench.connector, workspace, large(4))
        assert calls(bench, "PUT", "uploadSession") == 5
        assert calls(bench, "POST", "createUploadSession") == 1

    async def test_a_last_fragment_whose_answer_was_lost_is_undecided_and_then_adopted(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind="lose_answer", skip=1, on={"path": "uploadSession", "method": "PUT"})
        with pytest.raises(AnswerLost):
            await file(bench.connector, workspace, large(2))
        assert await find_file(bench.connector, workspace) is None
        await file(bench.connector, workspace, large(2))
        assert len(items(bench.vendor.state, "C-100 signed.pdf")) == 1
        assert await find_file(bench.connector, workspace) is not None

    async def test_a_document_that_stands_there_is_never_replaced(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await seed(bench, files={f":Engagements/C-100 Acme ERP/{PATH}": {"text": "a draft", "by": "Ann Arbor"}})
        with pytest.raises(Rejected, match="another document") as refused:
            await file(bench.connector, workspace)
        assert "rename or move" in refused.value.remedy
        assert await find_file(bench.connector, workspace) is None

    async def test_an_equal_document_of_somebody_else_is_not_taken_for_ours(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await seed(bench, files={f":Engagements/C-100 Acme ERP/{PATH}": {"text": SIGNED.decode(), "by": "Ann Arbor"}})
        with pytest.raises(Rejected, match="another document"):
            await file(bench.connector, workspace)

    async def test_a_transfer_that_was_cut_is_noticed(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind="partial", quantity=10, on={"path": ":/content"})
        with pytest.raises(Rejected, match="other bytes") as damaged:
            await file(bench.connector, workspace)
        assert (damaged.value.evidence["bytes"], damaged.value.evidence["bytes sent"]) == ("10", str(len(SIGNED)))
        assert await find_file(bench.connector, workspace) is None
        await file(bench.connector, workspace)
        assert items(bench.vendor.state, "C-100 signed.pdf")[0]["size"] == len(SIGNED)

    @pytest.mark.parametrize("content", [b"%PDF-1.7 the same contract, made once more", large(2)])
    async def test_what_an_unfinished_upload_left_is_replaced(self, bench: Bench, content: bytes) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind="answer", status=503, on={"path": "listItem/fields"})
        with pytest.raises(Unavailable):
            await file(bench.connector, workspace)
        written = await file(bench.connector, workspace, content)
        assert await find_file(bench.connector, workspace) == written
        assert [i["size"] for i in items(bench.vendor.state, "C-100 signed.pdf")] == [len(content)]

    async def test_an_office_file_that_sharepoint_rewrote_is_still_ours(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        first = await bench.connector.upload(workspace.target_id, "Plan.docx", b"the plan", key=FILING)
        assert first.details["bytes"] != "8"
        assert await bench.connector.upload(workspace.target_id, "Plan.docx", b"the plan", key=FILING) == first

    async def test_other_content_under_the_same_key_is_refused(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await file(bench.connector, workspace)
        with pytest.raises(Rejected, match="another document"):
            await file(bench.connector, workspace, b"%PDF-1.7 another contract")

    async def test_one_that_people_moved_within_the_workspace_is_found_by_its_key(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        written = await file(bench.connector, workspace)
        bench.vendor.state["items"][written.target_id]["name"] = "Signed.pdf"
        parent = bench.vendor.state["items"][bench.vendor.state["items"][written.target_id]["parent"]]
        parent["children"] = {"signed.pdf": written.target_id}
        found = await find_file(bench.connector, workspace)
        assert found is not None and (found.target_id, found.number) == (written.target_id, "Signed.pdf")
        other = await bench.connector.create_workspace("C-200", "Other", (), key="create_workspace/C-200")
        assert await find_file(bench.connector, other) is None

    async def test_a_workspace_that_is_gone_takes_no_document(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.connector.withdraw_workspace(workspace.target_id, "refused", key=REVERSAL)
        with pytest.raises(NotFound):
            await file(bench.connector, workspace)

    async def test_a_full_library_is_a_matter_for_people(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        bench.vendor.state["drives"][sandbox.DRIVE]["quota"] = 5
        with pytest.raises(Rejected) as refused:
            await file(bench.connector, workspace)
        assert "quota" in refused.value.remedy

    async def test_a_document_that_is_open_elsewhere_waits(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind="answer", status=423, on={"path": ":/content"})
        with pytest.raises(NotReady):
            await file(bench.connector, workspace)

    async def test_names_that_sharepoint_does_not_take_are_made_safe(self, bench: Bench) -> None:
        workspace = await bench.connector.create_workspace("C:100", 'Acme "ERP" / phase 1?', ["01: Contract"], key=KEY)
        assert workspace.number == "C-100 Acme -ERP- - phase 1-"
        written = await bench.connector.upload(workspace.target_id, "01: Contract/C:100 #1 50%.pdf", SIGNED, key=FILING)
        assert written.number == "C-100 #1 50%.pdf"
        assert await bench.connector.find_document(workspace.target_id, "01: Contract/C:100 #1 50%.pdf", key=FILING) == written


class TestWithdrawal:
    async def withdraw(self, bench: Bench, workspace: Written) -> Written:
        withdrawn: Written = await bench.connector.withdraw_workspace(workspace.target_id, "Kantata refused", key=REVERSAL)
        return withdrawn

    async def test_what_holds_nothing_but_ours_goes_to_the_recycle_bin(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await file(bench.connector, workspace)
        assert (await self.withdraw(bench, workspace)).details["withdrawn"] == "recycled"
        assert bench.vendor.state["items"][workspace.target_id]["deleted"]
        again = await create(bench.connector)
        assert again.target_id != workspace.target_id

    async def test_other_peoples_work_is_kept_and_the_workspace_marked(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await file(bench.connector, workspace)
        await seed(bench, files={":Engagements/C-100 Acme ERP/02 Delivery/Notes.docx": {"text": "mine", "by": "Ann Arbor"}})
        withdrawn = await self.withdraw(bench, workspace)
        assert (withdrawn.details["withdrawn"], withdrawn.details["kept"]) == ("marked", "Notes.docx")
        folder = bench.vendor.state["items"][workspace.target_id]
        assert (folder["name"], folder["fields"]["Status"]) == ("C-100 Acme ERP (withdrawn)", "Withdrawn: Kantata refused")
        assert await bench.connector.find_workspace("C-100", key=KEY) is None
        await self.withdraw(bench, workspace)
        assert named(bench.vendor.state, "C-100 Acme") == ["C-100 Acme ERP (withdrawn)"]

    async def test_after_a_marked_one_a_new_one_can_be_made_and_filled(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await file(bench.connector, workspace)
        await seed(bench, files={":Engagements/C-100 Acme ERP/Notes.docx": {"text": "mine", "by": "Ann Arbor"}})
        await self.withdraw(bench, workspace)
        again = await create(bench.connector)
        filed = await file(bench.connector, again)
        assert again.target_id != workspace.target_id
        assert await find_file(bench.connector, again) == filed

    async def test_a_document_of_ours_that_somebody_changed_is_theirs_now(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        filed = await file(bench.connector, workspace)
        bench.vendor.state["items"][filed.target_id]["modified_by"] = {"user": {"displayName": "Ann Arbor"}}
        assert (await self.withdraw(bench, workspace)).details["withdrawn"] == "marked"

    async def test_a_change_in_between_is_looked_at_again(self, bench: Bench) -> None:
        workspace = await create(bench.connector)
        await bench.fault(kind="hold", name="looked", on={"method": "GET", "path": "/children"})
        withdrawing = asyncio.create_task(self.withdraw(bench, workspace))
        async with asyncio.timeout(60):
            while not any(call["fault"] == "hold" for call in bench.vendor.calls):  # noqa: ASYNC110 - the server brings it about
                await asyncio.sleep(0.01)
        bench.vendor.state["items"][workspace.target_id]["version"] += 1
        async with httpx.AsyncClient() as http:
            (await http.post(f"{bench.url}/_sandbox/holds/looked/release")).raise_for_status()
        with pytest.raises(NotReady):
            await withdrawing
        assert (await self.withdraw(bench, workspace)).details["withdrawn"] == "recycled"


def a_certificate(now: datetime) -> tuple[str, str]:
    """A certificate and its private key, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "handoff")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = built.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


class TestAccess:
    async def test_it_satisfies_the_port(self, bench: Bench) -> None:
        assert isinstance(bench.connector, Documents)
        assert vendor("sharepoint").settings is Settings

    async def test_a_certificate_serves_instead_of_a_secret(self, bench: Bench) -> None:
        public, private = a_certificate(bench.vendor.now())
        given = CertificateCredentials(certificate=public, private_key=SecretStr(private))
        connector = connect("sharepoint", settings(bench.url, credentials=given))
        try:
            with pytest.raises(Misconfigured):
                await connector.check()
            bench.vendor.state["applications"][sandbox.CLIENT]["certificates"].append(public)
            assert "Documents" in await connector.check()
        finally:
            await connector.aclose()

    async def test_a_token_that_is_refused_is_fetched_anew(self, bench: Bench) -> None:
        await bench.connector.check()
        bench.vendor.state["tokens"].clear()
        await bench.connector.check()

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"site": "firm.sharepoint.com:/sites/nowhere"}, "no site"),
            ({"library": "Papers"}, "Documents"),
            ({"key_field": "Key"}, "Key"),
            ({"key_field": "Status"}, "index"),
        ],
    )
    async def test_wrong_settings_are_named(self, bench: Bench, changes: dict[str, str], says: str) -> None:
        connector = connect("sharepoint", settings(bench.url, **changes))
        try:
            with pytest.raises(Misconfigured) as refused:
                await connector.check()
            assert says in refused.value.message + refused.value.remedy
        finally:
            await connector.aclose()

    async def test_a_library_without_our_columns_is_named_at_the_first_write(self, bench: Bench) -> None:
        del bench.vendor.state["drives"][sandbox.DRIVE]["columns"]["ContractReference"]
        with pytest.raises(Misconfigured, match="ContractReference"):
            await create(bench.connector)

    async def test_a_site_that_was_not_granted_is_a_matter_of_settings(self, bench: Bench) -> None:
        bench.vendor.state["applications"][sandbox.CLIENT]["roles"] = ["Sites.Selected"]
        with pytest.raises(Misconfigured):
            await bench.connector.check()

    @pytest.mark.parametrize(
        "changes",
        [{"base_url": "http://graph.example"}, {"site": "firm.sharepoint.com"}, {"fragment": 1000}, {"librarian": "x"}],
    )
    def test_settings_that_cannot_work_are_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            settings("http://127.0.0.1:1", **changes)

    def test_secrets_do_not_show(self) -> None:
        shown = repr(settings("http://127.0.0.1:1", credentials=SecretCredentials(client_secret=SecretStr("unspeakable"))))
        assert "unspeakable" not in shown

    async def test_timing_is_adjustable_for_one_account(self, bench: Bench) -> None:
        quick = connect("sharepoint", settings(bench.url, timing={"upstream_timeout": 1, "visibility_delay": 0}))
        assert quick.declares("workspace").settles_after == timedelta(seconds=1)
        assert bench.connector.declares("workspace").settles_after == timedelta(seconds=120)
        assert bench.connector.declares("document").settles_after == timedelta(seconds=100)
        await quick.aclose()


class TestNamesAndHashes:
    @given(st.text(max_size=200))
    @hypothesis_settings(max_examples=80, deadline=None)
    def test_any_text_becomes_a_name_and_stays_it(self, text: str) -> None:
        name = safe_name(text)
        assert name and len(name) <= 122 and not set('"*:<>?/\\|') & set(name) and name == name.strip(" .")
        assert safe_name(name) == name

    def test_what_names_look_like(self) -> None:
        assert workspace_name("C-100", "Acme: ERP.") == "C-100 Acme- ERP"
        assert safe_name("CON") == "CON -"
        assert withdrawn_name(withdrawn_name("x" * 120)) == withdrawn_name("x" * 120)

    @given(st.binary(max_size=600))
    @hypothesis_settings(max_examples=60, deadline=None)
    def test_the_hash_is_microsofts(self, content: bytes) -> None:
        ring = 0
        for position, byte in enumerate(content):
            for bit in range(8):
                ring ^= (byte >> bit & 1) << ((position * 11 + bit) % 160)
        ring ^= len(content) << 96
        assert quick_xor_hash(content) == base64.b64encode(ring.to_bytes(20, "little")).decode()
