"""Whatever happens to items, in whatever order: no state of the ledger breaks U1, and the same events end in the same ledger."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from canonical.billable import Billable, CreditDisposition
from canonical.errors import Rejected
from canonical.invoice import InvoiceState
from canonical.sub_ledger import SubLedger, SubLedgerKind, Want
from ledger.database import Database
from tests.ledger.billing_firm import JUNE, WHO, Firm, an_item, usd

EXAMPLES = 1_000 if os.environ.get("CI") else 20
PATIENT = settings(max_examples=EXAMPLES, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
HOURS = st.sampled_from(["0.35", "1", "4.5", "8"])

# Every way in which counters, allocations, documents and sub-ledgers of a contract could say different things.
WRONG = """
WITH mine AS (SELECT * FROM billables WHERE contract = $1),
moved AS (
    SELECT a.billable, sum(a.amount * CASE a.kind WHEN 'bill' THEN 1 WHEN 'unbill' THEN -1 ELSE 0 END) AS billed,
           sum(a.amount * CASE a.kind WHEN 'credit' THEN 1 WHEN 'uncredit' THEN -1 ELSE 0 END) AS credited,
           sum(CASE WHEN a.kind = 'credit' AND a.disposition <> 'reopened' THEN a.amount - a.taken_back ELSE 0 END) AS closed
    FROM allocations a WHERE a.billable IN (SELECT id FROM mine) GROUP BY a.billable
)
SELECT 'counters of ' || b.reference FROM mine b LEFT JOIN moved m ON m.billable = b.id
WHERE (b.billed, b.credited, b.closed) <> (coalesce(m.billed, 0), coalesce(m.credited, 0), coalesce(m.closed, 0))
UNION ALL SELECT 'balance of ' || reference FROM mine
WHERE NOT (billed - credited >= 0 AND billed - credited + closed <= approved)
UNION ALL SELECT 'quantity of ' || reference FROM mine
WHERE billed_quantity < 0 OR state <> 'withdrawn' AND billed_quantity + closed_quantity > quantity
UNION ALL SELECT 'what was taken back of ' || a.id FROM allocations a JOIN mine b ON b.id = a.billable
WHERE a.kind = 'bill' AND a.taken_back <> (
    SELECT coalesce(sum(o.amount - CASE o.kind WHEN 'credit' THEN o.taken_back ELSE 0 END), 0)
    FROM allocations o WHERE o.takes_from = a.id)
UNION ALL SELECT 'sum of ' || d.reference FROM billing_documents d
WHERE d.contract = $1 AND (d.net <> (SELECT coalesce(sum(amount), 0) FROM billing_document_lines l WHERE l.document = d.reference)
   OR (SELECT coalesce(sum(amount), 0) FROM allocations a WHERE a.document = d.reference AND a.kind IN ('bill', 'credit'))
      <> (SELECT coalesce(sum(amount), 0) FROM billing_document_lines l WHERE l.document = d.reference AND l.kind = 'charge'))
UNION ALL SELECT s.kind || ' ' || s.name FROM sub_ledgers s
WHERE s.contract = $1 AND s.balance <> (SELECT coalesce(sum(amount), 0) FROM sub_ledger_moves m WHERE m.account = s.id)
UNION ALL SELECT 'use of ' || s.name FROM sub_ledgers s
WHERE s.contract = $1 AND s.kind = 'cap'
  AND s.balance <> (SELECT coalesce(sum(billed - credited), 0) FROM mine WHERE line = s.name)
"""
LEDGER = """
SELECT reference, state, hold_code, hold_note, CASE state WHEN 'withdrawn' THEN 0 ELSE quantity END AS quantity, approved,
       billed - credited AS net, closed, source_version
