"""What must be configured to use an AvaTax account."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.timing import Timing


class Settings(BaseModel):
    """One account. A company of AvaTax is what a legal entity of ours is taxed as."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(default="https://rest.avatax.com", description="the API's address; the sandbox has another")
    account: str = Field(description="account number, or the name of a user")
    licence_key: SecretStr = Field(description="licence key of the account, or the user's password")
    companies: Mapping[str, str] = Field(min_length=1, description="AvaTax company code by legal entity")
    rounding: Literal["line", "document"] = Field(
        default="line", description="how all these companies round (roundingLevelId); the check compares"
    )
    knowingly_unregistered: Mapping[str, frozenset[str]] = Field(
        default={},
        description=(
            "by entity, where its tax owner has decided that it need not register (US-OR, CH): "
            "nothing is charged there, and nothing is held for it"
        ),
    )
    concurrent_calls: int = Field(default=10, ge=1, description="calls of this process under way at once")
    timing: Timing = Timing()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        url = urlsplit(self.base_url)
        if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname or "")):
            raise ValueError("base_url must begin with https:// unless it is on this machine; correct it in policies/landscape")
        unknown = sorted(set(self.knowingly_unregistered) - set(self.companies))
        if unknown:
            raise ValueError(f"knowingly_unregistered names entities that have no company: {', '.join(unknown)}")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
