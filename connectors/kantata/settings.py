"""What must be configured to use a Kantata OX account."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.timing import Timing

AcceptanceFact = Literal["on", "by", "record"]
Dimension = Literal["practice", "region", "revenue_treatment", "cost_center", "entity"]


class Settings(BaseModel):
    """One account. Ids are Kantata's own numbers, as its address bar and API show them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = "https://api.mavenlink.com"
    app_url: str = Field(default="https://app.mavenlink.com", description="where people open a project in the browser")
    token: SecretStr = Field(description="OAuth bearer token of an account administrator; it does not expire")
    service_name: str = Field(default="Handoff", description="under which external references are kept; one an installation")
    active_status_key: int = Field(
        default=310, description="project status of a project that is open for time; 310 is In Progress"
    )
    planned_status_key: int | None = Field(
        default=None, description="status before activation; the account's own default if not given"
    )
    locks_time: bool = Field(
        default=True, description="no time before activation; false where the account forbids it for projects"
    )
    staffing_approver_ids: tuple[str, ...] = Field(
        default=(), description="users who get the resource requests; none: demand only"
    )
    roles: dict[str, str] = Field(default={}, description="our role to the role's name in Kantata, where they differ")
    dimension_fields: Mapping[Dimension, str] = Field(default={}, description="custom field of projects that carries a dimension")
    acceptance_fields: Mapping[AcceptanceFact, str] = Field(
        default={},
        description="custom field of tasks that says of a completed milestone on which day (`on`) and by whom (`by`) the customer"
        " accepted it, and where the signed record is (`record`)",
    )
    rate_cards: dict[str, str] = Field(default={}, description="rate card by currency")
    time_zone: str = Field(default="UTC", description="the account's own: days of work are days there")
    subscribed_events: bool = Field(
        default=True,
        description="the add-on that tells of deleted time; without it a deletion shows only where an entry is read again",
    )
    subcontractor_categories: frozenset[str] = Field(
        default=frozenset(), description="expense categories that are subcontractors'"
    )
    purchase_order_service: str = Field(
        default="", description="service name under which an expense's external reference holds its purchase order"
    )
    concurrent_calls: int = Field(default=8, ge=1)
    throttle_pause: timedelta = Field(
        default=timedelta(seconds=15), description="after a 429, which names no time of its own here"
    )
    timing: Timing = Timing()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"time_zone {name!r} is not in the time zone database; write it like Europe/Berlin")
        return name

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        for name in ("base_url", "app_url"):
            url = urlsplit(getattr(self, name))
            if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname or "")):
                raise ValueError(
                    f"{name} must begin with https:// unless it is on this machine; correct it in policies/landscape"
                )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
