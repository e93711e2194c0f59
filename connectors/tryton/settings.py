"""What must be configured for one Tryton database."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.timing import Timing

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Accounts(BaseModel):
    """The codes of the accounts that the connector itself posts to; every other account is named by what is posted."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    receivable: str = "1100"
    bank: str = "1000"
    deposit: str = "2350"


class Settings(BaseModel):
    """One database. ``companies`` gives the code of the company's party for each of our legal entities, ``taxes`` the name of
    Tryton's tax for each of our tax codes; an empty code stands for a line without tax."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(description="where trytond is reached, without the database")
    database: str
    login: str = Field(description="an integration user that is no administrator, with company filter 'all'")
    password: SecretStr
    companies: dict[str, str] = Field(min_length=1)
    taxes: dict[str, str] = {}
    accounts: Accounts = Accounts()
    withdrawn_status: str = Field(default="Withdrawn", description="the project status that marks a project withdrawn")
    dimensions: tuple[str, ...] = Field(
        default=("practice", "region", "revenue_treatment", "cost_center"),
        description="the dimensions that are axes of analytic accounting there, by the code of their root account",
    )
    concurrent_calls: int = Field(default=4, ge=1)
    reserved_calls: int = Field(default=1, ge=0, description="of these, kept for look-ups")
    timing: Timing = Timing()

    @field_validator("base_url")
    @classmethod
    def _secure(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError(
                "base_url must begin with https:// unless it points at this machine; correct it in policies/landscape"
            )
        return value.rstrip("/")

    def changed(self, **fields: object) -> Self:
        """The same with some fields replaced."""
        return self.model_copy(update=fields)
