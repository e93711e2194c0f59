"""The simulated SharePoint against clients that Microsoft wrote, and against Microsoft's own metadata."""

import base64
import datetime as dt
import hashlib
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2 as httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.drives.item.items.item.create_link.create_link_post_request_body import CreateLinkPostRequestBody
from msgraph.generated.drives.item.items.item.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.drives.item.items.item.invite.invite_post_request_body import InvitePostRequestBody
from msgraph.generated.models.drive_item import DriveItem
from msgraph.generated.models.drive_item_uploadable_properties import DriveItemUploadableProperties
from msgraph.generated.models.drive_recipient import DriveRecipient
from msgraph.generated.models.field_value_set import FieldValueSet
from msgraph.generated.models.folder import Folder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.sites.item.lists.item.items.items_request_builder import ItemsRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.serve import serving, serving_in_thread
from sandbox.sharepoint import CLIENT, DRIVE, SITE, TENANT, SharePoint
from sandbox.sharepoint.quickxor import quick_xor_hash
from sandbox.tls import certificate
from sandbox.vendor import SimulatedVendor

FRAGMENT = 320 * 1024
pytestmark = pytest.mark.filterwarnings("ignore:This class is deprecated")  # the generated client warns of itself
CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "msgraph" / "cleanMetadata_v1.0.xml"


class Account:
    """A served SharePoint with a token for its application."""

    def __init__(self, vendor: SharePoint, url: str, http: httpx.AsyncClient) -> None:
        self.vendor, self.url, self.http = vendor, url, http

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(method, f"{self.url}/v1.0{path}", **more)

    async def json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = await self.call(method, path, **more)
        assert answer.is_success, answer.text
        parsed: dict[str, Any] = answer.json()
        return parsed

    async def folder(self, name: str, parent: str = "root", **more: Any) -> httpx.Response:
        body = {"name": name, "folder": {}} | more
        return await self.call("POST", f"/drives/{DRIVE}/{parent}/children", json=body)

    def sdk(self) -> GraphServiceClient:
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(_Given(self.http.headers["Authorization"])))
        adapter.base_url = f"{self.url}/v1.0"
        return GraphServiceClient(request_adapter=adapter)


class _Given(AccessTokenProvider):
    """A token that the test fetched itself."""

    def __init__(self, header: str) -> None:
        self._token = header.removeprefix("Bearer ")

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, Any] | None = None) -> str:
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


async def token(url: str, http: httpx.AsyncClient, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": "sandbox",
        "scope": "https://graph.microsoft.com/.default",
    }
    return await http.post(f"{url}/{TENANT}/oauth2/v2.0/token", data=form | changes)


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    vendor = SharePoint()
    async with serving(vendor) as server, httpx.AsyncClient(timeout=20) as http:
        http.headers["Authorization"] = f"Bearer {(await token(server.url, http)).json()['access_token']}"
        yield Account(vendor, server.url, http)


def trusting(url: str, authority: str) -> dict[str, Any]:
    """What makes Microsoft's client talk to us; it leaks the connection of a refusal, which would hold the server up."""
    return {
        "authority": url,
        "disable_instance_discovery": True,
        "connection_verify": authority,
        "headers": {"Connection": "close"},
    }


