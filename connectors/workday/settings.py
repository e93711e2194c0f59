"""What must be configured to read the workers of one Workday tenant."""

from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.timing import Timing

MOST_A_PAGE = 999
_TYPES = (
    "Hire Employee",
    "Contract Contingent Worker",
    "Change Job",
    "Transfer Employee",
    "Promote Employee",
    "Edit Position",
    "Change Organization Assignments for Worker",
    "Request Compensation Change",
    "Terminate Employee",
    "End Contingent Worker Contract",
)


class ApiClient(BaseModel):
    """An API client for integrations with a refresh token of the integration system user (OAuth 2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["api_client"] = "api_client"
    client_id: str = Field(description="of the API client for integrations")
    client_secret: SecretStr = Field(description="of the API client for integrations")
    refresh_token: SecretStr = Field(description="non-expiring, made for the integration system user")


class SystemUser(BaseModel):
    """The integration system user itself (WS-Security)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["system_user"] = "system_user"
    username: str = Field(description="of the integration system user, without the tenant")
    password: SecretStr = Field(description="of the integration system user; exempt it from expiry")


class Settings(BaseModel):
    """One tenant. The user needs Get on the domains Worker Data: Public Worker Reports, Current Staffing Information,
    Organization Information, Work Contact Information and, for costs, Compensation."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(description="the data center's services host, such as https://wd2-impl-services1.workday.com")
    tenant: str = Field(pattern=r"^[A-Za-z0-9_]+$", description="the tenant's name, as in its addresses")
    credentials: Annotated[ApiClient | SystemUser, Field(discriminator="kind")]
    version: str = Field(default="v43.0", pattern=r"^v\d{2,3}\.\d$", description="of the service Human_Resources")
    page_size: int = Field(default=200, ge=1, le=MOST_A_PAGE, description="workers in one answer")
    history: timedelta = Field(default=timedelta(days=400), description="how long before the business date postings are read")
    horizon: timedelta = Field(default=timedelta(days=120), description="how long after it: future hires, transfers, ends")
    transaction_types: tuple[str, ...] = Field(
        default=_TYPES,
        description="Business_Process_Type ids whose effective dates may change a posting; add the tenant's own, empty means all",
    )
    entities: dict[str, str] = Field(default={}, description="our legal entity by Company_Reference_ID, where they differ")
    roles: dict[str, str] = Field(default={}, description="our labor category by Job_Profile_ID; else the job profile's name")
    hours_in_a_year: Decimal | None = Field(
        default=None, gt=0, description="by which the pay of a salaried year is divided; none: no cost for who has no hourly pay"
    )
    concurrent_calls: int = Field(default=4, ge=1, description="calls of this process under way at once")
    throttle_pause: timedelta = Field(default=timedelta(seconds=30), description="after a 429 that names no time of its own")
    timing: Timing = Timing()

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname or "")):
            raise ValueError("base_url must begin with https:// unless it is on this machine; correct it in policies/landscape")
        return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
