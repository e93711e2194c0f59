"""What the ledger's SQL does in bulk is what the pure rules say of the same items: limits (S05, S14) and lines (R82)."""

import asyncio
import os
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.claim import GroupBy
from canonical.rules.caps import Limit, LimitKind, allow
from canonical.rules.charge import Charge
from canonical.rules.grouping import GroupingPolicy, LineBy, group
from canonical.sub_ledger import SubLedgerKind
from ledger.database import Database
from tests.ledger.billing_firm import JUNE, Firm, a_limit, an_item, usd

EXAMPLES = 1_000 if os.environ.get("CI") else 20
PATIENT = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
WORK = st.tuples(
    st.sampled_from(["0.35", "1", "4.5", "8"]),
    st.sampled_from(["149.99", "165", "225"]),
    st.integers(0, 3),
    st.sampled_from(["Senior", "Analyst"]),
)
CENTS = st.integers(0, 400_000).map(lambda cents: str(Decimal(cents).scaleb(-2)))
_numbers = iter(range(10_000_000))


def items_of(contract: str, work: list[tuple[str, str, int, str]]) -> list[Billable]:
    return [
        an_item(
            f"{contract}.{number:02}", hours, rate, JUNE + timedelta(days=days),
            work=an_item("x").work.changed(role=role, note=str(number)),
        )
        for number, (hours, rate, days, role) in enumerate(work)
    ]  # fmt: skip


async def billed(firm: Firm, items: list[Billable], **asked: Any) -> tuple[dict[str, Decimal], list[Decimal]]:
    """What a run took of each item, and its lines in any order."""
    await firm.approve(*items)
    claimed = await firm.bill(f"INV-{firm.contract}", **asked)
    taken, lines = dict[str, Decimal](), list[Decimal]()
    for document in claimed.documents:
        allocations = await firm.ledger.documents.allocations(document.reference)
        taken |= {one.billable: one.amount.amount for one in allocations}
        lines += [line.amount.amount for line in (await firm.ledger.documents.invoice(document.reference)).lines]
    return taken, sorted(lines)


@pytest.mark.timeout(900)
@PATIENT
@given(work=st.lists(WORK, min_size=1, max_size=6), ceiling=CENTS, used=CENTS, tolerance=CENTS)
def test_a_limit_lets_through_what_the_rule_lets_through(
    one_loop: tuple[asyncio.Runner, Database], work: list[tuple[str, str, int, str]], ceiling: str, used: str, tolerance: str
) -> None:
    runner, database = one_loop
    firm = Firm(database, f"L-{next(_numbers)}")
    items, before = items_of(firm.contract, work), min(Decimal(used), Decimal(ceiling))
    runner.run(a_limit(firm, SubLedgerKind.CAP, "L1", ceiling, used=str(before), tolerance=tolerance))
    limit = Limit(kind=LimitKind.CAP, reference="L1", amount=usd(ceiling), used=usd(before), tolerance=usd(tolerance))
    ruled = defaultdict[str, Decimal](Decimal)
    for charge in allow(map(Charge.whole, items), limit).billed:
        ruled[charge.billable.reference] += charge.amount.amount
    taken, _ = runner.run(billed(firm, items))
    assert taken == {name: amount for name, amount in ruled.items() if amount}


@pytest.mark.timeout(900)
@PATIENT
@given(
    work=st.lists(WORK, min_size=1, max_size=6),
    by=st.sampled_from([
        (LineBy.ROLE, (GroupBy.ROLE, GroupBy.RATE)), (LineBy.ITEM, (GroupBy.ITEM,)), (LineBy.FLAT, ()),
    ]),
)  # fmt: skip
def test_lines_are_what_the_rule_makes_of_them(
    one_loop: tuple[asyncio.Runner, Database], work: list[tuple[str, str, int, str]], by: tuple[LineBy, tuple[GroupBy, ...]]
) -> None:
    runner, database = one_loop
    firm = Firm(database, f"G-{next(_numbers)}")
    items = items_of(firm.contract, work)
    (draft,) = group(map(Charge.whole, items), GroupingPolicy(lines=by[0]))
    _, lines = runner.run(billed(firm, items, group_by=by[1]))
    assert lines == sorted(line.amount.amount for line in draft.lines)