class TestEntra:
    @pytest.fixture(scope="class")
    @staticmethod
    def key_and_certificate() -> tuple[bytes, str]:
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "handoff")])
        now = dt.datetime.now(dt.UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        signed = built.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = signed.public_bytes(serialization.Encoding.PEM)
        return private + public, public.decode()

    @pytest.fixture
    def secure(self, tmp_path: Path) -> Iterator[tuple[SharePoint, str, str]]:
        chain, key, authority = certificate(tmp_path)
        vendor = SharePoint()
        with serving_in_thread(vendor, certificate=(chain, key)) as url:
            yield vendor, url, str(authority)

    def test_microsofts_client_gets_a_token_for_a_secret_and_for_a_certificate(
        self, secure: tuple[SharePoint, str, str], key_and_certificate: tuple[bytes, str]
    ) -> None:
        vendor, url, authority = secure
        vendor.state["applications"][CLIENT]["certificates"].append(key_and_certificate[1])
        by_secret = ClientSecretCredential(TENANT, CLIENT, "sandbox", **trusting(url, authority))
        by_certificate = CertificateCredential(
            TENANT, CLIENT, certificate_data=key_and_certificate[0], **trusting(url, authority)
        )
        for credential in (by_secret, by_certificate):
            with credential:
                given = credential.get_token("https://graph.microsoft.com/.default")
            answer = httpx.get(
                f"{url}/v1.0/sites/{SITE}",
                headers={"Authorization": f"Bearer {given.token}"},
                verify=ssl.create_default_context(cafile=authority),
            )
            assert answer.json()["displayName"] == "Engagements"
        wrong = ClientSecretCredential(TENANT, CLIENT, "wrong", **trusting(url, authority))
        with wrong, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            wrong.get_token("https://graph.microsoft.com/.default")

    def test_a_certificate_that_is_not_registered_gets_no_token(
        self, secure: tuple[SharePoint, str, str], key_and_certificate: tuple[bytes, str]
    ) -> None:
        _, url, authority = secure
        credential = CertificateCredential(TENANT, CLIENT, certificate_data=key_and_certificate[0], **trusting(url, authority))
        with credential, pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            credential.get_token("https://graph.microsoft.com/.default")

    @pytest.mark.parametrize(
        ("changes", "status", "number"),
        [
            ({"client_id": str(uuid.uuid4())}, 400, 700016),
            ({"scope": "https://graph.microsoft.com/Sites.Read.All"}, 400, 1002012),
            ({"grant_type": "password"}, 400, 70003),
            ({"client_secret": ""}, 401, 7000218),
        ],
    )
    async def test_what_entra_refuses(self, account: Account, changes: dict[str, str], status: int, number: int) -> None:
        answer = await token(account.url, account.http, **changes)
        assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])

    async def test_a_token_ends_after_an_hour_and_an_expired_secret_gives_no_other(self, account: Account) -> None:
        await account.http.put(f"{account.url}/_sandbox/clock", json={"offset_seconds": 3700})
        answer = await account.call("GET", f"/sites/{SITE}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
        account.vendor.state["applications"][CLIENT]["secrets"][0]["expires"] = account.vendor.now().isoformat()
        assert (await token(account.url, account.http)).json()["error_codes"] == [7000222]

    async def test_an_application_sees_only_the_sites_it_was_given(self, account: Account) -> None:
        application = account.vendor.state["applications"][CLIENT]
        application["roles"] = ["Sites.Selected"]
        assert (await account.call("GET", f"/sites/{SITE}/drives")).status_code == 403
        application["grants"] = {SITE: "read"}
        assert (await account.call("GET", f"/sites/{SITE}/drives")).status_code == 200
        assert (await account.folder("Acme")).json()["error"]["code"] == "accessDenied"


class TestMicrosoftsClient:
    """The generated Graph client, which parses every answer into Microsoft's own models."""

    async def test_it_finds_the_site_by_path_and_its_library(self, account: Account) -> None:
        graph = account.sdk()
        site = await graph.sites.by_site_id("firm.sharepoint.com:/sites/engagements").get()
        assert site and site.id == SITE and site.web_url == "https://firm.sharepoint.com/sites/engagements"
        drives = await graph.sites.by_site_id(SITE).drives.get()
        assert drives and drives.value and [d.id for d in drives.value] == [DRIVE]
        assert drives.value[0].drive_type == "documentLibrary"

    async def test_it_makes_folders_uploads_and_downloads(self, account: Account) -> None:
        items = account.sdk().drives.by_drive_id(DRIVE).items
        wanted = DriveItem(name="Acme", folder=Folder(), additional_data={"@microsoft.graph.conflictBehavior": "fail"})
        made = await items.by_drive_item_id("root").children.post(wanted)
        assert made and made.id and made.folder and made.folder.child_count == 0 and made.e_tag
        with pytest.raises(ODataError) as taken:
            await items.by_drive_item_id("root").children.post(wanted)
        assert taken.value.response_status_code == 409
        assert taken.value.error and taken.value.error.code == "nameAlreadyExists"
        assert taken.value.error.inner_error and taken.value.error.inner_error.request_id
        signed = await items.by_drive_item_id("root:/Acme/Signed contract #1.pdf:").content.put(b"%PDF-1.7 signed")
        assert signed and signed.id and signed.size == 15 and signed.file and signed.file.mime_type == "application/pdf"
        assert await items.by_drive_item_id(signed.id).content.get() == b"%PDF-1.7 signed"
        children = await items.by_drive_item_id(made.id).children.get()
        assert children and children.value and [c.name for c in children.value] == ["Signed contract #1.pdf"]

    async def test_it_writes_fields_and_finds_by_them(self, account: Account) -> None:
        graph = account.sdk()
        made = (await account.folder("Acme")).json()
        fields = FieldValueSet(additional_data={"ContractReference": "C-100"})
        lists = await graph.sites.by_site_id(SITE).lists.get()
        assert lists and lists.value and lists.value[0].id
        row_id = (await account.json("GET", f"/drives/{DRIVE}/items/{made['id']}/listItem"))["id"]
        rows_of = graph.sites.by_site_id(SITE).lists.by_list_id(lists.value[0].id).items
        await rows_of.by_list_item_id(row_id).fields.patch(fields)
        query = ItemsRequestBuilder.ItemsRequestBuilderGetQueryParameters(
            expand=["fields", "driveItem"], filter="fields/ContractReference eq 'C-100'"
        )
        rows = (
            await graph.sites.by_site_id(SITE)
            .lists.by_list_id(lists.value[0].id)
            .items.get(RequestConfiguration(query_parameters=query))
        )
        assert rows and rows.value and len(rows.value) == 1
        row = rows.value[0]
        assert row.drive_item and row.drive_item.id == made["id"]
        assert row.fields and row.fields.additional_data["ContractReference"] == "C-100"

    async def test_it_uploads_a_large_file_in_fragments(self, account: Account) -> None:
        content = hashlib.shake_256(b"contract").digest(2 * FRAGMENT + 1234)
        items = account.sdk().drives.by_drive_id(DRIVE).items
        body = CreateUploadSessionPostRequestBody(
            item=DriveItemUploadableProperties(additional_data={"@microsoft.graph.conflictBehavior": "replace"})
        )
        session = await items.by_drive_item_id("root:/large.bin:").create_upload_session.post(body)
        assert session and session.upload_url and session.next_expected_ranges == ["0-"]
        # The client's own LargeFileUploadTask (1.5.2) sends the last fragment twice, so the fragments go by hand.
        async with httpx.AsyncClient() as http:
            for first in range(0, len(content), FRAGMENT):
                part = content[first : first + FRAGMENT]
                span = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"}
                done = await http.put(session.upload_url, content=part, headers=span)
        assert done.status_code == 201
        found = await items.by_drive_item_id("root:/large.bin:").get()
        assert found and found.id == done.json()["id"] and found.size == len(content)
        stored = await account.json("GET", f"/drives/{DRIVE}/root:/large.bin")
        assert stored["file"]["hashes"]["quickXorHash"] == quick_xor_hash(content)

    async def test_it_shares_searches_reads_changes_and_deletes(self, account: Account) -> None:
        items = account.sdk().drives.by_drive_id(DRIVE).items
        made = (await account.folder("Acme")).json()
        folder = items.by_drive_item_id(made["id"])
        invited = await folder.invite.post(
            InvitePostRequestBody(recipients=[DriveRecipient(email="pm@firm.example")], roles=["write"], require_sign_in=True)
        )
        assert invited and invited.value and invited.value[0].roles == ["write"]
        link = CreateLinkPostRequestBody(type="view", scope="organization")
        first, second = await folder.create_link.post(link), await folder.create_link.post(link)
        assert first and second and first.id == second.id and first.link and first.link.web_url
        permissions = await folder.permissions.get()
        assert permissions and permissions.value and len(permissions.value) == 2
        found = await items.by_drive_item_id("root").search_with_q("acme").get()
        assert found and found.value and [i.id for i in found.value] == [made["id"]]
        changes = await items.by_drive_item_id("root").delta.get()
        assert changes and changes.value and changes.odata_delta_link and made["id"] in [i.id for i in changes.value]
        await folder.delete()
        later = await items.by_drive_item_id("root").delta.with_url(changes.odata_delta_link).get()
        assert later and later.value and [(i.id, i.deleted is not None) for i in later.value] == [(made["id"], True)]
        with pytest.raises(ODataError) as gone:
            await folder.get()
        assert gone.value.response_status_code == 404

    async def test_it_subscribes_once_the_address_echoes_the_token(self, account: Account) -> None:
        subscriptions = account.sdk().subscriptions
        async with a_listener() as (url, notices):
            wanted = Subscription(
                change_type="updated",
                notification_url=f"{url}/notices",
                resource=f"drives/{DRIVE}/root",
                expiration_date_time=account.vendor.now() + dt.timedelta(days=2),
                client_state="known to us alone",
            )
            made = await subscriptions.post(wanted)
            assert made and made.id
            await account.folder("Acme")
            await account.vendor.deliveries.idle()
            assert [(n["subscriptionId"], n["clientState"]) for n in notices] == [(made.id, "known to us alone")]
            wanted.notification_url = f"{url}/silent"
            with pytest.raises(APIError) as refused:
                await subscriptions.post(wanted)
            assert refused.value.response_status_code == 400
            wanted.notification_url, wanted.expiration_date_time = f"{url}/notices", account.vendor.now() + dt.timedelta(days=31)
            with pytest.raises(APIError, match="42300 minutes"):
                await subscriptions.post(wanted)


class _Listener(SimulatedVendor):
    """An address for notifications: ``/notices`` echoes the validation token as it must, ``/silent`` does not."""

    name = "listener"

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[dict[str, Any]] = []

    def app(self) -> ASGIApp:
        return Starlette(
            routes=[Route("/notices", self._notices, methods=["POST"]), Route("/silent", self._silent, methods=["POST"])]
        )

    async def _notices(self, request: Request) -> Response:
        if "validationToken" in request.query_params:
            return PlainTextResponse(request.query_params["validationToken"])
        self.notices += (await request.json())["value"]
        return Response(status_code=202)

    async def _silent(self, request: Request) -> Response:
        return Response(status_code=200)


@asynccontextmanager
async def a_listener() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    listener = _Listener()
    async with serving(listener) as server:
        yield server.url, listener.notices


class TestConflictsAndVersions:
    async def test_names_are_taken_whatever_their_case(self, account: Account) -> None:
        assert (await account.folder("Acme")).status_code == 201
        assert (await account.folder("ACME")).status_code == 409
        renamed = await account.folder("acme", **{"@microsoft.graph.conflictBehavior": "rename"})
        assert renamed.json()["name"] == "acme 1"

    @pytest.mark.parametrize("name", ["a:b", "what?", "CON", "~$open.docx", "end ", "x" * 401])
    async def test_a_name_that_windows_could_not_bear_is_refused(self, account: Account, name: str) -> None:
        assert (await account.folder(name)).status_code == 400

    async def test_an_upload_by_path_replaces_unless_told_otherwise(self, account: Account) -> None:
        path = f"/drives/{DRIVE}/root:/Acme/a.txt:/content"
        first = await account.call("PUT", path, content=b"one")
        assert first.status_code == 201
        second = await account.call("PUT", path, content=b"two")
        assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
        assert second.json()["cTag"] != first.json()["cTag"]
        refused = await account.call("PUT", path, content=b"three", params={"@microsoft.graph.conflictBehavior": "fail"})
        assert refused.status_code == 409

    async def test_an_old_etag_is_refused_and_a_current_one_saves_the_download(self, account: Account) -> None:
        item = (await account.folder("Acme")).json()
        path = f"/drives/{DRIVE}/items/{item['id']}"
        same = await account.call("GET", path, headers={"If-None-Match": item["eTag"]})
        assert same.status_code == 304
        await account.json("PATCH", f"{path}/listItem/fields", json={"ContractReference": "C-1"})
        for method, more in (("PATCH", {"json": {"name": "Other"}}), ("DELETE", {})):
            refused = await account.call(method, path, headers={"If-Match": item["eTag"]}, **more)
            assert (refused.status_code, refused.json()["error"]["code"]) == (412, "resourceModified")

    async def test_a_deleted_folder_takes_everything_with_it_and_frees_its_name(self, account: Account) -> None:
        await account.call("PUT", f"/drives/{DRIVE}/root:/Acme/a.txt:/content", content=b"one")
        assert (await account.call("DELETE", f"/drives/{DRIVE}/root:/Acme")).status_code == 204
        assert (await account.call("GET", f"/drives/{DRIVE}/root:/Acme/a.txt")).status_code == 404
        assert (await account.folder("Acme")).status_code == 201
        recycled = [i["name"] for i in account.vendor.state["items"].values() if i["deleted"]]
        assert recycled == ["Acme", "a.txt"]

    async def test_a_library_without_room_refuses(self, account: Account) -> None:
        account.vendor.state["drives"][DRIVE]["quota"] = 10
        answer = await account.call("PUT", f"/drives/{DRIVE}/root:/a.txt:/content", content=b"eleven bytes")
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "quotaLimitReached")


