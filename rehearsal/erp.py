"""The ERP as the people of accounting use it: money comes in and bounces, months close, balances are read; whichever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

PeriodState = Literal["open", "ar_locked", "closed"]


@dataclass(frozen=True)
class Receipt:
    """Money that came in. ``applied`` is what accounting applies of it to the invoice (up to what is open, unless given)."""

    entity: str
    customer: str
    amount: Decimal
    invoice: str = ""
    currency: str | None = None
    applied: Decimal | None = None
    withheld: Decimal | None = None
    certificate: str = ""
    on: date | None = None
    rate: Decimal | None = None
    name: str = ""


class Erp(Protocol):
    """What a story asks of it; ids are its own."""

    title: str

    async def invoice(self, reference: str) -> str | None:
        """The posted invoice that bears our reference."""
        ...

    async def receive(self, money: Receipt) -> None: ...

    async def payments(self, name: str) -> Sequence[str]:
        """Those that the bank calls so."""
        ...

    async def bounce(self, payment: str) -> None: ...
    async def set_period(self, month: str, state: PeriodState, entity: str | None) -> None: ...
    async def balances(self, entity: str) -> Mapping[str, Decimal]:
        """By account, debits positive, in the entity's own currency."""
        ...
