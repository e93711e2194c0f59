"""What a period adds to the books of a contract line, cumulatively: earned less what was recognized, posted once (R93, R94).

The invoice has credited something already: a subscription and work that is earned over time the contract liability, all else
revenue. What is posted here is only the difference to what must stand there, so that nothing is counted twice.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from canonical.billable import BillableKind
from canonical.exception import Finding
from canonical.journal import Journal
from canonical.money import Money
from canonical.obligation import BilledPart, Books, LineStanding, Recognition, Sums
from canonical.quote import BillingKind
from canonical.revenue_event import Treatment
from canonical.rules.postings import Chart, Posting, booked
from canonical.rules.postings import summed as by_account
from canonical.rules.recognition import earned_to_date

BY_PROGRESS = frozenset({Treatment.OVER_TIME_BY_COST, Treatment.OVER_TIME_BY_HOURS})
SCHEDULED = BY_PROGRESS | {Treatment.STRAIGHT_LINE}
"""Treatments whose revenue is posted by the period, whatever is billed; the invoice defers."""

_OWN = {
    BillingKind.FIXED_FEE: frozenset({BillableKind.MILESTONE}),
    BillingKind.SUBSCRIPTION: frozenset({BillableKind.SUBSCRIPTION}),
    BillingKind.TIME_AND_MATERIALS: frozenset({BillableKind.TIME, BillableKind.RATE_DELTA}),
    BillingKind.USAGE: frozenset({BillableKind.USAGE}),
}
_REVENUE = {BillingKind.FIXED_FEE: BillableKind.MILESTONE, BillingKind.USAGE: BillableKind.USAGE}


def own_kinds(kind: BillingKind | None) -> frozenset[BillableKind]:
    """The items that are the price of a line of that kind; whatever else is billed on it (expenses, say) is earned as billed."""
    return _OWN.get(kind, frozenset()) if kind else frozenset({BillableKind.MILESTONE, BillableKind.SUBSCRIPTION})


def account_of(kind: BillableKind, treatment: Treatment, line: BillingKind | None, chart: Chart) -> str:
    """What an invoice line is credited to: the contract liability where the period earns (S01, S02; IFRS 15.106)."""
    defers = treatment in SCHEDULED and kind in own_kinds(line)
    return chart.contract_liability if defers else chart.billed_to(kind)


def recognitions(line: LineStanding, chart: Chart) -> Iterator[Recognition]:
    """What is to be recognized of a line now, obligation by obligation; nothing where all is recognized already."""
    own = own_kinds(line.kind) if line.treatment in SCHEDULED | {Treatment.POINT_IN_TIME} else frozenset[BillableKind]()
    name, rest = f"{line.contract}.{line.line}", [part for part in line.billed if part.kind not in own]
    if own:
        yield from _changed(_of_price(line, name, [part for part in line.billed if part.kind in own], chart))
        name = f"{name}.as-billed"
    if rest or name in line.books:
        yield from _changed(_as_billed(line, name, rest, chart))


def missing_progress(line: LineStanding) -> Finding | None:
    """Work that is earned by progress and was never measured: nothing of it can be recognized."""
    if line.treatment not in BY_PROGRESS or line.progress is not None or line.price.is_zero:
        return None
    return Finding(
        code="PROGRESS_MISSING",
        subject=f"{line.contract}.{line.line}",
        sentence=f"Line {line.line} of {line.contract} is earned over time, and nobody has said how far its work is.",
        remedy="Measure it: `handoff revenue measure CONTRACT LINE --done D --expected E --on DAY`; then settle with retry.",
        money=line.price,
        evidence={"contract": line.contract, "line": line.line, "treatment": line.treatment.value},
    )


def journals(prefix: str, entity: str, on: date, sums: Iterable[Sums], chart: Chart, memo: str) -> list[Journal]:
    """One journal for each currency, by account: balanced, since each recognition is (U3)."""
    made = []
    for one in sums:
        postings = [
            Posting.debit(chart.contract_liability, Money.of(-one.liability, one.currency)),
            Posting.debit(chart.contract_asset, Money.of(one.asset, one.currency)),
            *(Posting.credit(account, Money.of(amount, one.currency)) for account, amount in sorted(one.revenue.items())),
        ]
        if any(not posting.amount.is_zero for posting in by_account(postings)):  # an account may take what it gives
            made.append(booked(f"{prefix}-{one.currency}", entity, on, postings, memo=memo, source=prefix))
    return made


def summed(found: Iterable[Recognition]) -> list[Sums]:
    """Recognitions by currency."""
    totals: dict[str, Sums] = {}
    for one in found:
        currency = one.amount.currency
        known = totals.get(currency) or Sums(currency=currency, revenue={}, asset=Decimal(0), liability=Decimal(0))
        revenue = {**known.revenue, one.account: known.revenue.get(one.account, Decimal(0)) + one.revenue.amount}
        totals[currency] = known.changed(
            revenue=revenue,
            asset=known.asset + one.asset.amount,
            liability=known.liability + one.liability.amount,
            obligations=known.obligations + 1,
        )
    return [totals[currency] for currency in sorted(totals)]


def earned(line: LineStanding, so_far: Money) -> Money:
    """What the line has earned in all by its treatment; without a measure of progress it stays where it is."""
    match line.treatment:
        case Treatment.POINT_IN_TIME:
            return line.delivered
        case Treatment.STRAIGHT_LINE:
            return line.matured
        case _:
            return earned_to_date(line.price, line.progress) if line.progress else so_far


def _of_price(line: LineStanding, name: str, billed: list[BilledPart], chart: Chart) -> Recognition:
    books = line.books.get(name) or Books.empty(line.currency)
    total, now = _total(billed, line.currency), earned(line, books.earned)
    fresh = _recognition(line, name, now, total, books, _revenue_account(line, chart))
    if line.treatment not in SCHEDULED:
        return fresh
    nothing, position = Money.zero(line.currency), total - now
    deferred = _total([part for part in billed if part.account == chart.contract_liability], line.currency)
    return fresh.changed(
        revenue=now - books.revenue - (total - deferred),
        asset=max(-position, nothing) - books.asset,
        liability=max(position, nothing) - books.liability - deferred,
    )


def _as_billed(line: LineStanding, name: str, billed: list[BilledPart], chart: Chart) -> Recognition:
    """The right to invoice is what is earned (IFRS 15.B16, ASC 606-10-55-18); the invoice has posted it."""
    books, total = line.books.get(name) or Books.empty(line.currency), _total(billed, line.currency)
    as_it_is = line.changed(treatment=Treatment.AS_BILLED, progress=None)
    account = billed[0].account if billed else chart.time_revenue
    return _recognition(as_it_is, name, total, total, books, account)


def _recognition(line: LineStanding, name: str, now: Money, billed: Money, books: Books, account: str) -> Recognition:
    """By delivery or invoice: nothing to post, and what an earlier treatment posted is taken back."""
    return Recognition(
        obligation=name,
        contract=line.contract,
        line=line.line,
        treatment=line.treatment,
        account=account,
        amount=now - books.earned,
        cumulative=now,
        billed=billed,
        revenue=-books.revenue,
        asset=-books.asset,
        liability=-books.liability,
        progress=line.progress,
        reason=line.note,
    )


def _changed(one: Recognition) -> Iterator[Recognition]:
    if not all(amount.is_zero for amount in (one.amount, one.revenue, one.asset, one.liability)):
        yield one


def _revenue_account(line: LineStanding, chart: Chart) -> str:
    is_subscription = line.kind is BillingKind.SUBSCRIPTION or (line.kind is None and line.treatment is Treatment.STRAIGHT_LINE)
    kind = BillableKind.SUBSCRIPTION if is_subscription else _REVENUE.get(line.kind or BillingKind.FIXED_FEE, BillableKind.TIME)
    return chart.earned_on(kind)


def _total(parts: Iterable[BilledPart], currency: str) -> Money:
    return Money.sum((part.amount for part in parts), currency)