class TestFields:
    async def test_an_unindexed_field_is_filtered_only_on_demand(self, account: Account) -> None:
        query = {"$filter": "fields/Status eq 'Open'"}
        refused = await account.call("GET", f"/drives/{DRIVE}/list/items", params=query)
        assert refused.status_code == 400 and "not indexed" in refused.json()["error"]["message"]
        prefer = {"Prefer": "HonorNonIndexedQueriesWarningMayFailRandomly"}
        assert (await account.call("GET", f"/drives/{DRIVE}/list/items", params=query, headers=prefer)).status_code == 200

    async def test_unknown_fields_and_repeated_unique_values_are_refused(self, account: Account) -> None:
        one, two = (await account.folder("One")).json()["id"], (await account.folder("Two")).json()["id"]
        await account.json("PATCH", f"/drives/{DRIVE}/items/{one}/listItem/fields", json={"HandoffKey": "k/1"})
        for fields in ({"HandoffKey": "k/1"}, {"Colour": "red"}):
            answer = await account.call("PATCH", f"/drives/{DRIVE}/items/{two}/listItem/fields", json=fields)
            assert answer.status_code == 400

    async def test_quotes_in_a_filter_are_doubled(self, account: Account) -> None:
        made = (await account.folder("Acme")).json()["id"]
        path = f"/drives/{DRIVE}/items/{made}/listItem/fields"
        await account.json("PATCH", path, json={"ContractReference": "O'Hara and Sons"})
        query = {"$filter": "fields/ContractReference eq 'O''Hara and Sons' and fields/HandoffKey eq null"}
        assert len((await account.json("GET", f"/drives/{DRIVE}/list/items", params=query))["value"]) == 1

    async def test_a_column_needs_the_right_to_manage(self, account: Account) -> None:
        column = {"name": "Practice", "text": {}, "indexed": True}
        assert (await account.call("POST", f"/drives/{DRIVE}/list/columns", json=column)).status_code == 403
        account.vendor.state["applications"][CLIENT]["roles"] = ["Sites.Manage.All"]
        assert (await account.call("POST", f"/drives/{DRIVE}/list/columns", json=column)).status_code == 201
        shown = (await account.json("GET", f"/drives/{DRIVE}/list/columns"))["value"]
        assert "Practice" in [c["name"] for c in shown]

    async def test_the_index_lags_behind_the_library(self, account: Account) -> None:
        fault = {"kind": "invisible", "seconds": 30, "on": {"path": "listItem/fields"}}
        await account.http.post(f"{account.url}/_sandbox/faults", json=fault)
        made = (await account.folder("Acme")).json()["id"]
        await account.json("PATCH", f"/drives/{DRIVE}/items/{made}/listItem/fields", json={"ContractReference": "C-1"})
        query = {"$filter": "fields/ContractReference eq 'C-1'"}
        assert (await account.json("GET", f"/drives/{DRIVE}/list/items", params=query))["value"] == []
        assert (await account.json("GET", f"/drives/{DRIVE}/root/search(q='Acme')"))["value"] == []
        assert (await account.json("GET", f"/drives/{DRIVE}/root:/Acme"))["id"] == made
        await account.http.put(f"{account.url}/_sandbox/clock", json={"offset_seconds": 31})
        assert len((await account.json("GET", f"/drives/{DRIVE}/list/items", params=query))["value"]) == 1


