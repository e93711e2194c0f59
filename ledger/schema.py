"""Every table of the ledger, as migrations compare them: whoever reads METADATA from here has all of them."""

from ledger import billing_support_tables, billing_tables, charge_tables, reconciliation_tables, revenue_tables
from ledger.tables import METADATA

__all__ = ["METADATA", "billing_support_tables", "billing_tables", "charge_tables", "reconciliation_tables", "revenue_tables"]
