"""What the account holds, as reconciliation compares it: projects, time and expenses, all of them, whatever their state."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from canonical.errors import Misconfigured
from canonical.period import Period
from canonical.reconciliation import Listed, Sought, Thing
from canonical.rules.reconciling import listed as compared
from connectors.kantata import mapping
from connectors.kantata.api import Api
from connectors.kantata.expenses import Expenses
from connectors.kantata.schemas import Workspace
from connectors.kantata.settings import Settings
from connectors.kantata.time import Time

_AT_ONCE = 200
_LISTS_LAG = timedelta(seconds=30)  # nothing is documented; the text index of projects is the slowest thing we ask


class Listings:
    """Satisfies ``Listing``."""

    listings = frozenset({Thing.PROJECT, Thing.TIME, Thing.EXPENSE})
    lists_lag: timedelta

    def __init__(self, api: Api, settings: Settings, time: Time, expenses: Expenses) -> None:
        self._api, self._settings = api, settings
        self._hours, self._spent = time, expenses
        self.lists_lag = settings.timing.visibility_delay or _LISTS_LAG

    async def listed(self, thing: Thing, *, entity: str, days: Period) -> AsyncIterator[Sequence[Listed]]:
        """Kantata knows no legal entities: what belongs to which is told by the contract."""
        if thing is Thing.TIME:
            async for entries in self._hours.entries_on(days):
                yield [compared(entry) for entry in entries]
        elif thing is Thing.EXPENSE:
            async for items in self._spent.expenses_on(days):
                yield [compared(item) for item in items]
        elif thing is Thing.PROJECT:
            yield await self._projects_listed()
        else:
            raise Misconfigured(f"{self._api.name} lists no {thing}", remedy="Compare it with another system.")

    async def listed_again(self, thing: Thing, sought: Sequence[Sought], *, entity: str) -> AsyncIterator[Sequence[Listed]]:
        """These projects, by id; recorded work is read again by the port ``Time``."""
        numbers = [one.target_id for one in sought if thing is Thing.PROJECT and one.target_id.isdigit()]
        for start in range(0, len(numbers), _AT_ONCE):
            yield await self._projects_listed(only=",".join(numbers[start : start + _AT_ONCE]))

    async def _projects_listed(self, **query: str) -> list[Listed]:
        found = await self._api.every_referenced("workspaces", include_archived="true", **query)
        told = []
        for record in found.records:
            workspace = self._api.read(Workspace, record)
            own = mapping.own_reference(workspace, found.references, self._settings.service_name)
            told.append(_of_project(workspace, own.service_model_ref if own else ""))
        return told


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