class TestUploadSessions:
    async def a_session(self, account: Account, name: str = "large.bin", **item: Any) -> str:
        body = {"item": {"@microsoft.graph.conflictBehavior": "fail"} | item}
        answer = await account.json("POST", f"/drives/{DRIVE}/root:/Acme/{name}:/createUploadSession", json=body)
        return str(answer["uploadUrl"])

    async def put(self, url: str, content: bytes, first: int, total: int, **headers: str) -> httpx.Response:
        spans = {"Content-Range": f"bytes {first}-{first + len(content) - 1}/{total}"}
        async with httpx.AsyncClient() as http:
            return await http.put(url, content=content, headers=spans | headers)

    async def test_it_goes_on_where_it_stopped(self, account: Account) -> None:
        url, total = await self.a_session(account), FRAGMENT + 10
        accepted = await self.put(url, bytes(FRAGMENT), 0, total)
        assert (accepted.status_code, accepted.json()["nextExpectedRanges"]) == (202, [f"{FRAGMENT}-{total - 1}"])
        repeated = await self.put(url, bytes(FRAGMENT), 0, total)
        assert (repeated.status_code, repeated.json()["error"]["innerError"]["code"]) == (416, "fragmentOverlap")
        async with httpx.AsyncClient() as http:
            assert (await http.get(url)).json()["nextExpectedRanges"] == [f"{FRAGMENT}-{total - 1}"]
        done = await self.put(url, b"0123456789", FRAGMENT, total)
        assert (done.status_code, done.json()["size"]) == (201, total)
        async with httpx.AsyncClient() as http:
            assert (await http.get(url)).status_code == 404

    async def test_what_a_fragment_must_not_be(self, account: Account) -> None:
        url = await self.a_session(account)
        assert (await self.put(url, bytes(1000), 0, 5000)).status_code == 400
        assert (await self.put(url, bytes(FRAGMENT), FRAGMENT, 3 * FRAGMENT)).status_code == 416
        assert (await self.put(url, bytes(FRAGMENT), 0, FRAGMENT, Authorization="Bearer x")).status_code == 401

    async def test_a_name_that_is_taken_meanwhile_is_a_conflict_at_the_end(self, account: Account) -> None:
        url = await self.a_session(account)
        await account.call("PUT", f"/drives/{DRIVE}/root:/Acme/large.bin:/content", content=b"other")
        assert (await self.put(url, b"mine", 0, 4)).status_code == 409
        await account.call("DELETE", f"/drives/{DRIVE}/root:/Acme/large.bin")
        async with httpx.AsyncClient() as http:
            assert (await http.post(url)).status_code == 201

    async def test_a_session_ends(self, account: Account) -> None:
        url = await self.a_session(account)
        await account.http.put(f"{account.url}/_sandbox/clock", json={"offset_seconds": 90_000})
        assert (await self.put(url, b"mine", 0, 4)).status_code == 404


