"""People who deliver: their home entity, role and cost over time, as the HR system holds them (R55, R59)."""

from datetime import date

from pydantic import Field

from canonical.money import Money
from canonical.schema import Canonical, Part, published


class Posting(Part):
    """Where a person belongs from a day on, until the next posting: legal entity, job, cost center, cost of an hour.

    ``until`` is its last day where a gap follows (who left and was hired again). ``hourly_cost`` is payroll-linked (R151): it is
    withheld from views, logs and exports without that right, and from what Python prints.
    """

    since: date
    until: date | None = None
    entity: str
    role: str = ""
    cost_center: str = ""
    hourly_cost: Money | None = Field(default=None, repr=False)


@published
class Person(Canonical):
    """A person, or a contingent worker, as ``system`` (HR) knows them under ``source_id``; ``email`` joins the other systems."""

    system: str
    source_id: str
    source_version: str = ""
    reference: str
    name: str
    email: str = ""
    is_contingent: bool = False
    employed_until: date | None = None
    postings: tuple[Posting, ...] = ()

    def posting(self, on: date) -> Posting | None:
        """Where the person belongs on that day; none before the first posting, in a gap and after the last day of employment."""
        if self.employed_until is not None and on > self.employed_until:
            return None
        begun = [posting for posting in self.postings if posting.since <= on]
        latest = max(begun, key=lambda posting: posting.since, default=None)
        return None if latest is None or (latest.until is not None and on > latest.until) else latest
