"""What must be configured for one SharePoint library."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.timing import Timing

FRAGMENT_UNIT = 320 * 1024
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MEBIBYTE = 1024 * 1024


class SecretCredentials(BaseModel):
    """A client secret of the application; Entra lets it expire after two years at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["secret"] = "secret"
    client_secret: SecretStr


class CertificateCredentials(BaseModel):
    """A certificate that is registered with the application, and the private key that belongs to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["certificate"] = "certificate"
    certificate: str = Field(description="PEM of the certificate")
    private_key: SecretStr = Field(description="PEM of its RSA private key")


class Settings(BaseModel):
    """One library. The application needs Sites.Selected with write on the site, or Sites.ReadWrite.All."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(default="https://graph.microsoft.com", description="another one in national clouds")
    login_url: str = Field(default="https://login.microsoftonline.com", description="another one in national clouds")
    tenant: str = Field(description="the directory's id or one of its domains")
    client_id: str
    credentials: Annotated[SecretCredentials | CertificateCredentials, Field(discriminator="kind")]
    site: str = Field(description="host and path of the site: firm.sharepoint.com:/sites/engagements")
    library: str = Field(default="Documents", description="the document library's name")
    folder: str = Field(default="Engagements", description="where in the library workspaces are made; empty for its root")
    reference_field: str = Field(default="ContractReference", description="text column for the contract's reference")
    key_field: str = Field(default="HandoffKey", description="indexed text column for our key; best with unique values enforced")
    status_field: str | None = Field(default=None, description="text column that says why a workspace was withdrawn")
    session_above: int = Field(default=4 * _MEBIBYTE, ge=0, le=250 * _MEBIBYTE, description="larger files go up in fragments")
    fragment: int = Field(default=32 * FRAGMENT_UNIT, gt=0, lt=60 * _MEBIBYTE, multiple_of=FRAGMENT_UNIT)
    concurrent_calls: int = Field(default=8, ge=2, description="of the tenant's limit, which other applications use too")
    timing: Timing = Timing()

    @field_validator("base_url", "login_url")
    @classmethod
    def _secure(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("must begin with https:// unless it is on this machine; correct it in policies/landscape")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _by_path(self) -> Self:
        if ":/" not in self.site:
            raise ValueError("site must be written as host:/path, such as firm.sharepoint.com:/sites/engagements")
        return self
