"""What must hold: in the ledger, in the vendors' systems, in the trail. A new topic is a line in both lists here."""

from typing import Any

from pydantic import model_validator

from rehearsal.checks.billing import BillingChecks, BillingJudge
from rehearsal.checks.closing import ClosingChecks, ClosingJudge
from rehearsal.checks.credits import CreditChecks, CreditJudge
from rehearsal.checks.deliveries import DeliveryChecks, DeliveryJudge
from rehearsal.checks.engagements import EngagementChecks, EngagementJudge
from rehearsal.checks.exceptions import ExceptionChecks, ExceptionJudge
from rehearsal.checks.judge import Judge
from rehearsal.checks.pressure import PressureChecks, PressureJudge
from rehearsal.checks.receivables import ReceivablesChecks, ReceivablesJudge
from rehearsal.checks.reconciliation import ReconciliationChecks, ReconciliationJudge
from rehearsal.checks.records import RecordChecks, RecordJudge
from rehearsal.checks.writes import WriteChecks, WriteJudge

JUDGES: tuple[type[Judge], ...] = (
    EngagementJudge,
    ExceptionJudge,
    RecordJudge,
    DeliveryJudge,
    WriteJudge,
    BillingJudge,
    ReceivablesJudge,
    PressureJudge,
    CreditJudge,
    ClosingJudge,
    ReconciliationJudge,
)
"""Who compares it: each has a method for each check of its topic."""


class Check(
    EngagementChecks,
    ExceptionChecks,
    RecordChecks,
    DeliveryChecks,
    WriteChecks,
    BillingChecks,
    ReceivablesChecks,
    PressureChecks,
    CreditChecks,
    ClosingChecks,
    ReconciliationChecks,
):
    """One thing that must hold; ``fact`` says it in words for those who watch."""

    fact: str = ""

    @model_validator(mode="before")
    @classmethod
    def _has_one_subject(cls, given: object) -> object:
        subjects = sorted(set(given) - {"fact"}) if isinstance(given, dict) else ["it"]
        if len(subjects) != 1:
            raise ValueError(
                f"a check is about one thing, and this one is about {', '.join(subjects) or 'nothing'}; write one each"
            )
        return given

    @property
    def about(self) -> str:
        """Which kind of check it is."""
        return next(name for name in type(self).model_fields if name != "fact" and getattr(self, name) is not None)

    @property
    def particulars(self) -> Any:
        """What is asked."""
        return getattr(self, self.about)
