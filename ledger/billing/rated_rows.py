"""Approved time rated in bulk, straight into rows: the same as rate_entry and as_row say, without an object for each item."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from canonical.exception import Finding
from canonical.money import Money
from canonical.rules.rating import Placement, RateBook, RatingPolicy, rate_entry
from canonical.time_entry import TimeEntry
from ledger.billing.billable_rows import COLUMNS, as_row

Row = tuple[object, ...]
Place = Callable[[TimeEntry], Placement | Finding]
"""Where an entry belongs, or why that cannot be said; ask it of a table, so that entries of one place share one object."""

_OWN = ("reference", "service_from", "service_until", "quantity", "amount", "person", "task", "approved_by", "note", "source",
        "source_version")  # fmt: skip
_AT = tuple(COLUMNS.index(name) for name in _OWN)
_ONE_DAY = timedelta(days=1)
_MOST = 50_000


def unsaid(_: TimeEntry) -> str:
    """No role is known but the entry's own."""
    return ""


class RowRater:
    """Rates page by page. What entries of one place, price and role have in common is worked out once, and so is an amount."""

    def __init__(self, book: RateBook, policy: RatingPolicy | None = None) -> None:
        self._book, self._policy = book, policy or RatingPolicy()
        self._patterns: dict[tuple[int, int, str], list[object]] = {}
        self._amounts: dict[tuple[int, Decimal], Decimal] = {}
        self._placements: list[Placement] = []  # kept alive, so that an id stands for one placement

    def rows(
        self, entries: Iterable[TimeEntry], place: Place, role: Callable[[TimeEntry], str] = unsaid
    ) -> Iterator[Row | Finding]:
        """The row of each billable entry, or why it has none; what is not billable is left out (R65).

        ``role`` is the labor category of the person's posting, for an entry that names none.
        """
        for entry in entries:
            if entry.is_billable:
                placement = place(entry)
                yield placement if isinstance(placement, Finding) else self._row(entry, placement, entry.role or role(entry))

    def _row(self, entry: TimeEntry, placement: Placement, role: str) -> Row | Finding:
        priced = self._book.rate_for(
            role=role, person=entry.person, placement=placement, day=entry.work_date, project=entry.project
        )
        pattern = None if priced is None else self._patterns.get((id(placement), id(priced), role))
        if priced is None or pattern is None:
            rated = rate_entry(entry, placement, self._book, self._policy, role=role)
            assert rated is not None  # who is not billable was left out
            if isinstance(rated, Finding) or priced is None:
                assert isinstance(rated, Finding)
                return rated
            self._remember((id(placement), id(priced), role), placement, list(as_row(rated)))
            return as_row(rated)
        return self._filled(pattern, entry, id(priced), priced.rate.rate)

    def _filled(self, pattern: list[object], entry: TimeEntry, price: int, rate: Money) -> Row:
        hours, day = self._policy.hours.hours_to_bill(entry.hours), entry.work_date
        amount = self._amounts.get((price, hours))
        if amount is None:
            amount = self._amounts[price, hours] = (rate * hours).rounded(self._policy.rounding).amount
        row = pattern.copy()
        own = (entry.reference, day, day + _ONE_DAY, hours, amount, entry.person, entry.task, entry.approved_by, entry.note,
               entry.system, entry.source_version)  # fmt: skip
        for at, value in zip(_AT, own, strict=True):
            row[at] = value
        return tuple(row)

    def _remember(self, key: tuple[int, int, str], placement: Placement, pattern: list[object]) -> None:
        if len(self._patterns) >= _MOST:  # memory does not grow with the volume
            self._patterns.clear()
            self._placements.clear()
        self._patterns[key] = pattern
        self._placements.append(placement)
