"""Rate cards: what an hour costs a customer, by role, person, project and date; versions are added, never rewritten (R56)."""

from datetime import date

from canonical.money import Money
from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class Rate(Part):
    """One price per hour, for whoever matches what is given; an empty field matches everybody. ``until`` is not included."""

    role: str = ""
    person: str = ""
    project: str = ""
    line: str = ""
    rate: Money
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@published
class RateCard(Canonical):
    """The rates agreed for one engagement, or the firm's own (empty ``contract``); ``version`` says which text of it this is."""

    reference: Reference
    contract: str = ""
    version: int = 1
    rates: tuple[Rate, ...]
