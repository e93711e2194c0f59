"""Customers and their addresses, tax registrations and hierarchies."""

from typing import Annotated

import pycountry
from pydantic import AfterValidator

from canonical.money import Currency, Money
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


def _known_country(code: str) -> str:
    if pycountry.countries.get(alpha_2=code) is None:
        raise ValueError(f"{code!r} is not a country of ISO 3166; write its two capital letters, such as DE")
    return code


Country = Annotated[str, AfterValidator(_known_country)]


class Address(Part):
    """A postal address; a bill-to address needs at least a line, a city and a country."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: Country

    @property
    def is_complete(self) -> bool:
        """Whether an invoice can be sent there."""
        return bool(self.line1.strip() and self.city.strip())


class TaxRegistration(Part):
    """A tax number in a country: VAT id, GSTIN, EIN; checked by canonical.rules.tax_numbers."""

    country: Country
    number: str


@published
class Customer(Canonical):
    """A customer as we agree on it: the legal person that owes, whoever's record it came from."""

    reference: Reference
    legal_name: str
    trading_name: str = ""
    currency: Currency
    entity: str = ""
    addresses: tuple[Address, ...] = ()
    tax_registrations: tuple[TaxRegistration, ...] = ()
    parent: Reference | None = None
    is_purchase_order_per_workstream: bool = False
    credit_limit: Money | None = None
    email: str = ""

    @property
    def bill_to(self) -> Address | None:
        """The address invoices go to."""
        return self.addresses[0] if self.addresses else None


class CustomerRecord(Part):
    """A customer as the ERP holds it, with what it owes there; ``exposure`` is open receivables plus unbilled."""

    target_id: str
    reference: str = ""
    legal_name: str
    entity: str
    tax_numbers: tuple[str, ...] = ()
    country: str = ""
    is_active: bool = True
    credit_limit: Money | None = None
    exposure: Money | None = None