class TestChanges:
    async def test_pages_follow_each_other_and_a_token_grows_too_old(self, account: Account) -> None:
        for number in range(5):
            await account.folder(f"Folder {number}")
        page = await account.json("GET", f"/drives/{DRIVE}/root/delta", params={"$top": 2})
        names = [i["name"] for i in page["value"]]
        while "@odata.nextLink" in page:
            page = (await account.http.get(page["@odata.nextLink"])).json()
            names += [i["name"] for i in page["value"]]
        assert names == ["root", *(f"Folder {n}" for n in range(5))]
        account.vendor.clock_offset = dt.timedelta(days=31)
        account.http.headers["Authorization"] = f"Bearer {(await token(account.url, account.http)).json()['access_token']}"
        stale = await account.http.get(page["@odata.deltaLink"])
        assert (stale.status_code, stale.json()["error"]["code"]) == (410, "resyncRequired")
        assert len((await account.http.get(stale.headers["Location"])).json()["value"]) == 6

    async def test_latest_skips_what_is_there(self, account: Account) -> None:
        await account.folder("Old")
        start = await account.json("GET", f"/drives/{DRIVE}/root/delta", params={"token": "latest"})
        await account.folder("New")
        changed = (await account.http.get(start["@odata.deltaLink"])).json()["value"]
        assert [i["name"] for i in changed] == ["New"]


