"""Records in the vendors' systems, the deal among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from policies.shape import Shape
from rehearsal.checks.judge import Judge, differs, lacks, listed
from rehearsal.estate import estate
from rehearsal.record import Record, RecordKind, found, number, same
from rehearsal.scene import Scene
from rehearsal.systems.registry import SystemName

_DEAL_FIELDS = {"psa_project": "Psa_Project_Id__c", "erp_project": "Erp_Project_Id__c", "workspace": "Workspace_Url__c"}


class RecordsCheck(Shape):
    """How many live records of a kind a system holds, of a contract or where fields have these values, and what they hold.

    Kinds are common words (project, customer ...), fields the vendor's own; amounts compare as numbers.
    """

    system: SystemName
    kind: RecordKind
    contract: str | None = None
    where: dict[str, Any] = {}
    live: bool = True
    count: int | None = None
    holds: dict[str, Any] = {}
    total: dict[str, Decimal] = Field(default={}, description="fields, and what they add up to over these records")

    @model_validator(mode="after")
    def _asks_something(self) -> "RecordsCheck":
        if self.count is None and not self.holds and not self.total:
            raise ValueError("nothing is asked of these records; give count, holds or total")
        return self


class DealCheck(Shape):
    """What the deal says of its handoff."""

    contract: str
    status: str | None = None
    says: str | None = None
    names: tuple[Literal["psa_project", "erp_project", "workspace"], ...] = ()


class RecordChecks(Shape):
    """The checks of this topic."""

    records: RecordsCheck | None = None
    deal: DealCheck | None = None


@dataclass(frozen=True)
class RecordJudge(Judge):
    """Knows what every system holds."""

    all: list[Record]

    @classmethod
    async def informed(cls, scene: Scene, wanted: Sequence[Any]) -> Self:
        return cls(await estate(scene.stage.vendors))

    def records(self, wanted: RecordsCheck) -> Iterator[str]:
        chosen = [
            record
            for record in self.all
            if (record.system, record.kind) == (wanted.system, wanted.kind)
            and wanted.contract in {None, record.contract}
            and record.live == wanted.live
            and record.has(wanted.where)
        ]
        what = f"{'' if wanted.live else 'withdrawn '}{wanted.kind} records in {wanted.system}"
        what += f" of {wanted.contract}" if wanted.contract else ""
        what += f" where {listed(wanted.where)}" if wanted.where else ""
        if wanted.count is not None and len(chosen) != wanted.count:
            yield f"expected {wanted.count} {what}, found {len(chosen)}{_ids(chosen)}"
        if not chosen and (wanted.holds or wanted.total):
            yield f"expected {what}, found none"
        for record in chosen:
            yield from self._holds(record, wanted)
        for name, total in wanted.total.items():
            amounts = [number(found(record.fields, name)) or Decimal(0) for record in chosen]
            yield from differs(f"the total of {name} over {what}", total, sum(amounts, Decimal(0)))

    @staticmethod
    def _holds(record: Record, wanted: RecordsCheck) -> Iterator[str]:
        for name, value in wanted.holds.items():
            held = found(record.fields, name)
            if not same(held, value):
                yield f"expected {name} of {wanted.kind} {record.id} in {wanted.system} to be {value}, found {held}"

    def deal(self, wanted: DealCheck) -> Iterator[str]:
        deals = [r for r in self.all if r.kind == "deal" and r.contract == wanted.contract]
        if not deals:
            yield f"expected a deal for {wanted.contract}, found none"
            return
        fields, what = deals[0].fields, f"the deal of {wanted.contract}"
        yield from differs(f"the handoff status on {what}", wanted.status, fields.get("Handoff_Status__c"))
        yield from lacks(f"the note on {what}", wanted.says, fields.get("Handoff_Note__c"))
        for name in wanted.names:
            if not fields.get(_DEAL_FIELDS[name]):
                yield f"expected {what} to name its {name}, found nothing there"


def _ids(records: list[Record]) -> str:
    return f" ({', '.join(f'{record.reference} is {record.id}' for record in records[:8])})" if records else ""
