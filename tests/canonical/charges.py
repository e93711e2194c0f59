"""Billables and charges with one valid default each, and strategies of them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from canonical.billable import Billable, BillableKind, Work
from canonical.money import Money
from canonical.period import Period
from canonical.rules.charge import Charge


def a_billable(amount: str | int = "1800", **changes: Any) -> Billable:
    currency = changes.get("currency", "USD")
    day = changes.pop("day", date(2026, 4, 17))
    facts: dict[str, Any] = {
        "reference": "kantata.1",
        "kind": BillableKind.TIME,
        "contract": "ENG-100",
        "line": "L2",
        "entity": "US01",
        "customer": "CUST-ACME",
        "currency": currency,
        "service": Period(start=day, end=day + timedelta(days=1)),
        "quantity": Decimal(8),
        "unit": "hour",
        "rate": Money.of(225, currency),
        "amount": Money.of(amount, currency),
        "work": Work(person="ann", role="Senior", task="T-1"),
    }
    return Billable(**{**facts, **changes})


def a_charge(amount: str | int = "1800", **changes: Any) -> Charge:
    return Charge.whole(a_billable(amount, **changes))


def time(reference: str, hours: str, rate: str | int, *, role: str = "Senior", **changes: Any) -> Charge:
    """Rated time, as rating makes it."""
    price = Money.of(rate, changes.get("currency", "USD"))
    amount = (price * Decimal(hours)).rounded()
    work = Work(person=changes.pop("person", "ann"), role=role, task=changes.pop("task", "T-1"))
    return a_charge(str(amount.amount), reference=reference, quantity=Decimal(hours), rate=price, work=work, **changes)


@st.composite
def some_charges(draw: st.DrawFn, *, most: int = 12) -> list[Charge]:
    """Time of several people, roles, lines and purchase orders, at several rates."""
    made = []
    for number in range(draw(st.integers(0, most))):
        made.append(
            time(
                f"kantata.{number}",
                str(draw(st.decimals("0.01", 24, places=2))),
                str(draw(st.sampled_from(["225", "165", "149.99"]))),
                role=draw(st.sampled_from(["Senior", "Consultant"])),
                person=draw(st.sampled_from(["ann", "bob"])),
                line=draw(st.sampled_from(["L1", "L2"])),
                purchase_order=draw(st.sampled_from(["", "4500-1", "4500-2"])),
                entity=draw(st.sampled_from(["US01", "UK01"])),
                day=date(2026, 4, draw(st.integers(1, 30))),
            )
        )
    return made
