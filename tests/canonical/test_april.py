"""S01 and S12 from entries to journals, through all rules in their order: what the workflows will do, without any of them."""

from datetime import date, timedelta
from decimal import Decimal

from canonical.billable import Billable, BillableKind
from canonical.money import Money
from canonical.period import Period
from canonical.quote import BillingKind
from canonical.rate_card import Rate, RateCard
from canonical.rules.charge import Charge
from canonical.rules.entry_checks import check_batch
from canonical.rules.exchange import FrozenRate, functional
from canonical.rules.grouping import GroupingPolicy, LineBy, group, with_draw
from canonical.rules.postings import invoice_postings
from canonical.rules.rating import Placement, RateBook, card_of, rate_entry
from canonical.rules.recurring import due, periods_of
from canonical.rules.retainers import Pool, draw
from canonical.rules.taxation import Taxable, TaxPolicy, taxes
from canonical.time_entry import TimeEntry
from canonical.written import RoundingLevel
from tests.build import a_contract, a_fixed_line, a_time_line, usd
from tests.canonical.charges import a_billable
from tests.canonical.documents import an_invoice, sides
from tests.canonical.test_entry_checks import around
from tests.canonical.test_rating import an_entry

TERM = Period.through(date(2026, 4, 1), date(2027, 3, 31))
SUBSCRIPTION = a_time_line(reference="L3", kind=BillingKind.SUBSCRIPTION, rates=(), amount=usd(6_000), months=12)
ADVISORY = a_time_line(reference="L4", rates=(a_time_line().rates[0].changed(role="Advisor", rate=usd(200)),))
CONTRACT = a_contract(reference="ENG-100", term=TERM, lines=(a_fixed_line(), a_time_line(), SUBSCRIPTION, ADVISORY))


def days_of(role: str, hours: str) -> list[TimeEntry]:
    """The month's hours of a role, at most eight a day."""
    left, entries = Decimal(hours), list[TimeEntry]()
    while left > 0:
        number, worked = len(entries), min(left, Decimal(8))
        day = date(2026, 4, 1) + timedelta(days=number)
        entries.append(an_entry(str(worked), source_id=f"{role}{number}", role=role, work_date=day))
        left -= worked
    return entries


def rated(entries: list[TimeEntry]) -> list[Charge]:
    checked = check_batch(entries, around())
    assert not checked.findings
    book, charges = RateBook([card_of(CONTRACT)]), list[Charge]()
    for entry in checked.passed:
        assert isinstance(entry, TimeEntry)
        line = "L4" if entry.role == "Advisor" else "L2"
        place = Placement(contract="ENG-100", line=line, entity="US01", customer="CUST-ACME", currency="USD")
        item = rate_entry(entry, place, book)
        assert isinstance(item, Billable)
        charges.append(Charge.whole(item))
    return charges


def test_s01_april_from_entries_to_the_journal() -> None:
    time = rated([*days_of("Senior", "62.5"), *days_of("Consultant", "118"), *days_of("Advisor", "31.5")])
    one = {"quantity": Decimal(1), "unit": "", "rate": None}
    milestone = a_billable("40000", reference="ENG-100.M1", kind=BillableKind.MILESTONE, line="L1", **one)
    (month,) = due(periods_of(SUBSCRIPTION, TERM), date(2026, 4, 30))
    period = a_billable(
        str(month.amount.amount), reference=month.reference("ENG-100.L3"), kind=BillableKind.SUBSCRIPTION, line="L3", **one
    )
    (draft,) = group([*time, Charge.whole(milestone), Charge.whole(period)])
    advisory = [charge.amount for charge in time if charge.billable.line == "L4"]
    pool = Pool(reference="ENG-100.L4", agreed=usd(24_000), funded=usd(24_000), balance=usd(24_000))
    drawn = draw(pool, sum(advisory, start=usd(0)))
    invoice = an_invoice(*with_draw(draft, drawn.drawn, "L4").lines)
    assert (invoice.total, drawn.pool.balance) == (usd("79532.50"), usd(17_700))
    assert sides(invoice_postings(invoice)) == [
        ("Dr", "1100", Decimal("79532.50")),
        ("Cr", "4010", Decimal(40_000)),
        ("Cr", "4000", Decimal("33532.50")),
        ("Cr", "2300", Decimal(6_000)),
        ("Cr", "4000", Decimal(6_300)),
        ("Dr", "2350", Decimal(6_300)),
    ]


def test_s12_from_entries_to_the_journal_in_the_entitys_own_currency() -> None:
    card = RateCard(
        reference="RC-DE", contract="ENG-100", rates=(Rate(role="Senior", rate=Money.of("149.99", "EUR"), since=TERM.start),)
    )
    place = Placement(contract="ENG-100", line="L2", entity="US01", customer="ACME-DE", currency="EUR")
    items = [rate_entry(an_entry("0.35", source_id=str(n)), place, RateBook([card])) for n in range(3)]
    (draft,) = group((Charge.whole(item) for item in items if isinstance(item, Billable)), GroupingPolicy(lines=LineBy.ITEM))
    vat = [Taxable(amount=line.amount, rate=Decimal("0.19")) for line in draft.lines]
    tax = Money.sum(taxes(vat, TaxPolicy(level=RoundingLevel.DOCUMENT)), "EUR")
    invoice = an_invoice(*draft.lines, tax=str(tax.amount))
    assert (invoice.net, invoice.tax) == (Money.of("157.50", "EUR"), Money.of("29.93", "EUR"))
    quote = FrozenRate(base="EUR", quoted="USD", rate=Decimal("1.0500"))
    assert sides(functional(invoice_postings(invoice), quote)) == [
        ("Dr", "1100", Decimal("196.80")),
        ("Cr", "4000", Decimal("165.38")),
        ("Cr", "2200", Decimal("31.43")),
        ("Dr", "7010", Decimal("0.01")),
    ]
