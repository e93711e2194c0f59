"""Tax on a document: what is asked of a tax engine, what it answers, and the exemption it relied on (R96)."""

from datetime import date
from decimal import Decimal

from canonical.money import Currency, Money
from canonical.party import Address
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class TaxLine(Part):
    """One line to be taxed; ``tax_code`` is the engine's code of the service, or the firm's own that policy maps to one."""

    number: int
    amount: Money
    tax_code: str = ""
    description: str = ""


@published
class TaxQuestion(Canonical):
    """A document to be taxed. ``reference`` is the document code; a question about a contract (a probe) records nothing.

    ``tax_date`` decides the rates; ``document_date`` the period in which it is reported, where that is another (a credit is
    taxed as its invoice was). ``exempt_use`` is the engine's code of a use that exempts (government, charity), ``exemption``
    the number of a certificate that is not on file with the engine.
    """

    reference: Reference
    entity: str
    customer: Reference
    currency: Currency
    tax_date: date
    ship_from: Address
    ship_to: Address
    lines: tuple[TaxLine, ...]
    exemption: str = ""
    exempt_use: str = ""
    document_date: date | None = None
    customer_tax_number: str = ""
    is_credit: bool = False
    exchange_rate: Decimal | None = None


class TaxedLine(Part):
    """What one line bears. ``is_taxable`` is false where the service or the customer is exempt there."""

    number: int
    taxable: Money
    tax: Money
    rate: Decimal = Decimal(0)
    is_taxable: bool = True
    jurisdictions: tuple[str, ...] = ()


class TaxAnswer(Part):
    """The engine's answer. ``missing_nexus`` names jurisdictions that would tax this and where the entity is not registered:
    a document with one is held, never posted at zero (S17)."""

    target_id: str = ""
    tax: Money
    lines: tuple[TaxedLine, ...] = ()
    missing_nexus: tuple[str, ...] = ()
    exemption_certificate: str = ""
    is_committed: bool = False