FROM billables WHERE contract = $1 ORDER BY reference
"""


_numbers = iter(range(10_000_000))


class Story(RuleBasedStateMachine):
    """A contract with a cap on one of its lines and a retainer; time is approved, changed, billed, credited, billed again."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.run, self.firm = self.runner.run, Firm(self.database, f"C-{next(_numbers)}")
        self.drafts: list[str] = []
        self.posted: list[str] = []
        self.version = 0

    def name(self, kind: str) -> str:
        return f"{kind}-{self.firm.contract}-{next(_numbers)}"

    @initialize(cap=st.sampled_from(["500", "2000", "9000"]))
    def sign(self, cap: str) -> None:
        kept = SubLedger(kind=SubLedgerKind.CAP, contract=self.firm.contract, name="L1", currency="USD", ceiling=usd(cap))
        pool = SubLedger(kind=SubLedgerKind.RETAINER, contract=self.firm.contract, name="L4", currency="USD")
        self.run(self.firm.ledger.sub_ledgers.open(kept, origin=WHO))
        self.run(self.firm.ledger.sub_ledgers.open(pool, origin=WHO))

    @rule(items=st.lists(st.tuples(st.integers(0, 5), HOURS), min_size=1, max_size=4, unique_by=lambda one: one[0]))
    def approve(self, items: list[tuple[int, str]]) -> None:
        self.version += 1
        self.run(self.firm.approve(*(self.item(number, hours, self.version) for number, hours in items)))

    @rule(number=st.integers(0, 5), hours=HOURS)
    def an_old_version_comes_late(self, number: int, hours: str) -> None:
        before = self.ledger()
        self.run(self.firm.approve(self.item(number, hours, -1)))
        known = {row["reference"] for row in before}
        assert [row for row in self.ledger() if row["reference"] in known] == before

    @rule(number=st.integers(0, 5))
    def approval_is_taken_back(self, number: int) -> None:
        self.version += 1
        gone = (self.item(number, "1", 0).reference, "kantata", f"{self.version:04}")
        self.run(self.firm.ledger.billables.withdraw([gone], "taken back", origin=WHO))

    @rule()
    def bill_twice(self) -> None:
        claimed = self.run(self.firm.bill(self.name("INV")))
        self.drafts += [document.reference for document in claimed.documents]
        before = self.ledger()
        assert self.run(self.firm.bill(self.name("INV"))).documents == ()
        assert self.ledger() == before

    @rule(amount=st.sampled_from(["100", "999.99"]))
    def top_up(self, amount: str) -> None:
        want = Want(
            kind=SubLedgerKind.RETAINER, contract=self.firm.contract, name="L4", key=self.name("top-up"), amount=usd(amount)
        )
        for _ in range(2):
            self.run(self.firm.ledger.sub_ledgers.fund(want, origin=WHO))

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), wanted=st.sampled_from(["50", "5000"]))
    def draw(self, data: Any, wanted: str) -> None:
        reference = data.draw(st.sampled_from(self.drafts))
        draw = partial(self.firm.ledger.credits.draw, reference, self.firm.contract, "L4", usd(wanted))
        first, again = (self.run(draw(words="Retainer", account="2350")) for _ in "ab")
        assert first and again
        assert first.taken.amount == 0 or (again.taken, again.is_new) == (first.taken, False)

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), is_posted=st.booleans())
    def post_or_withdraw(self, data: Any, is_posted: bool) -> None:
        reference = self.drafts.pop(data.draw(st.integers(0, len(self.drafts) - 1)))
        if is_posted:
            self.run(self.firm.post(reference))
            self.posted.append(reference)
        else:
            self.run(self.firm.ledger.documents.withdraw(reference, "not yet", origin=WHO))

    @precondition(lambda self: self.posted)
    @rule(data=st.data(), how=st.sampled_from(list(CreditDisposition)), share=st.sampled_from(["1", "0.5", "0.333", "1.1"]))
    def credit(self, data: Any, how: CreditDisposition, share: str) -> None:
        invoice = data.draw(st.sampled_from(self.posted))
        left = [one for one in self.run(self.firm.ledger.documents.allocations(invoice)) if one.left.amount > 0]
        if not left:
            return
        one = data.draw(st.sampled_from(left))
        amount = (one.left * Decimal(share)).rounded()
        memo = self.name("CM")
        try:
            for _ in range(2):
                self.run(self.firm.credit(memo, invoice, [(one.billable, str(amount.amount), how)]))
        except Rejected as refused:
            if refused.specific_code != "ALREADY_CREDITED" or amount <= one.left:
                raise
            return
        assert amount <= one.left
        if data.draw(st.booleans()):  # the ERP refuses it: everything stands as it stood
            self.run(self.firm.ledger.documents.move(memo, InvoiceState.HELD, code="ERP_REFUSED", origin=WHO))
            self.run(self.firm.ledger.documents.withdraw(memo, "refused", origin=WHO))

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def credit_and_rebill_returns_every_balance(self, data: Any) -> None:
        invoice = self.posted.pop(data.draw(st.integers(0, len(self.posted) - 1)))
        left = [one for one in self.run(self.firm.ledger.documents.allocations(invoice)) if one.left.amount > 0]
        if not left:
            return
        before = {row["reference"]: row["net"] for row in self.ledger()}
        names = tuple(one.billable for one in left)
        self.run(self.firm.credit(self.name("CM"), invoice))
        claimed = self.run(self.firm.bill(self.name("INV"), billables=names))
        self.drafts += [document.reference for document in claimed.documents]
        after = {row["reference"]: row["net"] for row in self.ledger()}
        credited = sum(one.left.amount for one in left)
        assert sum(document.net.amount for document in claimed.documents) >= credited
        assert all(after[name] >= before[name] for name in names)

    def teardown(self) -> None:
        assert self.rows(WRONG) == []

    def item(self, number: int, hours: str, version: int) -> Billable:
        line = "L1" if number < 4 else "L2"
        return an_item(
            f"{self.firm.contract}.{number}", hours, "149.99", line=line, source_version=f"{version:04}" if version >= 0 else ""
        )

    def ledger(self) -> list[asyncpg.Record]:
        return self.rows(LEDGER)

    def rows(self, statement: str) -> list[asyncpg.Record]:
        return self.run(self.firm.database.rows(statement, self.firm.contract))


