"""What should come to pass; what does not is found here by its age (DESIGN 6)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import asyncpg

from canonical.expectation import Expectation
from canonical.money import Money
from ledger.database import Database

_COLUMNS = "key, what, reference, engagement, entity, heal_at, raise_at, money_amount, money_currency"
_SET = f"""
INSERT INTO expectations ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING
"""
_HEAL = f"""
UPDATE expectations SET healed_at = business_now()
WHERE met_at IS NULL AND healed_at IS NULL AND heal_at <= business_now() RETURNING {_COLUMNS}
"""


class Expectations:
    """Both times of an expectation are business times."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expect(self, expectation: Expectation) -> None:
        """Set it; one that exists stays as it is."""
        given = expectation.model_dump(exclude={"money"})
        money = expectation.money
        await self._database.execute(_SET, *given.values(), *_parts(money))

    async def meet(self, keys: Sequence[str]) -> None:
        """They came to pass."""
        await self._database.execute(
            "UPDATE expectations SET met_at = business_now() WHERE key = ANY($1) AND met_at IS NULL", list(keys)
        )

    async def to_heal(self) -> Sequence[Expectation]:
        """Those whose heal time has come and that are neither met nor healed; each is given out once."""
        return [_expectation(row) for row in await self._database.rows(_HEAL)]

    async def to_raise(self) -> Sequence[Expectation]:
        """Those whose raise time has come and that are neither met nor raised; given out until `raised` is told."""
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM expectations"
            " WHERE met_at IS NULL AND raised_at IS NULL AND raise_at <= business_now() ORDER BY raise_at"
        )
        return [_expectation(row) for row in rows]

    async def raised(self, keys: Sequence[str]) -> None:
        """They are work for people now."""
        await self._database.execute(
            "UPDATE expectations SET raised_at = business_now() WHERE key = ANY($1) AND raised_at IS NULL", list(keys)
        )

    async def unmet(self, engagement: str = "") -> Sequence[Expectation]:
        """All that is awaited, of one engagement or of all, the most urgent first."""
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM expectations WHERE met_at IS NULL AND ($1 = '' OR engagement = $1) ORDER BY raise_at",
            engagement,
        )
        return [_expectation(row) for row in rows]


def _parts(money: Money | None) -> tuple[Decimal | None, str | None]:
    return (money.amount, money.currency) if money else (None, None)


def _expectation(row: asyncpg.Record) -> Expectation:
    fields: dict[str, Any] = dict(row)
    amount, currency = fields.pop("money_amount"), fields.pop("money_currency")
    return Expectation(**fields, money=Money(amount=amount, currency=currency) if currency else None)
