"""What must be configured for one NetSuite account."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.timing import Timing

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class TokenCredentials(BaseModel):
    """Token-based authentication: every request is signed (OAuth 1.0a, HMAC-SHA256)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["token"] = "token"
    consumer_key: str
    consumer_secret: SecretStr
    token_id: str
    token_secret: SecretStr


class MachineCredentials(BaseModel):
    """OAuth 2.0 client credentials: an assertion signed with a certificate's private key buys tokens of 60 minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["machine"] = "machine"
    client_id: str
    certificate_id: str
    private_key: SecretStr = Field(description="PEM of the private key that belongs to the certificate")
    algorithm: Literal["PS256", "ES256"] = "PS256"


class DimensionField(BaseModel):
    """Where the account keeps one dimension of a project: a custom field that holds text, or a list found by external id."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    field: str
    holds: Literal["text", "reference"] = "text"


class BillingTypes(BaseModel):
    """The ids of the enumeration that projects and billing schedules share; its order differs between accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    milestones: str = "4"
    time: str = "5"


class Statuses(BaseModel):
    """The ids of the project statuses that mark a project half made, open and closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pending: str = "4"
    open: str = "2"
    closed: str = "1"


def _dimensions(family: str = "custentity") -> dict[str, DimensionField]:
    names = ("practice", "region", "revenue_treatment", "cost_center")
    return {name: DimensionField(field=f"{family}_handoff_{name}") for name in names}


class DocumentFields(BaseModel):
    """The account's custom fields in which documents and their lines carry where they come from; an empty name is not written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contract: str = "custbody_handoff_contract"
    source: str = "custbody_handoff_source"
    prior_period: str = "custbody_handoff_prior_period"
    certificate: str = Field(default="custbody_handoff_certificate", description="read: the certificate of a withholding")
    line: str = "custcol_handoff_contract_line"
    billables: str = "custcol_handoff_billables"
    service_start: str = "custcol_handoff_service_start"
    service_end: str = "custcol_handoff_service_end"


_ACCOUNTS = {
    "time": "4000",
    "rate_delta": "4000",
    "usage": "4000",
    "milestone": "4010",
    "subscription": "4020",
    "expense": "4030",
    "retainer": "2350",
    "retainer_draw": "2350",
    "rounding": "7010",
}


class Chart(BaseModel):
    """How the firm's chart of accounts is met: by items on documents, whose income account is theirs, by number elsewhere.

    ``items`` gives the item by account number or, for charges, by kind (``time``, ``expense`` ...): an internal id, or ``eid:``
    and an external id. What is not given is the item whose external id is ``ITEM-`` and the account number, and a kind that is
    not given bills to the account that ``accounts_by_kind`` names.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    items: dict[str, str] = {}
    accounts_by_kind: dict[str, str] = Field(default_factory=lambda: dict(_ACCOUNTS))
    withholding: str = Field(default="1120", description="account of tax that customers withhold against a certificate")
    cash: str = Field(default="1000", description="account that deposits are received on")
    clearing: str = Field(
        default="1090",
        description="account of type Bank over which one customer's credit settles another's invoice",
    )
    tax_codes: dict[str, str] = Field(
        default={}, description="salesTaxItem by our tax code: internal id, or eid: and external id"
    )
    other_tax_code: str = Field(default="eid:TAX", description="salesTaxItem of every other tax code; we give the amount")

    def item(self, account: str, kind: str = "") -> str:
        """The item that a line on this account, or of this kind where it names no account, is written with."""
        number = account or self.accounts_by_kind.get(kind, "")
        return self.items.get(account) or self.items.get(kind) or self.items.get(number) or f"eid:ITEM-{number or kind}"

    def charged_as(self, code: str, kind: str) -> str:
        """The item of a billing code: what ``items`` says of it, else the item of that external id; without a code, by kind."""
        return self.items.get(code, f"eid:{code}") if code else self.item("", kind)


class Settings(BaseModel):
    """One account. ``subsidiaries`` gives the internal id of the subsidiary that stands for each of our legal entities."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(description="https://<account>.suitetalk.api.netsuite.com")
    account: str = Field(description="the account id as NetSuite writes it: 1234567 or 1234567_SB1")
    credentials: Annotated[TokenCredentials | MachineCredentials, Field(discriminator="kind")]
    subsidiaries: dict[str, str] = Field(min_length=1)
    dimensions: dict[str, DimensionField] = Field(default_factory=_dimensions)
    line_dimensions: dict[str, DimensionField] = Field(
        default_factory=lambda: _dimensions("custcol"), description="the same on the lines of documents and journals"
    )
    document_fields: DocumentFields = DocumentFields()
    chart: Chart = Chart()
    invoice_approval: Literal["handoff", "netsuite", "off"] = Field(
        default="handoff",
        description="with approval routing for invoices: who approves them; off where the account has none",
    )
    charge_stage: Literal["HOLD_FOR_BILLING", "READY_FOR_BILLING"] = Field(
        default="HOLD_FOR_BILLING", description="on hold: Handoff invoices them, so NetSuite's own billing must not"
    )
    locks_by_subsidiary: bool = Field(
        default=True, description="periods are closed by subsidiary (taskitemstatus can be queried)"
    )
    time_zone: str = Field(default="UTC", description="time zone of the integration user (Home > Set Preferences)")
    poll_overlap: timedelta = Field(default=timedelta(minutes=10), description="how long a change may be hidden from queries")
    billing_types: BillingTypes = BillingTypes()
    statuses: Statuses = Statuses()
    has_suite_tax: bool = Field(default=False, description="tax numbers are lines (SuiteTax), not the field vatRegNumber")
    concurrent_calls: int = Field(default=5, ge=1, description="of the account's limit, which other integrations use too")
    reserved_calls: int = Field(default=1, ge=0, description="of these, kept for look-ups and invoices")
    batch_from: int = Field(default=10, ge=2, description="from how many records on a collection request is used")
    job_patience: timedelta = Field(default=timedelta(seconds=2), description="how long one call waits for an asynchronous job")
    login_grace: timedelta = Field(
        default=timedelta(minutes=5), description="how long after a good call a refused login counts as overload"
    )
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

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; write it as in Europe/Berlin or America/Los_Angeles")
        return value

    @field_validator("account")
    @classmethod
    def _realm(cls, value: str) -> str:
        # The host says 1234567-sb1 and the signature's realm 1234567_SB1; with the host's spelling every login is refused.
        if value != value.upper() or "-" in value:
            raise ValueError("account must be written as NetSuite does: upper case, with an underscore, such as 1234567_SB1")
        return value

    def changed(self, **fields: object) -> Self:
        """The same with some fields replaced."""
        return self.model_copy(update=fields)
