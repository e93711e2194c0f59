"""The steps of a scenario: what people, systems and fate do, one verb each. A new topic is a line in both lists here."""

from typing import Any

from pydantic import model_validator

from rehearsal.check import Check
from rehearsal.steps.acceptances import Acceptances, AcceptanceVerbs
from rehearsal.steps.arrivals import Arrivals, ArrivalVerbs
from rehearsal.steps.billing import Billing, BillingVerbs
from rehearsal.steps.books import Books, BooksVerbs
from rehearsal.steps.business import Business, BusinessVerbs
from rehearsal.steps.closing import Closing, ClosingVerbs
from rehearsal.steps.credits import Credits, CreditVerbs
from rehearsal.steps.delivery import Delivery, DeliveryVerbs
from rehearsal.steps.desk import Desk, DeskVerbs
from rehearsal.steps.expenses import Expenses, ExpenseVerbs
from rehearsal.steps.fate import Fate, FateVerbs
from rehearsal.steps.metering import Metering, MeteringVerbs
from rehearsal.steps.pressure import Pressure, PressureVerbs
from rehearsal.steps.receivables import Receivables, ReceivablesVerbs
from rehearsal.steps.reconciliation import Reconciliation, ReconciliationVerbs

PERFORMERS = (
    Business,
    Arrivals,
    Desk,
    Delivery,
    Acceptances,
    Expenses,
    Billing,
    Metering,
    Receivables,
    Pressure,
    Books,
    Credits,
    Closing,
    Reconciliation,
    Fate,
)
"""Who does it: each has a method for each verb of its topic."""


class Step(
    BusinessVerbs,
    ArrivalVerbs,
    DeskVerbs,
    DeliveryVerbs,
    AcceptanceVerbs,
    ExpenseVerbs,
    BillingVerbs,
    MeteringVerbs,
    ReceivablesVerbs,
    PressureVerbs,
    BooksVerbs,
    CreditVerbs,
    ClosingVerbs,
    ReconciliationVerbs,
    FateVerbs,
):
    """One step: exactly one verb, and if wanted a note that is told while it happens."""

    note: str = ""
    check: tuple[Check, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_verb(cls, given: object) -> object:
        if isinstance(given, dict):
            verbs = sorted(set(given) - {"note"})
            if len(verbs) != 1:
                raise ValueError(
                    f"a step has one verb, and this one has {', '.join(verbs) or 'none'}; write each as a step of its own"
                )
            # Pydantic passes validators over for a field that is null, and `sweep:` is null in YAML.
            return {name: {} if value is None else value for name, value in given.items()}
        return given

    @property
    def verb(self) -> str:
        """What is done."""
        return next(name for name in type(self).model_fields if name != "note" and getattr(self, name) is not None)

    @property
    def particulars(self) -> Any:
        """With what."""
        return getattr(self, self.verb)
