"""AvaTax's own shapes, only the fields that we use."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A record of the API; it may have more fields than we read."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class Detail(Shape):
    """What one jurisdiction takes of a line. ``non_taxable_type`` says why it takes nothing of ``non_taxable_amount``."""

    country: str
    region: str | None = None
    juris_name: str = ""
    jurisdiction_type: str = "State"
    rate: Decimal = Decimal(0)
    taxable_amount: Decimal = Decimal(0)
    non_taxable_amount: Decimal = Decimal(0)
    non_taxable_type: str = ""


class Line(Shape):
    """One line; ``exempt_cert_id`` and ``certificate_id`` name the certificate that was applied."""

    line_number: str
    line_amount: Decimal
    tax: Decimal
    taxable_amount: Decimal = Decimal(0)
    exempt_cert_id: int = 0
    certificate_id: str | None = None
    exempt_no: str | None = None
    entity_use_code: str | None = None
    details: tuple[Detail, ...] = ()


class Transaction(Shape):
    """A document, estimated or on record."""

    id: int
    code: str
    company_id: int
    date: str
    type: str
    status: str
    currency_code: str
    customer_code: str = ""
    reference_code: str | None = None
    country: str | None = None
    region: str | None = None
    tax_date: str | None = None
    total_tax: Decimal
    version: int = 1
    lines: tuple[Line, ...] = ()


class Company(Shape):
    """A company of the account."""

    id: int
    company_code: str
    is_active: bool = True
    rounding_level_id: str = "Line"


class Nexus(Shape):
    """Where a company is registered, from when to when."""

    country: str
    region: str | None = None
    nexus_type_id: str = ""
    effective_date: date | None = None
    end_date: date | None = None


class Certificate(Shape):
    """A customer's exemption certificate."""

    id: int
    exempt_percentage: Decimal | None = None

    @property
    def exempts_wholly(self) -> bool:
        """Whether nothing is left to be taxed."""
        return self.exempt_percentage in {None, Decimal(100)}


class ExemptionStatus(Shape):
    """Whether a customer is exempt somewhere."""

    status: str = ""
    certificate: Certificate | None = None


class ListEnvelope(Shape):
    """A page of a list."""

    value: list[dict[str, object]] = []
    next_link: str | None = Field(default=None, alias="@nextLink")