class TestBatches:
    async def batch(self, account: Account, parts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        answer = await account.json("POST", "/$batch", json={"requests": parts})
        return {part["id"]: part for part in answer["responses"]}

    async def test_each_part_has_an_answer_of_its_own(self, account: Account) -> None:
        fault = {"kind": "answer", "status": 429, "headers": {"Retry-After": "3"}, "on": {"path": "Two"}}
        await account.http.post(f"{account.url}/_sandbox/faults", json=fault)
        json_type = {"Content-Type": "application/json"}
        child = f"/drives/{DRIVE}/root:/Parent:/children"
        answers = await self.batch(
            account,
            [
                {
                    "id": "1",
                    "method": "PUT",
                    "url": f"/drives/{DRIVE}/root:/One.txt:/content",
                    "body": "T25l",
                    "headers": {"Content-Type": "text/plain"},
                },
                {
                    "id": "2",
                    "method": "PUT",
                    "url": f"/drives/{DRIVE}/root:/Two.txt:/content",
                    "body": "VHdv",
                    "headers": {"Content-Type": "text/plain"},
                },
                {
                    "id": "3",
                    "method": "POST",
                    "url": child,
                    "body": {"name": "x", "folder": {}},
                    "headers": json_type,
                    "dependsOn": ["2"],
                },
            ],
        )
        assert {name: part["status"] for name, part in answers.items()} == {"1": 201, "2": 429, "3": 424}
        assert answers["2"]["headers"]["retry-after"] == "3"
        assert answers["1"]["body"]["size"] == 3

    async def test_twenty_parts_are_the_most(self, account: Account) -> None:
        parts = [{"id": str(n), "method": "GET", "url": f"/sites/{SITE}"} for n in range(21)]
        assert (await account.call("POST", "/$batch", json={"requests": parts})).status_code == 400
        assert len(await self.batch(account, parts[:20])) == 20


class TestQuickXorHash:
    @staticmethod
    def by_definition(content: bytes) -> str:
        """Microsoft's description, bit by bit: each byte goes in 11 places further on, round a ring of 160."""
        ring = [0] * 160
        for position, byte in enumerate(content):
            for bit in range(8):
                ring[(position * 11 + bit) % 160] ^= byte >> bit & 1
        for bit in range(64):
            ring[96 + bit] ^= len(content) >> bit & 1
        return base64.b64encode(bytes(sum(ring[8 * n + bit] << bit for bit in range(8)) for n in range(20))).decode()

    @given(st.binary(max_size=700))
    @settings(max_examples=60, deadline=None)
    def test_it_is_what_microsoft_describes(self, content: bytes) -> None:
        assert quick_xor_hash(content) == self.by_definition(content)

    def test_known_hashes(self) -> None:
        assert quick_xor_hash(b"") == "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        assert quick_xor_hash(bytes.fromhex("b5b4")) == "taAFAAAAAAAAAAAAAgAAAAAAAAA="


@pytest.mark.skipif(not CONTRACT.exists(), reason="Microsoft's metadata (shared/contracts/msgraph) is not on this machine")
class TestMicrosoftsMetadata:
    """Every property that the simulation answers is one that Microsoft's metadata of Graph v1.0 knows, of the same kind."""

    @pytest.fixture(scope="class")
    @staticmethod
    def types() -> dict[str, tuple[str, dict[str, str]]]:
        wanted: dict[str, tuple[str, dict[str, str]]] = {}
        for schema in ElementTree.parse(CONTRACT).iter("{http://docs.oasis-open.org/odata/ns/edm}Schema"):
            if schema.get("Namespace") != "microsoft.graph":
                continue
            for kind in schema:
                if kind.tag.rpartition("}")[2] in {"EntityType", "ComplexType"}:
                    properties = {p.get("Name", ""): p.get("Type", "") for p in kind if "Property" in p.tag}
                    wanted[f"graph.{kind.get('Name')}"] = (kind.get("BaseType", ""), properties)
        return wanted

    def unknown(self, types: dict[str, tuple[str, dict[str, str]]], kind: str, value: Any, where: str = "") -> list[str]:
        if kind.startswith("Collection("):
            assert isinstance(value, list), where
            return [u for n, each in enumerate(value) for u in self.unknown(types, kind[11:-1], each, f"{where}[{n}]")]
        if kind.startswith("Edm."):
            fits = {"Edm.Boolean": bool, "Edm.Int32": int, "Edm.Int64": int}.get(kind, str)
            return [] if value is None or isinstance(value, fits) else [f"{where}: not {kind}"]
        if value is None or kind == "graph.fieldValueSet" or not isinstance(value, dict):
            return [] if value is None or isinstance(value, dict) else [f"{where}: not {kind}"]
        known: dict[str, str] = {}
        step = kind
        while step:
            parent, properties = types[step]
            known, step = properties | known, parent
        found = []
        for name, each in value.items():
            if "@" not in name:
                found += self.unknown(types, known[name], each, f"{where}.{name}") if name in known else [f"{where}.{name}"]
        return found

    async def test_every_property_is_known(self, account: Account, types: dict[str, tuple[str, dict[str, str]]]) -> None:
        made = (await account.folder("Acme")).json()
        item = f"/drives/{DRIVE}/items/{made['id']}"
        await account.json("PUT", f"{item}:/a.txt:/content", content=b"one")
        await account.json("PATCH", f"{item}/listItem/fields", json={"ContractReference": "C-1"})
        invite = {"recipients": [{"email": "pm@firm.example"}], "roles": ["read"], "requireSignIn": True}
        rows = {"$expand": "fields,driveItem"}
        session = await account.json("POST", f"{item}:/b.bin:/createUploadSession", json={})
        checked = [
            ("graph.site", await account.json("GET", f"/sites/{SITE}")),
            ("Collection(graph.drive)", (await account.json("GET", f"/sites/{SITE}/drives"))["value"]),
            ("Collection(graph.list)", (await account.json("GET", f"/sites/{SITE}/lists"))["value"]),
            ("Collection(graph.columnDefinition)", (await account.json("GET", f"/drives/{DRIVE}/list/columns"))["value"]),
            ("Collection(graph.listItem)", (await account.json("GET", f"/drives/{DRIVE}/list/items", params=rows))["value"]),
            ("Collection(graph.driveItem)", (await account.json("GET", f"{item}/children"))["value"]),
            ("graph.driveItem", await account.json("GET", f"{item}?$expand=children,listItem($expand=fields)")),
            ("graph.driveItem", await account.json("GET", f"/drives/{DRIVE}/root")),
            ("Collection(graph.permission)", (await account.json("POST", f"{item}/invite", json=invite))["value"]),
            ("graph.permission", await account.json("POST", f"{item}/createLink", json={"type": "view"})),
            ("Collection(graph.permission)", (await account.json("GET", f"{item}:/a.txt:/permissions"))["value"]),
            ("graph.uploadSession", session),
        ]
        assert [u for kind, value in checked for u in self.unknown(types, kind, value, kind)] == []

    async def test_deleted_items_and_subscriptions_are_known_too(
        self, account: Account, types: dict[str, tuple[str, dict[str, str]]]
    ) -> None:
        start = await account.json("GET", f"/drives/{DRIVE}/root/delta", params={"token": "latest"})
        await account.call("PUT", f"/drives/{DRIVE}/root:/Acme/a.txt:/content", content=b"one")
        await account.call("DELETE", f"/drives/{DRIVE}/root:/Acme")
        gone = (await account.http.get(start["@odata.deltaLink"])).json()["value"]
        assert len(gone) == 2 and all(i["deleted"] for i in gone)
        async with a_listener() as (url, _):
            wanted = {
                "changeType": "updated",
                "notificationUrl": f"{url}/notices",
                "resource": f"/drives/{DRIVE}/root",
                "expirationDateTime": (account.vendor.now() + dt.timedelta(days=1)).isoformat(),
                "clientState": "ours",
            }
            made = await account.json("POST", "/subscriptions", json=wanted)
        assert self.unknown(types, "Collection(graph.driveItem)", gone) + self.unknown(types, "graph.subscription", made) == []


async def test_a_planned_fault_speaks_graphs_language(account: Account) -> None:
    fault = {"kind": "answer", "status": 503, "headers": {"Retry-After": "5"}}
    await account.http.post(f"{account.url}/_sandbox/faults", json=fault)
    answer = await account.call("GET", f"/sites/{SITE}")
    assert (answer.json()["error"]["code"], answer.headers["Retry-After"]) == ("serviceNotAvailable", "5")
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


async def test_a_seeded_world_is_there_and_state_survives_a_restart(tmp_path: Path) -> None:
    vendor = SharePoint(state_dir=tmp_path)
    async with serving(vendor) as server, httpx.AsyncClient() as http:
        world = {
            "folders": {":Engagements/Acme": {"by": "Ann Arbor", "fields": {"ContractReference": "C-9"}}},
            "files": {f"{DRIVE}:Engagements/Acme/note.txt": {"text": "hello"}},
        }
        assert (await http.post(f"{server.url}/_sandbox/seed", json=world)).status_code == 201
    again = SharePoint(state_dir=tmp_path)
    assert json.dumps(again.state) == json.dumps(vendor.state)
    async with serving(again) as server, httpx.AsyncClient() as http:
        http.headers["Authorization"] = f"Bearer {(await token(server.url, http)).json()['access_token']}"
        shown = (await http.get(f"{server.url}/v1.0/drives/{DRIVE}/root:/Engagements/Acme?$expand=children")).json()
    assert (shown["createdBy"]["user"]["displayName"], [c["name"] for c in shown["children"]]) == ("Ann Arbor", ["note.txt"])
