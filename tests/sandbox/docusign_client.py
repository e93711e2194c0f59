"""DocuSign's own client, signed in to the simulated account over TLS; the fixtures of the tests that use it."""

import base64
import ssl
from collections.abc import Iterator
from typing import Any

import docusign_esign as esign  # type: ignore[import-untyped]
import httpx2 as httpx
import pytest
from docusign_esign.client.api_response import RESTClientObject  # type: ignore[import-untyped]
from docusign_esign.client.configuration import Configuration  # type: ignore[import-untyped]

from sandbox.docusign import VENDOR
from sandbox.serve import serving_in_thread
from sandbox.tls import certificate
from sandbox.vendor import SimulatedVendor
from tests.sandbox.docusign_world import ACCOUNT, APP, USER, a_world, key_pair

API = f"/restapi/v2.1/accounts/{ACCOUNT}"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str, str]]:
    """The vendor over TLS, which DocuSign's client insists on for its account server."""
    chain, key, root = certificate(tmp_path_factory.mktemp("tls"))
    vendor = VENDOR()
    with serving_in_thread(vendor, certificate=(chain, key)) as url:
        yield vendor, url, str(root)


@pytest.fixture
def account(secure: tuple[Any, str, str]) -> Iterator["Account"]:
    vendor, url, root = secure
    vendor.reset()
    vendor.seed(a_world())
    joined = Account(vendor, url, root)
    yield joined
    joined.close()


class Account:
    """DocuSign's own client, signed in to the simulated account."""

    def __init__(self, vendor: SimulatedVendor, url: str, root: str) -> None:
        self.vendor, self.url, self.root = vendor, url, root
        self.http = httpx.Client(base_url=url, verify=ssl.create_default_context(cafile=root))
        self.clients: list[esign.ApiClient] = []
        self.client = self.signed_out()
        self.token = self.sign_in(self.client).access_token
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        self.envelopes = esign.EnvelopesApi(self.client)

    def close(self) -> None:
        # A TLS connection left open makes the server wait for its farewell.
        self.http.close()
        for client in self.clients:
            pools = client.rest_client.pool_manager.pools
            for key in list(pools.keys()):  # not iterable itself
                pools[key].close()

    def signed_out(self) -> esign.ApiClient:
        client = esign.ApiClient(host=f"{self.url}/restapi", oauth_host_name=self.url.removeprefix("https://"))
        configuration = Configuration()
        configuration.ssl_ca_cert = self.root
        client.rest_client = RESTClientObject(configuration=configuration)
        self.clients.append(client)
        return client

    def sign_in(self, client: esign.ApiClient, *, user: str = USER, key: str | None = None) -> Any:
        host = self.url.removeprefix("https://")
        return client.request_jwt_user_token(
            APP, user, host, (key or key_pair()[0]).encode(), 3600, scopes=["signature", "impersonation"]
        )

    def control(self, envelope_id: str, what: str, **told: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_sandbox/envelopes/{envelope_id}/{what}", json=told)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.http.get(f"{API}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]


def a_definition(**changed: Any) -> Any:
    """An envelope as DocuSign's client makes one."""
    tabs = esign.Tabs(
        text_tabs=[
            esign.Text(tab_label="total", value="100.00", document_id="1", page_number="1", x_position="1", y_position="1")
        ]
    )
    signer = esign.Signer(name="Ann Acme", email="ann@acme.example", recipient_id="1", routing_order="1", tabs=tabs)
    fields = esign.CustomFields(text_custom_fields=[esign.TextCustomField(name="ContractReference", value="C-7")])
    document = esign.Document(
        name="SOW.pdf", document_id="1", file_extension="pdf", document_base64=base64.b64encode(b"%PDF-1.4 mine").decode()
    )
    given = {"status": "sent", "email_subject": "SOW", "transaction_id": "T-1", "custom_fields": fields, "documents": [document]}
    return esign.EnvelopeDefinition(**given | {"recipients": esign.Recipients(signers=[signer])} | changed)
