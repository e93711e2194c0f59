"""What is reconciled: the objects, each with the capability beside our ledger, what it lists, and who leads (DESIGN 7).

A new object is a line here, a listing in its connector, and what the ledger holds of it in ledger/reconciliation/sides.py.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from canonical.landscape import Capability
from canonical.money import Money
from canonical.period import Period
from canonical.reconciliation import Comparison, Discrepancy, DiscrepancyType, Listed, Thing
from canonical.schema import Part
from canonical.time_entry import ApprovalState, ExpenseItem, TimeEntry


class Reconciled(Part):
    """An object of reconciliation; the capability becomes a system when a run begins."""

    name: str
    capability: Capability
    things: tuple[Thing, ...]
    leads: bool
    declared_as: str = ""

    def with_system(self, system: str) -> Comparison:
        """The comparison with the system that serves it."""
        return Comparison(name=self.name, outside=system, things=self.things, leads=self.leads)


OBJECTS = (
    Reconciled(name="contracts", capability=Capability.CRM, things=(Thing.CONTRACT,), leads=True),
    Reconciled(name="psa_projects", capability=Capability.PSA, things=(Thing.PROJECT,), leads=False),
    Reconciled(name="customers", capability=Capability.CUSTOMERS, things=(Thing.CUSTOMER,), leads=False),
    Reconciled(name="erp_projects", capability=Capability.PROJECT_ACCOUNTING, things=(Thing.PROJECT,), leads=False),
    Reconciled(name="entries", capability=Capability.TIME, things=(Thing.TIME, Thing.EXPENSE), leads=True),
    Reconciled(name="charges", capability=Capability.RECEIVABLES, things=(Thing.CHARGE,), leads=False, declared_as="charges"),
    Reconciled(name="documents", capability=Capability.RECEIVABLES, things=(Thing.DOCUMENT,), leads=False, declared_as="invoice"),
    Reconciled(name="payments", capability=Capability.RECEIVABLES, things=(Thing.PAYMENT,), leads=True),
    Reconciled(
        name="journals", capability=Capability.GENERAL_LEDGER, things=(Thing.JOURNAL,), leads=False, declared_as="journal"
    ),
)


class ReconciliationTerms(Part):
    """How an entity reconciles: its own day, and how many days a run looks back over."""

    time_zone: str
    look_back_days: int
    home: str


def is_mirrored(found: Discrepancy) -> bool:
    """Whether the ledger only repeats what its leader no longer has: nobody here could take a payment back."""
    return found.comparison == "payments" and found.type is DiscrepancyType.ORPHAN


def window(terms: ReconciliationTerms, as_of: datetime, since: date | None, through: date | None) -> Period:
    """The days of a run: through the entity's own day of its cut-off, unless others are asked for; the last one included."""
    last = through or as_of.astimezone(ZoneInfo(terms.time_zone)).date()
    return Period.through(since or last - timedelta(days=terms.look_back_days - 1), last)


def listed(item: TimeEntry | ExpenseItem, worth: Money | None = None) -> Listed:
    """Recorded work as it is compared, by what it is worth: else by what its source believes, which counts only where nobody
    else has a price."""
    is_billed = item.state is ApprovalState.APPROVED and item.is_billable
    value = worth or (item.amount if isinstance(item, ExpenseItem) else (item.rate * item.hours).rounded() if item.rate else None)
    return Listed(
        target_id=item.source_id,
        reference=item.reference,
        kind="expense" if isinstance(item, ExpenseItem) else "time",
        day=item.spent_on if isinstance(item, ExpenseItem) else item.work_date,
        quantity=None if isinstance(item, ExpenseItem) else item.hours,
        amount=value.amount if value else Decimal(0),
        currency=value.currency if value else "",
        state="" if is_billed else item.state.value if item.is_billable else "not billable",
        counts=is_billed,
        project=item.project,
        version=item.source_version,
        changed_at=item.changed_at,
    )
