"""Recorded work that waits for an approval: not approved, hence no item; a figure of its own beside the backlog (S15)."""

from collections.abc import Sequence

from canonical.billing_view import PendingApproval
from ledger.database import Database, columns

_KEEP = """
INSERT INTO pending_approvals (reference, contract, entity, person, service, hours, amount, currency, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::numeric[], $7::numeric[], $8::text[],
                     $9::text[])
ON CONFLICT (reference) DO UPDATE SET contract = excluded.contract, entity = excluded.entity, person = excluded.person,
    service = excluded.service, hours = excluded.hours, amount = excluded.amount, currency = excluded.currency,
    state = excluded.state, seen_at = business_now()
"""


class Pending:
    """What its source says of it last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, waiting: Sequence[PendingApproval], *, gone: Sequence[str] = ()) -> None:
        """These wait; those do not, or not any more."""
        if gone:
            await self._database.execute("DELETE FROM pending_approvals WHERE reference = ANY ($1)", list(gone))
        if waiting:
            rows = [(*_plain(one), one.money.amount if one.money else None, _currency(one), one.state) for one in waiting]
            await self._database.execute(_KEEP, *columns(rows, 9))


def _plain(one: PendingApproval) -> tuple[object, ...]:
    return one.reference, one.contract, one.entity, one.person, one.service, one.hours


def _currency(one: PendingApproval) -> str:
    return one.money.currency if one.money else ""
