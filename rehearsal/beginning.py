"""What there is before a story begins, in business words: deals, and customers that the ERP has already."""

from decimal import Decimal

from pydantic import Field

from policies.shape import Shape
from rehearsal.deal import Deal
from rehearsal.words import Amount


class ErpCustomer(Shape):
    """A customer that the ERP has already."""

    name: str
    entity: str = "US01"
    tax_number: str | None = None
    currency: str = "USD"
    credit_limit: Amount | None = None
    exposure: Amount = Decimal(0)
    inactive: bool = False


class Beginning(Shape):
    """Each vendor's seed is made of this."""

    deals: dict[str, Deal] = Field(default={}, description="by the contract's reference")
    erp_customers: dict[str, ErpCustomer] = Field(default={}, description="by the ERP's own id")
