"""What a dry run of billing says together never exceeds what there is to take from."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.billable import Billable
from canonical.money import Money
from canonical.sub_ledger import SubLedger, SubLedgerKind
from operations.preview import documents
from tests.ledger.billing_firm import an_item, usd

_cents = st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-2))
_work = st.tuples(st.sampled_from(["", "PO-1", "PO-2"]), st.sampled_from(["L1", "L2"]), _cents)


def account(kind: SubLedgerKind, name: str, balance: Decimal | int, ceiling: Decimal | None = None) -> SubLedger:
    top = None if ceiling is None else usd(ceiling)
    return SubLedger(kind=kind, contract="C-1", name=name, currency="USD", balance=usd(balance), ceiling=top)


def worked(order: str, line: str, amount: Decimal) -> tuple[Billable, Money]:
    return an_item(f"item.{order}.{line}", line=line, purchase_order=order, amount=usd(amount)), usd(amount)


def test_two_orders_draw_a_retainer_once_and_share_the_room_of_a_cap() -> None:
    accounts = [account(SubLedgerKind.RETAINER, "L1", 700), account(SubLedgerKind.CAP, "L2", 0, Decimal(1000))]
    items = [worked(order, line, Decimal(600)) for order in ("PO-1", "PO-2") for line in ("L1", "L2")]
    first, second = documents(items, accounts)
    assert (first.drawn, first.net, first.waits) == (usd(600), usd(600), usd(0))
    assert (second.drawn, second.net, second.waits) == (usd(100), usd(900), usd(200))


def test_what_an_order_has_no_room_for_uses_no_cap() -> None:
    accounts = [
        account(SubLedgerKind.PURCHASE_ORDER, "PO-1", 0, Decimal(250)),
        account(SubLedgerKind.CAP, "L2", 0, Decimal(1000)),
    ]
    first, second = documents([worked("PO-1", "L2", Decimal(600)), worked("PO-2", "L2", Decimal(600))], accounts)
    assert [(one.net, one.waits) for one in (first, second)] == [(usd(250), usd(350)), (usd(600), usd(0))]


@given(work=st.lists(_work, min_size=1), held=_cents, cap=_cents, order=_cents)
def test_nothing_is_taken_twice_and_nothing_is_lost(
    work: list[tuple[str, str, Decimal]], held: Decimal, cap: Decimal, order: Decimal
) -> None:
    accounts = [
        account(SubLedgerKind.RETAINER, "L1", held),
        account(SubLedgerKind.CAP, "L2", 0, cap),
        account(SubLedgerKind.PURCHASE_ORDER, "PO-1", 0, order),
    ]
    made = documents([worked(*one) for one in work], accounts)
    assert Money.sum((one.net + one.drawn + one.waits for one in made), "USD") == usd(sum(amount for *_, amount in work))
    assert Money.sum((one.drawn for one in made), "USD") <= usd(held)
    assert all(one.net + one.drawn <= usd(order) for one in made if one.purchase_order == "PO-1")
    capped = Money.sum((usd(amount) for _, line, amount in work if line == "L2"), "USD")
    assert Money.sum((one.waits for one in made), "USD") >= max(capped - usd(cap), usd(0))
    assert min(min(one.net, one.drawn, one.waits) for one in made) >= usd(0)
