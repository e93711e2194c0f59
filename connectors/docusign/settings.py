"""What must be configured to read one DocuSign account."""

from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.timing import Timing


class Settings(BaseModel):
    """One account, read by one user on whose behalf an app acts (JWT grant)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(
        default="https://account.docusign.com", description="the account server; https://account-d.docusign.com for the demo"
    )
    integration_key: str = Field(description="the app's client id")
    user_id: str = Field(description="GUID of the user on whose behalf the app reads, not an email address")
    private_key: SecretStr = Field(description="the app's RSA private key, PEM")
    account_id: str | None = Field(default=None, description="GUID of the account; the user's default account if not given")
    audience: str | None = Field(default=None, description="of the signed assertion; the account server's host if not given")
    api_domains: tuple[str, ...] = Field(
        default=("docusign.net", "docusign.com"), description="where an account may be served from, beside base_url itself"
    )
    connect_keys: tuple[SecretStr, ...] = Field(default=(), description="HMAC keys of Connect; any of them may sign")
    contract_field: str = Field(default="ContractReference", description="text custom field that carries our contract reference")
    history: timedelta = Field(default=timedelta(days=1_826), description="how far back a signed contract is looked for")
    overlap: timedelta = Field(default=timedelta(minutes=5), description="how much of the window before is polled again")
    largest_document: int = Field(default=50 * 1024 * 1024, ge=1, description="bytes; a larger document is refused")
    with_certificate: bool = Field(default=True, description="append the certificate of completion to the signed document")
    page_size: int = Field(default=100, ge=1, le=1_000)
    concurrent_calls: int = Field(default=8, ge=1, description="calls of this process under way at once")
    timing: Timing = Timing()

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
            raise ValueError("base_url must begin with https:// unless it is on this machine; correct it in policies/landscape")
        return value.rstrip("/")

    @field_validator("private_key")
    @classmethod
    def _is_a_private_key(cls, value: SecretStr) -> SecretStr:
        pem = value.get_secret_value().replace("\\n", "\n")  # environment variables often carry the line ends escaped
        try:
            is_private = RSAKey.import_key(pem).is_private
        except (JoseError, ValueError):
            is_private = False
        if not is_private:
            raise ValueError("private_key must be an RSA private key in PEM form; paste the one that DocuSign showed for the app")
        return SecretStr(pem)


def is_loopback(host: str) -> bool:
    """Whether that host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
