"""Charges: rated time and expenses as they are posted to an ERP, item by item, in batches of a target account (R64, R68)."""

from datetime import date

from canonical.billable import Billable
from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Part


class ChargeLine(Part):
    """An item on its way: under which project of the ERP, and with which of its billing codes (empty: that of its kind)."""

    billable: Billable
    project_id: str
    billing_code: str = ""


class ChargeBatch(Part):
    """What is posted together, once; named for its first item."""

    reference: Reference
    items: tuple[Billable, ...]


class ToCharge(Part):
    """What waits to be posted of one entity, region and day: these three decide which account it goes to."""

    entity: str
    region: str = ""
    day: date
    items: int
    amount: Money


class TakenBack(Part):
    """A charge to be reversed since its item lost its approval or changed; ``revised`` is what it is to be instead.

    ``is_reversed``: it is gone there, and the revised item is still to come in.
    """

    item: str
    version: str
    batch: str = ""
    reason: str
    revised: Billable | None = None
    is_reversed: bool = False
