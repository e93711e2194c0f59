"""What the billing ledger answers when items come in: new, known, changed; what a person must look at is named one by one."""

from enum import StrEnum

from canonical.money import Money
from canonical.schema import Part


class Judgement(StrEnum):
    """What an item that came in is, beside what is known.

    CONFLICTING claims the version that is known with other facts; the CHANGED_AFTER ones are left as they were billed or
    exported, for the process to decide: a credit, a delta, a reversal. DUPLICATE is the same work under another name: held.
    """

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    OLDER = "older"
    CONFLICTING = "conflicting"
    CHANGED_AFTER_BILLING = "changed_after_billing"
    CHANGED_AFTER_EXPORT = "changed_after_export"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    AFTER_BILLING = "after_billing"
    AFTER_EXPORT = "after_export"


class JudgedItem(Part):
    """One item that was not simply taken: what is known of it and what came; ``same_as`` names the twin of a duplicate."""

    reference: str
    judgement: Judgement
    contract: str = ""
    version: str = ""
    was: Money | None = None
    now: Money | None = None
    same_as: str = ""


class Intake(Part):
    """How many were what, and those that a person or a process must look at."""

    counts: dict[Judgement, int] = {}
    items: tuple[JudgedItem, ...] = ()

    def count(self, judgement: Judgement) -> int:
        """How many were so."""
        return self.counts.get(judgement, 0)

    def and_also(self, other: "Intake") -> "Intake":
        """Both as one."""
        counts = {one: self.count(one) + other.count(one) for one in {*self.counts, *other.counts}}
        return Intake(counts=counts, items=(*self.items, *other.items))

    def of(self, judgement: Judgement) -> tuple[JudgedItem, ...]:
        """Those that were so."""
        return tuple(item for item in self.items if item.judgement is judgement)