@pytest.mark.timeout(900)
def test_no_interleaving_breaks_the_ledger(one_loop: tuple[asyncio.Runner, Database]) -> None:
    Story.runner, Story.database = one_loop
    run_state_machine_as_test(Story, settings=PATIENT)


Event = tuple[int, int, str, bool]
"""Of which item, in which version, how many hours, and whether approval was taken back."""


def told_as(contract: str, event: Event) -> Billable:
    """Items 0 and 1 may tell the same work."""
    number, version, hours, _ = event
    work = an_item("x").work.changed(note=str(max(number, 1)))
    day = JUNE + timedelta(days=version % 2)
    return an_item(f"{contract}.{number}", hours, day=day, work=work, source_version=f"{version:02}")


async def told(database: Database, events: Sequence[Event]) -> list[tuple[Any, ...]]:
    contract = f"C-{next(_numbers)}"
    firm = Firm(database, contract)
    for event in events:
        item = told_as(contract, event)
        if event[3]:
            gone = (item.reference, "kantata", item.source_version)
            await firm.ledger.billables.withdraw([gone], "taken back", origin=WHO)
        else:
            await firm.approve(item)
    await firm.bill(f"INV-{contract}")
    rows = await database.rows(LEDGER.replace("contract = $1", "reference LIKE $1 || '.%'"), contract)
    return [tuple(str(value).replace(contract, "C") for value in row) for row in rows]


@pytest.mark.timeout(900)
@PATIENT
@given(data=st.data())
def test_any_order_of_events_ends_in_the_same_ledger(one_loop: tuple[asyncio.Runner, Database], data: Any) -> None:
    keys = st.tuples(st.integers(0, 2), st.integers(1, 4))
    events = data.draw(st.lists(st.tuples(keys, HOURS, st.booleans()), min_size=2, max_size=5, unique_by=lambda one: one[0]))
    facts = [(number, version, hours, gone) for (number, version), hours, gone in events]
    twice = facts + data.draw(st.lists(st.sampled_from(facts), max_size=2))
    runner, database = one_loop
    assert runner.run(told(database, facts)) == runner.run(told(database, data.draw(st.permutations(twice))))
