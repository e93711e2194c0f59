"""Approved work whose period is closed when it is to be billed, and that waits by policy (S27)."""

from datetime import date

from canonical.money import Money
from canonical.schema import Part


class LateItem(Part):
    """An item that is held: its money, and the service date by which its age is told."""

    reference: str
    contract: str
    customer: str = ""
    description: str = ""
    service: date
    amount: Money
