"""Controllers reconcile; and what anybody does to records behind their back is there to be found."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from policies.shape import Shape
from rehearsal.record import Json, same
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import asked
from rehearsal.systems.registry import SystemName
from rehearsal.words import Stretch, spoken

_CHARGED = """
SELECT count(*) AS posted FROM billables b JOIN charge_batches c ON c.reference = b.charge_batch
WHERE b.contract = $1 AND c.state = 'posted'
"""


class Reconcile(Shape):
    """Reconcile an entity over some days (both included; its last ones unless others are given), as of some time ago.

    ``only_report`` heals nothing and proposes nothing.
    """

    entity: str
    since: date | None = None
    through: date | None = None
    ago: Stretch = timedelta()
    only_report: bool = False
    by: str = "cora.control@northwind.example"


class EditRecord(Shape):
    """A person deletes, copies, changes, approves or credits the one record that looks so, in a vendor's own words.

    An invoice is credited in NetSuite as its button does: all of it, unless ``to`` says otherwise of the memo.
    In Tryton, whose books let nobody delete or change what is posted, an invoice is copied (and the copy posted) or credited.
    ``times`` is how often it is done.
    """

    system: Literal["netsuite", "kantata", "tryton"]
    type: str
    where: dict[str, Any]
    does: Literal["delete", "copy", "change", "approve", "credit"]
    to: dict[str, Any] = {}
    times: int = Field(default=1, ge=1)


class WaitForCharges(Shape):
    """Until so many items of a contract stand in the ERP as charges."""

    contract: str
    count: int
    within: Stretch = timedelta(seconds=60)


class ReconciliationVerbs(Shape):
    """The verbs of this topic."""

    wait_for_charges: WaitForCharges | None = None
    reconcile: Reconcile | None = None
    edit_record: EditRecord | None = None


class Reconciliation:
    """The controller at Handoff, and anybody at the vendors."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.reconciliation

    async def reconcile(self, given: Reconcile) -> None:
        """Run it, and wait for it."""
        as_of = await self._scene.office.books.clock.now() - given.ago if given.ago else None
        await asked(
            self._desk.run(
                given.entity,
                since=given.since,
                through=given.through,
                as_of=as_of,
                is_report_only=given.only_report,
                actor=given.by,
            )
        )

    async def wait_for_charges(self, given: WaitForCharges) -> None:
        """They are posted in batches that nobody waits for."""

        async def are_there() -> bool | None:
            [row] = await self._scene.view.rows(_CHARGED, given.contract)
            return True if row["posted"] >= given.count else None

        if await self._scene.until(are_there, given.within) is None:
            raise StepFailed(f"fewer than {given.count} items of {given.contract} are charges within {spoken(given.within)}")

    async def edit_record(self, given: EditRecord) -> None:
        """The vendor does it, with everything that follows from it there."""
        vendor = self._scene.stage.vendors[given.system]
        records = _of_type(given.system, await vendor.state(), given.type)
        found = [key for key, record in records.items() if all(same(record.get(name), to) for name, to in given.where.items())]
        if len(found) != 1:
            raise StepFailed(f"{given.system} has {len(found)} records of type {given.type} that look so; there must be one")
        if given.system == "tryton":
            for _ in range(given.times):
                await vendor.post(f"tryton/{_done_in_tryton(given)}", {"invoice": found[0]})
            return
        for _ in range(given.times):
            await vendor.post(f"{given.system}/records/{given.type}/{found[0]}", {"does": given.does, "to": _as_json(given.to)})


def _as_json(value: Any) -> Any:
    """Numbers as JSON has them, wherever they stand."""
    match value:
        case dict():
            return {name: _as_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_as_json(inner) for inner in value]
        case Decimal():
            return float(value)
        case _:
            return value


def _done_in_tryton(given: EditRecord) -> str:
    known = {"copy": "copies", "credit": "credits"}
    if given.type != "invoices" or given.does not in known:
        raise StepFailed(f"in Tryton nobody can {given.does} one of the {given.type}; an invoice can be copied or credited")
    return known[given.does]


def _of_type(system: SystemName, state: Json, type: str) -> dict[str, Json]:
    held: Json = state["records"] if system == "netsuite" else state
    found: dict[str, Json] = held.get(type, {})
    return found
