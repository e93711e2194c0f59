"""The books that Tryton keeps in the demo: the companies, their chart of accounts, taxes, years and dimensions."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Account:
    """An account by the firm's own number; ``kind`` names one of ``KINDS``."""

    number: str
    name: str
    kind: str


@dataclass(frozen=True)
class SalesTax:
    """A tax on sales; a notice is printed where the law wants one."""

    name: str
    rate: Decimal
    notice: str = ""


@dataclass(frozen=True)
class Company:
    """A legal entity, which is the code of its party, by which others find it; one without a VAT number sells without tax."""

    entity: str
    name: str
    currency: str
    country: str
    city: str
    time_zone: str
    vat_number: str = ""
    taxes: tuple[SalesTax, ...] = ()


# What Tryton must know of a kind of account. Only "revenue" and "deposit" accounts may stand on a customer's invoice line.
KINDS: dict[str, dict[str, object]] = {
    "cash": {"statement": "balance", "assets": True},
    "receivable": {"statement": "balance", "assets": True, "receivable": True},
    "asset": {"statement": "balance", "assets": True},
    "contract balance": {"statement": "balance", "deposit": True},
    "payable": {"statement": "balance", "payable": True},
    "liability": {"statement": "balance"},
    "revenue": {"statement": "income", "revenue": True},
    "expense": {"statement": "income", "expense": True},
}
PER_PARTY = {"1100", "2000", "2350"}  # every posting there names the customer or supplier whose balance it is
SETTLED = {"1100", "1120", "2000", "2350"}  # postings there are matched against each other

CHART = (
    Account("1000", "Cash", "cash"),
    Account("1100", "Accounts receivable", "receivable"),
    Account("1120", "Withholding tax receivable", "asset"),
    Account("1150", "Contract asset (unbilled)", "contract balance"),
    Account("1300", "Intercompany receivable", "asset"),
    Account("2000", "Payables", "payable"),
    Account("2100", "Intercompany payable", "liability"),
    Account("2200", "Tax payable", "liability"),
    Account("2300", "Contract liability (deferred)", "contract balance"),
    Account("2350", "Customer deposits (retainers)", "contract balance"),
    Account("4000", "Revenue time and materials", "revenue"),
    Account("4010", "Revenue fixed fee", "revenue"),
    Account("4020", "Revenue subscription", "revenue"),
    Account("4030", "Reimbursed expenses", "revenue"),
    Account("4900", "Intercompany revenue", "revenue"),
    Account("4910", "Breakage", "revenue"),
    Account("5000", "Labor", "expense"),
    Account("5100", "Project expenses", "expense"),
    Account("5900", "Intercompany cost", "expense"),
    Account("6900", "Write-offs", "expense"),
    Account("7000", "Foreign exchange gain or loss", "expense"),
    Account("7010", "Rounding", "revenue"),
)

CURRENCIES = {"EUR": ("Euro", Decimal(1)), "USD": ("US Dollar", Decimal("1.08")), "GBP": ("Pound Sterling", Decimal("0.85"))}
COUNTRIES = {"DE": ("Germany", "DEU", "276"), "US": ("United States", "USA", "840"), "GB": ("United Kingdom", "GBR", "826")} | {
    "FR": ("France", "FRA", "250"),
    "IE": ("Ireland", "IRL", "372"),
    "AT": ("Austria", "AUT", "040"),
    "CH": ("Switzerland", "CHE", "756"),
}
COMPANY = Company(
    entity="DE01",
    name="Northwind Beratung GmbH",
    currency="EUR",
    country="DE",
    city="Berlin",
    vat_number="DE136695976",
    time_zone="Europe/Berlin",
    taxes=(
        SalesTax("VAT 19 %", Decimal("0.19")),
        SalesTax("Reverse charge", Decimal(0), "Reverse charge: the recipient owes the tax (Art. 196 Directive 2006/112/EC)"),
    ),
)
AMERICAN = Company(
    entity="US01", name="Northwind Advisory, Inc.", currency="USD", country="US", city="New York", time_zone="America/New_York"
)
COMPANIES = (COMPANY, AMERICAN)
YEARS = (2026, 2027)
TERM_DAYS = (0, 14, 30, 45, 60)
DIMENSIONS = ("practice", "region", "revenue_treatment", "cost_center")
WITHDRAWN = "Withdrawn"  # what becomes of a project that was made by mistake
BANK, DEPOSIT, WITHHELD = "Bank", "Customer deposit", "Tax withheld"
