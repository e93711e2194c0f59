"""What must be configured to work in one Salesforce org, and what its administrators may have named otherwise."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.timing import Timing


class DealFields(BaseModel):
    """API names of the custom fields on Opportunity."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contract: str = "Contract_Reference__c"
    entity: str = "Legal_Entity__c"
    region: str = "Region__c"
    service_line: str = "Service_Line__c"
    bill_to: str = "Bill_To__c"
    purchase_orders: str = "Purchase_Orders__c"
    status: str = "Handoff_Status__c"
    note: str = "Handoff_Note__c"
    key: str = "Handoff_Key__c"
    project_id: str = "Psa_Project_Id__c"
    erp_project_id: str = "Erp_Project_Id__c"
    workspace_url: str = "Workspace_Url__c"
    open: str = "Open_Receivables__c"
    overdue: str = "Overdue_Receivables__c"
    disputed: str = "Disputed_Receivables__c"
    invoices: str = "Invoices__c"


class AccountFields(BaseModel):
    """API names of the custom fields on Account."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    legal_name: str = "Legal_Name__c"
    tax_number: str = "Tax_Number__c"
    entity: str = "Legal_Entity__c"
    order_per_workstream: str = "Purchase_Order_Per_Workstream__c"
    erp_customer_id: str = "Erp_Customer_Id__c"
    open: str = "Open_Receivables__c"
    overdue: str = "Overdue_Receivables__c"
    disputed: str = "Disputed_Receivables__c"
    credit: str = "Customer_Credit__c"
    exposure: str = "Exposure__c"


class LineFields(BaseModel):
    """API names of the custom fields on SBQQ__QuoteLine__c."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reference: str = "Line_Reference__c"
    kind: str = "Billing_Kind__c"
    workstream: str = "Workstream__c"
    role: str = "Role__c"
    service_template: str = "Service_Template__c"


class Settings(BaseModel):
    """One org, worked in by one integration user: by client credentials, or by a JWT that our key signs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base_url: str = Field(description="the org's own address (My Domain), such as https://firm.my.salesforce.com")
    client_id: str = Field(description="consumer key of the connected app")
    client_secret: SecretStr | None = Field(default=None, description="consumer secret, for the client credentials flow")
    username: str | None = Field(default=None, description="the integration user, for the JWT bearer flow")
    private_key: SecretStr | None = Field(default=None, description="RSA key in PEM form, for the JWT bearer flow")
    audience: str = Field(default="https://login.salesforce.com", description="of the JWT; test.salesforce.com for a sandbox org")
    instance_domains: tuple[str, ...] = Field(default=("salesforce.com",), description="where an org may be served from")
    api_version: str = Field(default="62.0", pattern=r"^\d{2}\.0$")
    currency: str | None = Field(default=None, description="the org's only currency; none: the org is multi-currency")
    has_country_codes: bool = Field(default=True, description="state and country picklists are switched on")
    deal_fields: DealFields = DealFields()
    account_fields: AccountFields = AccountFields()
    line_fields: LineFields = LineFields()
    note_key: str = Field(
        default="Handoff_Key__c", description="unique External Id on Task (Activity) that carries our business key"
    )
    contract_record_field: str = Field(default="Contract_Reference__c", description="our reference on the Contract object")
    organization_id: str | None = Field(default=None, description="the org's id; outbound messages of any other are refused")
    webhook_secrets: tuple[SecretStr, ...] = Field(default=(), description="any of these must end the path messages are sent to")
    trusts_client_certificates: bool = Field(default=False, description="a verified client certificate stands for the secret")
    poll_overlap: timedelta = Field(default=timedelta(minutes=5), description="how much of the window before is polled again")
    limit_pause: timedelta = Field(default=timedelta(minutes=15), description="the wait after the daily or concurrency limit")
    concurrent_calls: int = Field(default=20, ge=1, description="calls of this process under way at once")
    timing: Timing = Timing()

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        if not is_safe(value):
            raise ValueError("base_url must begin with https:// unless it is on this machine; correct it in policies/landscape")
        return value.rstrip("/")

    @field_validator("private_key")
    @classmethod
    def _is_a_private_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        pem = value.get_secret_value().replace("\\n", "\n")  # environment variables often carry the line ends escaped
        try:
            is_private = RSAKey.import_key(pem).is_private
        except (JoseError, ValueError):
            is_private = False
        if not is_private:
            raise ValueError("private_key must be an RSA private key in PEM form; its certificate belongs into the connected app")
        return SecretStr(pem)

    @model_validator(mode="after")
    def _has_one_way_to_sign_in(self) -> Self:
        by_jwt = self.private_key is not None and self.username is not None
        if by_jwt == (self.client_secret is not None):
            raise ValueError("to sign in, give either client_secret, or username and private_key, in policies/landscape")
        return self


def is_safe(url: str) -> bool:
    """Whether secrets may be sent there: https, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
