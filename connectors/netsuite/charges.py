"""Time and expenses as charges of a project: in bulk, once, on hold for Handoff's own invoices, and taken back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from canonical.billable import Billable
from canonical.charge import ChargeLine
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.account import Account, literal, together
from connectors.netsuite.collection import upsert_all
from connectors.netsuite.directory import Directory
from connectors.netsuite.documents import LONGEST_MEMO, reference
from connectors.netsuite.mapping import dimension_fields, marked
from connectors.netsuite.schemas import ChargeShape, Linked
from connectors.netsuite.settings import Settings
from connectors.netsuite.wire import external_id, reference_in

_KIND, _TAKEN_BACK = "charge", "NON_BILLABLE"
_ASKED_AT_ONCE = 500
_ON_CHARGES = {"class", "department", "location"}  # a charge bears no custom fields of transactions


class Charges:
    """The charges of ``Receivables``."""

    def __init__(self, account: Account, directory: Directory) -> None:
        self._account, self._directory = account, directory

    async def post_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        """By external id, a hundred at a time; of those that were committed before, none is sent again."""
        bodies = await self._bodies(lines, key)
        known = await upsert_all(self._account, _KIND, bodies, key=key, done=self._standing)
        references = [line.billable.reference for line in lines] if known else []  # a job tells no ids
        named = {reference: known.get(external_id(reference), "") for reference in references}
        return Written(target_id=reference_in(key), details=named if all(named.values()) else {})

    async def find_charges(self, references: Sequence[str], *, key: str) -> dict[str, str]:
        """Those that stand; one that was taken back is none."""
        by_external = {external_id(name): name for name in references}
        held = await self._held(list(by_external))
        return {by_external[external]: found.id for external, found in held.items() if _stands(found)}

    async def reverse_charges(self, references: Sequence[str], reason: str, *, key: str) -> Written:
        """Kept for the auditors, but never billed; one that is not there counts as reversed. Posting it again revives it."""
        held = await self._held([external_id(name) for name in references])
        taken_back = {"stage": {"id": _TAKEN_BACK}, "memo": marked(key, reason)[:LONGEST_MEMO]}
        standing = {external: taken_back for external, found in held.items() if _stands(found)}
        if standing:
            await upsert_all(self._account, _KIND, standing, key=key, done=self._taken_back)
        return Written(target_id=reference_in(key), details={"reversed": str(len(standing))})

    async def revise_charges(self, lines: Sequence[ChargeLine], *, key: str) -> Written:
        """Quantity, rate and amount of those that stand; what was taken back is not revived by its new price."""
        held = await self._held([external_id(line.billable.reference) for line in lines])
        wanted = await self._bodies(lines, key)
        # A rate that no longer multiplies to the amount must go: NetSuite keeps what it is not told.
        bodies: dict[str, Json] = {
            name: {"rate": None, **body} for name, body in wanted.items() if name in held and _stands(held[name])
        }

        async def say_so(externals: Sequence[str]) -> set[str]:
            found = await self._held(externals)
            return {name for name in externals if name in found and found[name].amount == bodies[name]["amount"]}

        await upsert_all(self._account, _KIND, bodies, key=key, done=say_so)
        return Written(target_id=reference_in(key), details={"revised": str(len(bodies))})

    async def _bodies(self, lines: Sequence[ChargeLine], key: str) -> dict[str, Json]:
        """By external id. What lines of one project, entity and kind have in common is worked out once."""
        settings, shared, bodies = self._account.settings, dict[tuple[object, ...], Json](), dict[str, Json]()
        for line in lines:
            item = line.billable
            alike = (line.project_id, line.billing_code, item.kind, item.entity, item.currency, item.dimensions)
            if alike not in shared:
                currency, subsidiary = await self._directory.currency(item.currency), self._directory.subsidiary(item.entity)
                shared[alike] = shared_fields(line, subsidiary=subsidiary, currency=currency, settings=settings)
            bodies[external_id(item.reference)] = {**shared[alike], **charge_fields(item, key)}
        return bodies

    async def _standing(self, externals: Sequence[str]) -> set[str]:
        return {external for external, found in (await self._held(externals)).items() if _stands(found)}

    async def _taken_back(self, externals: Sequence[str]) -> set[str]:
        return set(externals) - await self._standing(externals)

    async def _held(self, externals: Sequence[str]) -> dict[str, ChargeShape]:
        """Of many, queries find what is indexed and only the rest is read one by one."""
        found: dict[str, ChargeShape] = {}
        if len(externals) >= self._account.settings.batch_from:
            for start in range(0, len(externals), _ASKED_AT_ONCE):
                found |= await self._indexed(externals[start : start + _ASKED_AT_ONCE])
        rest = [external for external in externals if external not in found]
        read = await together(self._account.find(_KIND, f"eid:{external}", ChargeShape) for external in rest)
        return found | {external: one for external, one in zip(rest, read, strict=True) if one}

    async def _indexed(self, externals: Sequence[str]) -> dict[str, ChargeShape]:
        wanted = ", ".join(map(literal, externals))
        rows = self._account.query(f"SELECT id, externalid, stage, amount FROM charge WHERE externalid IN ({wanted})")
        return {str(row["externalid"]): _from_row(row) async for row in rows}


def _from_row(row: Mapping[str, object]) -> ChargeShape:
    stage = Linked(id=str(row["stage"])) if "stage" in row else None
    return ChargeShape(
        id=str(row["id"]), externalId=str(row["externalid"]), stage=stage, amount=Decimal(str(row.get("amount", 0)))
    )


def _stands(found: ChargeShape) -> bool:
    return found.stage is None or found.stage.id != _TAKEN_BACK


def shared_fields(line: ChargeLine, *, subsidiary: str, currency: str, settings: Settings) -> Json:
    """Where a charge belongs. It posts nothing, ever: it stays on hold, and our own invoice has lines of its own."""
    fields = {name: where for name, where in settings.line_dimensions.items() if where.field in _ON_CHARGES}
    return {
        "billTo": {"id": line.project_id},
        "subsidiary": {"id": subsidiary},
        "currency": {"id": currency},
        "billingItem": reference(settings.chart.charged_as(line.billing_code, line.billable.kind)),
        "use": {"id": "Actual"},
        "stage": {"id": settings.charge_stage},
        **dimension_fields(line.billable.dimensions, fields),
    }


def charge_fields(billable: Billable, key: str) -> Json:
    """What an item alone is: its days, its quantity and amount, who did it."""
    work, first, last = billable.work, billable.service.start.isoformat(), billable.service.last.isoformat()
    fields: Json = {
        "chargeDate": last,
        "serviceStartDate": first,
        "serviceEndDate": last,
        "quantity": billable.quantity,
        "amount": billable.amount.amount,
        "description": billable.description,
        "memo": marked(key, " ".join(filter(None, (work.role, work.person, work.task))))[:LONGEST_MEMO],
    }
    if billable.rate and (billable.rate * billable.quantity).rounded() == billable.amount:
        fields["rate"] = billable.rate.amount
    return fields
