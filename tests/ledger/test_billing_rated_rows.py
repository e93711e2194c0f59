"""Rating in bulk says what rating one by one says, and what comes of it is billed."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.exception import Finding
from canonical.intake import Judgement
from canonical.rate_card import Rate, RateCard
from canonical.rules.rating import HourPolicy, Placement, RateBook, RatingPolicy, rate_entry
from canonical.time_entry import ApprovalState, TimeEntry
from ledger.billing.billable_rows import as_row
from ledger.billing.rated_rows import Row, RowRater
from ledger.database import Database
from tests.ledger.billing_firm import WHO, Firm, nets, usd

PLACES = {
    name: Placement(contract=name, line="L2", entity="US01", customer="CUST", currency="USD", purchase_order=f"PO-{name}")
    for name in ("C-A", "C-B")
}
CARD = RateCard(
    reference="RC-A",
    contract="C-A",
    rates=(
        Rate(role="Senior", rate=usd(225), since=date(2026, 1, 1)),
        Rate(role="Senior", rate=usd(240), since=date(2026, 4, 10)),
        Rate(person="P-2", rate=usd("149.99"), since=date(2026, 1, 1)),
        Rate(role="Free", rate=usd(0), since=date(2026, 1, 1)),
    ),
)


def placed(entry: TimeEntry) -> Placement | Finding:
    missing = Finding(code="ENTRY_NO_PROJECT", sentence=f"{entry.reference} has no project.", remedy="Name one.")
    return PLACES.get(entry.project, missing)


ENTRIES = st.builds(
    TimeEntry,
    system=st.just("kantata"),
    source_id=st.integers(1, 99).map(str),
    source_version=st.sampled_from(["1", "2"]),
    project=st.sampled_from(["C-A", "C-A", "C-B", ""]),
    task=st.sampled_from(["T-1", "T-2"]),
    person=st.sampled_from(["P-1", "P-2"]),
    role=st.sampled_from(["Senior", "Free", "Junior"]),
    is_billable=st.booleans(),
    state=st.just(ApprovalState.APPROVED),
    approved_by=st.sampled_from(["boss", "client"]),
    note=st.sampled_from(["", "design"]),
    work_date=st.integers(0, 20).map(lambda days: date(2026, 4, 1) + timedelta(days=days)),
    hours=st.sampled_from(["0.35", "1", "7.75"]).map(Decimal),
)
POLICIES = st.sampled_from([RatingPolicy(), RatingPolicy(hours=HourPolicy(minimum=Decimal("0.5"), step=Decimal("0.25")))])


def one_by_one(entry: TimeEntry, policy: RatingPolicy) -> Row | Finding | None:
    place = placed(entry)
    if isinstance(place, Finding):
        return place if entry.is_billable else None
    rated = rate_entry(entry, place, RateBook([CARD]), policy)
    return as_row(rated) if isinstance(rated, Billable) else rated


@given(entries=st.lists(ENTRIES, max_size=30), policy=POLICIES)
def test_rating_in_bulk_says_what_rating_one_by_one_says(entries: list[TimeEntry], policy: RatingPolicy) -> None:
    singly = [found for entry in entries if (found := one_by_one(entry, policy)) is not None]
    assert list(RowRater(RateBook([CARD]), policy).rows(entries, placed)) == singly


async def test_a_month_is_rated_a_page_at_a_time_and_billed(database: Database) -> None:
    firm = Firm(database, "C-A")

    async def pages() -> AsyncIterator[list[TimeEntry]]:
        for page in range(4):
            yield [
                TimeEntry(
                    system="kantata", source_id=f"{page}-{n}", source_version="1", project="C-A" if n else "", person=f"P-{n}",
                    role="Senior" if n % 2 else "", state=ApprovalState.APPROVED, work_date=date(2026, 4, 8 + page),
                    hours=Decimal("7.5"),
                )
                for n in range(10)
            ]  # fmt: skip

    intake, found = await firm.ledger.entries.accept_time(
        pages(), RateBook([CARD]), placed, role=lambda _: "Senior", batch="april", origin=WHO
    )
    assert intake.counts == {Judgement.NEW: 36}
    assert [one.code for one in found] == ["ENTRY_NO_PROJECT"] * 4
    # 2 days of 8 people at 225 and 2 at 240, 7.5 h each; and 4 times 7.5 h at 149.99, each rounded by itself to 1,124.93
    assert nets(await firm.bill("INV-april")) == ["60299.72"]
