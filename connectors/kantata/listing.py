"""What the account holds, as reconciliation compares it: projects, time and expenses, all of them, whatever their state."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from canonical.errors import Misconfigured
from canonical.period import Period
from canonical.reconciliation import Listed, Thing
from canonical.time_entry import ApprovalState, ExpenseItem, TimeEntry
from connectors.kantata import mapping
from connectors.kantata.api import Api
from connectors.kantata.expenses import Expenses
from connectors.kantata.schemas import Workspace
from connectors.kantata.settings import Settings
from connectors.kantata.time import Time


class Listings:
    """Satisfies ``Listing``."""

    listings = frozenset({Thing.PROJECT, Thing.TIME, Thing.EXPENSE})

    def __init__(self, api: Api, settings: Settings, time: Time, expenses: Expenses) -> None:
        self._api, self._settings = api, settings
        self._hours, self._spent = time, expenses

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Kantata knows no legal entities: what belongs to which is told by the contract."""
        if thing is Thing.TIME:
            async for entries in self._hours.entries_on(days):
                yield [_of_entry(entry) for entry in entries]
        elif thing is Thing.EXPENSE:
            async for items in self._spent.expenses_on(days):
                yield [_of_expense(item) for item in items]
        elif thing is Thing.PROJECT:
            yield await self._projects_listed()
        else:
            raise Misconfigured(f"{self._api.name} lists no {thing}", remedy="Compare it with another system.")

    async def _projects_listed(self) -> list[Listed]:
        found = await self._api.every_referenced("workspaces", include_archived="true")
        told = []
        for record in found.records:
            workspace = self._api.read(Workspace, record)
            own = mapping.own_reference(workspace, found.references, self._settings.service_name)
            told.append(_of_project(workspace, own.service_model_ref if own else ""))
        return told


def _of_entry(entry: TimeEntry) -> Listed:
    """Hours are compared; what the account believes they cost is its value only where nobody else has one."""
    value = (entry.rate * entry.hours).rounded() if entry.rate else None
    return Listed(
        **_recorded(entry, "time"),
        day=entry.work_date,
        quantity=entry.hours,
        amount=value.amount if value else Decimal(0),
        currency=value.currency if value else "",
    )


def _of_expense(item: ExpenseItem) -> Listed:
    return Listed(**_recorded(item, "expense"), day=item.spent_on, amount=item.amount.amount, currency=item.amount.currency)


def _recorded(item: TimeEntry | ExpenseItem, kind: str) -> dict[str, Any]:
    is_billed = item.state is ApprovalState.APPROVED and item.is_billable
    state = "" if is_billed else item.state.value if item.is_billable else "not billable"
    return {
        "target_id": item.source_id,
        "reference": item.reference,
        "kind": kind,
        "state": state,
        "counts": is_billed,
        "project": item.project,
        "version": item.source_version,
        "changed_at": item.changed_at,
    }


def _of_project(workspace: Workspace, reference: str) -> Listed:
    value = mapping.value_of(workspace)
    return Listed(
        target_id=workspace.id,
        reference=workspace.id,
        kind="psa_project",
        amount=value.amount if value else None,
        currency=value.currency if value else "",
        state="archived" if workspace.archived else "",
        counts=not workspace.archived,
        is_ours=bool(reference),
        project=reference,
    )
