"""Expenses: every change in a window."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from canonical.errors import NotFound
from canonical.period import Period
from canonical.time_entry import ExpenseItem
from connectors.http import Json
from connectors.kantata import time_mapping
from connectors.kantata import time_schemas as theirs
from connectors.kantata.api import Api, in_order
from connectors.kantata.beside import beside, included
from connectors.kantata.line_items import LineItems, Listing
from connectors.kantata.names import Names
from connectors.kantata.schemas import ExternalReference
from connectors.kantata.settings import Settings
from connectors.kantata.windows import Windows

_AT_ONCE = 200
_ARCHIVED = {"from_archived_workspaces": "true"}
_LISTING = Listing(
    plural="expenses",
    query={"include": "user,workspace,story,vendor,receipt,recent_submission,external_references", "order": "created_at:asc"},
    # The parameter may mean "also" or "only" (its words differ from those of time entries, 2026-11). Read as "only", both lists
    # are needed; archived ones at both ends, so that a project archived or opened again meanwhile is met on one side.
    readings=(_ARCHIVED, {}, _ARCHIVED),
    submissions="expense_report_submissions",
    submissions_query={"order": "created_at:asc", "all_on_account": "true"},  # without it: those of our own user only
    submitted_on="with_recent_expense_report_ids",
    deleted="expense:deleted",
)


class Expenses:
    """The part of ``Time`` that is about money people spent."""

    def __init__(self, api: Api, settings: Settings, windows: Windows, names: Names) -> None:
        self._api, self._settings, self._windows, self._names = api, settings, windows, names
        self._zone = ZoneInfo(settings.time_zone)

    async def expenses(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[ExpenseItem]]:
        """Every expense that changed, was decided on or deleted in the half-open window, each as it is now."""
        names = self._names.anew()
        items = LineItems(
            self._api,
            self._windows,
            _LISTING,
            lambda page, records: self._expenses(page, records, names),
            lambda number, at: time_mapping.deleted_expense(self._api.name, number, at, self._zone),
            self._settings.subscribed_events,
        )
        async for page in items.changed(since, until):
            yield page

    async def expenses_of(self, source_ids: Sequence[str]) -> Sequence[ExpenseItem]:
        """These expenses as they are now; one that is gone is told as deleted, what cannot be an id is left out."""
        names, told = self._names.anew(), dict[str, ExpenseItem]()
        numbers = list(dict.fromkeys(number for number in source_ids if number.isdigit()))
        for start in range(0, len(numbers), _AT_ONCE):
            only = {"only": ",".join(numbers[start : start + _AT_ONCE]), "include": _LISTING.query["include"]}
            for reading in _LISTING.readings[:2]:
                page = await self._api.page("expenses", {**only, **reading}, 1)
                told |= {one.source_id: one for one in await self._expenses(page, in_order(page, "expenses"), names)}
        return [told.get(number) or await self._alone(number, names) for number in numbers]

    async def _alone(self, number: str, names: Names) -> ExpenseItem:
        """A list may lag behind; that an expense is gone is said by its own address."""
        try:
            page = await self._api.page(f"expenses/{number}", {"include": _LISTING.query["include"]}, 1)
        except NotFound:
            return time_mapping.deleted_expense(self._api.name, number, await self._api.clock(), self._zone)
        return (await self._expenses(page, in_order(page, "expenses"), names))[0]

    async def expenses_on(self, days: Period) -> AsyncIterator[Sequence[ExpenseItem]]:
        """Every expense of these days, whatever its state, a page at a time; may tell one twice, leaves none out."""
        names = self._names.anew()
        for reading in _LISTING.readings:
            asked = {**_LISTING.query, **reading, "date_expensed_between": f"{days.start}:{days.last}"}
            async for page in self._windows.every("expenses", asked):
                yield await self._expenses(page, in_order(page, "expenses"), names)

    async def _expenses(self, page: Json, records: list[Json], names: Names) -> list[ExpenseItem]:
        around = await beside(self._api.name, self._zone, page, records, "expense_report_submissions", names)
        projects = included(self._api.name, page, "workspaces", theirs.Approvals)
        receipts = included(self._api.name, page, "attachments", theirs.Attachment)
        references = included(self._api.name, page, "external_references", ExternalReference)
        told = []
        for item in (self._api.read(theirs.Expense, record) for record in records):
            receipt = receipts.get(item.receipt_id or "")
            project = projects.get(item.workspace_id or "")
            told.append(
                time_mapping.expense(
                    item,
                    around,
                    asks_approval=project is None or project.require_expense_approvals,
                    is_subcontractor=(item.category or "") in self._settings.subcontractor_categories,
                    purchase_order=self._purchase_order(item, references),
                    receipt_url=(receipt.url or "") if receipt else "",
                )
            )
        return told

    def _purchase_order(self, item: theirs.Expense, references: dict[str, ExternalReference]) -> str:
        own = (references[number] for number in item.external_reference_ids if number in references)
        service = self._settings.purchase_order_service
        return next((r.service_model_ref for r in own if service and r.service_name == service), "")
