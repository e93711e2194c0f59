"""Whether what must hold does hold: each check compared with ledger and vendors, told in the words of the file."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from canonical.money import Money
from rehearsal import check
from rehearsal.arrivals import Arrivals
from rehearsal.estate import Record, estate, found, number, same
from rehearsal.scene import Scene
from rehearsal.vendors import is_write
from rehearsal.words import spoken
from rehearsal.world import SYSTEMS, Json, SystemName

_PATIENCE = 5.0
_PAUSE = 0.1
_DEAL_FIELDS = {"psa_project": "Psa_Project_Id__c", "erp_project": "Erp_Project_Id__c", "workspace": "Workspace_Url__c"}


@dataclass(frozen=True)
class Evidence:
    """Everything that is judged, read at one time."""

    engagements: dict[str, Json]
    cases: list[Json]
    effects: list[Json]
    inbox: list[Json]
    documents: list[Json]
    sub_ledgers: list[Json]
    billables: list[Json]
    records: list[Record]
    calls: dict[SystemName, list[Json]]
    traces: dict[str, str]
    acknowledged: list[float]


async def gather(scene: Scene, arrivals: Arrivals, contracts: set[str]) -> Evidence:
    """Read it all."""
    vendors = scene.stage.vendors
    known = {row["reference"]: row for row in await scene.view.engagements()}
    traces = {contract: (await scene.office.trace(contract)).model_dump_json() for contract in contracts & set(known)}
    return Evidence(
        engagements=known,
        cases=await scene.view.cases(),
        effects=await scene.view.effects(),
        inbox=await scene.view.inbox(),
        documents=await scene.view.billing_documents(),
        sub_ledgers=await scene.view.sub_ledgers(),
        billables=await scene.view.billables(),
        records=await estate(vendors),
        calls={name: await vendors[name].calls() for name in SYSTEMS},
        traces=traces,
        acknowledged=await arrivals.times(),
    )


async def differences(scene: Scene, arrivals: Arrivals, checks: tuple[check.Check, ...]) -> dict[int, list[str]]:
    """By the check's number what differs; what is on its way gets a few seconds to arrive."""
    contracts = {given.trace.contract for given in checks if given.trace}
    deadline = time.monotonic() + _PATIENCE * scene.manner.patience
    while True:
        judge = Judge(await gather(scene, arrivals, contracts))
        told = {n: list(judge.differences(given)) for n, given in enumerate(checks)}
        failed = {n: said for n, said in told.items() if said}
        if not failed or time.monotonic() > deadline:
            return failed
        await asyncio.sleep(_PAUSE)


class Judge:
    """Compares checks with evidence; each difference is a sentence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def differences(self, given: check.Check) -> Iterator[str]:
        """What of this check does not hold."""
        compare: Callable[[Any], Iterator[str]] = getattr(self, f"_{given.about}")
        return compare(getattr(given, given.about))

    def _engagement(self, wanted: check.EngagementCheck) -> Iterator[str]:
        row = self._evidence.engagements.get(wanted.contract)
        if row is None:
            yield f"expected an engagement {wanted.contract}, found none"
            return
        value = _money(row["value_amount"], row["value_currency"])
        who = f"engagement {wanted.contract}"
        yield from _differs(f"the status of {who}", wanted.status and wanted.status.value, row["status"])
        yield from _differs(f"the value of {who}", wanted.value, value)
        yield from _differs(f"the version of {who}", wanted.version, row["version"])
        targets = row["targets"] or {}
        for name in wanted.has:
            if not any(_is_target(held, name) for held in targets):
                yield f"expected {who} to have a {name}, found {_listed(targets)}"
        for name in wanted.lacks:
            if any(_is_target(held, name) for held in targets):
                yield f"expected {who} to have no {name}, found {_listed(targets)}"
        yield from _lacks(f"the note of {who}", wanted.says, row["note"])

    def _engagements(self, wanted: int) -> Iterator[str]:
        yield from _differs("the number of engagements", wanted, len(self._evidence.engagements))

    def _exceptions(self, wanted: check.ExceptionsCheck) -> Iterator[str]:
        of_code = [
            case
            for case in self._evidence.cases
            if case["code"] == wanted.code
            and wanted.contract in {None, case["engagement"]}
            and wanted.subject in {None, case["subject"]}
        ]
        chosen = [case for case in of_code if wanted.state in {None, case["state"]}]
        what = " ".join(filter(None, [wanted.code, wanted.subject, wanted.state and f"({wanted.state.value})"]))
        if len(chosen) != wanted.count:
            others = "; ".join(f"{case['code']} {case['subject']} {case['state']}".strip() for case in self._evidence.cases)
            yield f"expected {wanted.count} exceptions {what}, found {len(chosen)}; all there are: {others or 'none'}"
        for case in chosen:
            money = _money(case["money_amount"], case["money_currency"])
            yield from _differs(f"the money at risk of {what}", wanted.money, money)
            yield from _differs(f"the owner of {what}", wanted.owner, case["owner_role"])
            yield from _lacks(f"the sentence of {what}", wanted.says, case["sentence"])

    def _invoices(self, wanted: check.InvoiceCheck) -> Iterator[str]:
        run = f"{wanted.contract}/{wanted.run}"
        chosen = [
            one
            for one in self._evidence.documents
            if one["kind"] == "invoice" and one["contract"] == wanted.contract and (not wanted.run or one["run"] == run)
        ]
        what = f"invoices of {run.rstrip('/')}"
        if len(chosen) != wanted.count:
            names = ", ".join(one["reference"] for one in chosen)
            yield f"expected {wanted.count} {what}, found {len(chosen)}: {names or 'none'}"
        for one in chosen:
            yield from _of_invoice(wanted, one)

    def _sub_ledger(self, wanted: check.SubLedgerCheck) -> Iterator[str]:
        which = (wanted.kind.value, wanted.contract, wanted.name)
        found = [one for one in self._evidence.sub_ledgers if (one["kind"], one["contract"], one["name"]) == which]
        if not found:
            yield f"expected a {wanted.kind.value} {wanted.name} of {wanted.contract}, found none"
        for one in found:
            yield from _differs(f"the balance of {wanted.kind.value} {wanted.name}", wanted.balance, one["balance"])

    def _billables(self, wanted: check.BillablesCheck) -> Iterator[str]:
        chosen = [
            one
            for one in self._evidence.billables
            if one["contract"] == wanted.contract and wanted.kind in {None, one["kind"]} and one["state"] != "withdrawn"
        ]
        what = f"{wanted.kind.value if wanted.kind else 'billable'} items of {wanted.contract}"
        yield from _differs(f"the number of {what}", wanted.count, len(chosen))
        yield from _differs(f"what was approved of {what}", wanted.approved, sum((one["approved"] for one in chosen), Decimal(0)))
        net = sum((one["billed"] - one["credited"] for one in chosen), Decimal(0))
        yield from _differs(f"what is billed of {what}", wanted.billed, net)

    def _records(self, wanted: check.RecordsCheck) -> Iterator[str]:
        chosen = [
            record
            for record in self._evidence.records
            if (record.system, record.kind) == (wanted.system, wanted.kind)
            and wanted.contract in {None, record.contract}
            and record.live == wanted.live
            and record.has(wanted.where)
        ]
        what = f"{'' if wanted.live else 'withdrawn '}{wanted.kind} records in {wanted.system}"
        what += f" of {wanted.contract}" if wanted.contract else ""
        what += f" where {_listed(wanted.where)}" if wanted.where else ""
        if wanted.count is not None and len(chosen) != wanted.count:
            yield f"expected {wanted.count} {what}, found {len(chosen)}{_ids(chosen)}"
        if not chosen and (wanted.holds or wanted.total):
            yield f"expected {what}, found none"
        for record in chosen:
            yield from self._holds(record, wanted)
        for name, total in wanted.total.items():
            amounts = [number(found(record.fields, name)) or Decimal(0) for record in chosen]
            yield from _differs(f"the total of {name} over {what}", total, sum(amounts, Decimal(0)))

    @staticmethod
    def _holds(record: Record, wanted: check.RecordsCheck) -> Iterator[str]:
        for name, value in wanted.holds.items():
            held = found(record.fields, name)
            if not same(held, value):
                yield f"expected {name} of {wanted.kind} {record.id} in {wanted.system} to be {value}, found {held}"

    def _deal(self, wanted: check.DealCheck) -> Iterator[str]:
        deals = [r for r in self._evidence.records if r.kind == "deal" and r.contract == wanted.contract]
        if not deals:
            yield f"expected a deal for {wanted.contract}, found none"
            return
        fields, what = deals[0].fields, f"the deal of {wanted.contract}"
        yield from _differs(f"the handoff status on {what}", wanted.status, fields.get("Handoff_Status__c"))
        yield from _lacks(f"the note on {what}", wanted.says, fields.get("Handoff_Note__c"))
        for name in wanted.names:
            if not fields.get(_DEAL_FIELDS[name]):
                yield f"expected {what} to name its {name}, found nothing there"

    def _deliveries(self, wanted: check.DeliveriesCheck) -> Iterator[str]:
        rows = [row for row in self._evidence.inbox if wanted.contract in {None, row["contract"]}]
        by_outcome = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ("taken", "parked", "conflicting")}
        arrived = sum(row["deliveries"] for row in rows)
        counts = {"all": arrived, **by_outcome, "duplicates": arrived - sum(by_outcome.values())}
        for name, count in wanted.model_dump(exclude_none=True, exclude={"contract"}).items():
            yield from _differs(f"the number of deliveries ({name})", count, counts[name])

    def _calls(self, wanted: check.CallsCheck) -> Iterator[str]:
        seen = [
            call
            for call in self._evidence.calls[wanted.system]
            if wanted.method in {None, call["method"]} and wanted.path in call["path"]
        ]
        yield from _differs(
            f"the number of calls {wanted.method or ''} {wanted.path} to {wanted.system}", wanted.count, len(seen)
        )

    def _effects(self, wanted: check.EffectsCheck) -> Iterator[str]:
        chosen = [
            effect
            for effect in self._evidence.effects
            if effect["kind"] == wanted.kind
            and wanted.contract in {None, effect["engagement"]}
            and wanted.state in {None, effect["state"]}
            and wanted.adopted in {None, effect["is_adopted"]}
        ]
        how = {True: " adopted", False: " not adopted", None: ""}[wanted.adopted]
        all_there = ", ".join(f"{e['key']} {e['state']}{' adopted' if e['is_adopted'] else ''}" for e in self._evidence.effects)
        if len(chosen) != wanted.count:
            what = f"{wanted.count} writes of {wanted.kind}{how} {wanted.state or ''}".strip()
            yield f"expected {what}, found {len(chosen)}; all there are: {all_there}"

    def _trace(self, wanted: check.TraceCheck) -> Iterator[str]:
        told = self._evidence.traces.get(wanted.contract)
        if told is None:
            yield f"expected our own store to tell the story of {wanted.contract}, found no such engagement"
            return
        for words in wanted.holds:
            yield from _lacks(f"the story of {wanted.contract}", words, told)

    def _acknowledged(self, wanted: check.AcknowledgedCheck) -> Iterator[str]:
        times = sorted(self._evidence.acknowledged)
        p95 = times[int(len(times) * 0.95)] if times else None
        if p95 is None or p95 >= wanted.p95_below.total_seconds():
            measured = "nothing" if p95 is None else f"{p95:.3f} s over {len(times)}"
            yield f"expected 95 % of the acknowledgments within {spoken(wanted.p95_below)}, found {measured}"

    def _activation_time(self, wanted: check.ActivationTimeCheck) -> Iterator[str]:
        row = self._evidence.engagements.get(wanted.contract)
        if row is None or row["executed_at"] is None or row["activated_at"] is None:
            yield f"expected {wanted.contract} to have been executed and activated, found that it was not"
            return
        took: timedelta = row["activated_at"] - row["executed_at"]
        if (wanted.at_least and took < wanted.at_least) or (wanted.at_most and took > wanted.at_most):
            bounds = f"between {wanted.at_least} and {wanted.at_most}"
            yield f"expected the activation of {wanted.contract} to take {bounds}, found {took}"

    def _untouched(self, wanted: tuple[SystemName, ...]) -> Iterator[str]:
        for name in wanted:
            writes = [f"{call['method']} {call['path']}" for call in self._evidence.calls[name] if is_write(call)]
            if writes:
                yield f"expected nothing to be written in {name}, found {len(writes)} writes, the first {writes[0]}"


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


def _is_target(held: str, name: str) -> bool:
    """Targets are kept by kind, in front of which a board may name the system and behind which a part may stand."""
    return held == name or held.endswith(f" {name}") or held.split(" ")[-1].startswith(f"{name}.")


def _differs(what: str, wanted: object, held: object) -> Iterator[str]:
    if wanted is not None and wanted != held:
        yield f"expected {what} to be {wanted}, found {'nothing' if held is None else held}"


def _lacks(what: str, words: str | None, text: str | None) -> Iterator[str]:
    if words is not None and words.lower() not in (text or "").lower():
        shown = (text or "nothing").replace("\n", " ")
        yield f"expected {what} to say '{words}', found {shown if len(shown) < 400 else f'{len(shown)} characters without it'}"


def _listed(values: Json) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"


def _ids(records: list[Record]) -> str:
    return f" ({', '.join(f'{record.reference} is {record.id}' for record in records[:8])})" if records else ""


def _of_invoice(wanted: check.InvoiceCheck, one: Json) -> Iterator[str]:
    which = f"invoice {one['reference']}"
    yield from _differs(f"the state of {which}", wanted.state and wanted.state.value, one["state"])
    for name in ("net", "tax", "total"):
        yield from _differs(f"the {name} of {which}", getattr(wanted, name), _money(one[name], one["currency"]))
    yield from _differs(f"the purchase order of {which}", wanted.purchase_order, one["purchase_order"])
    if wanted.lines and sorted(wanted.lines) != sorted(one["lines"]):
        yield f"expected the lines of {which} to be {_amounts(wanted.lines)}, found {_amounts(one['lines'])}"
    posted = {account: Decimal(amount) for account, amount in one["posts"].items()}
    if wanted.posts and wanted.posts != posted:
        yield f"expected {which} to post {_by_account(wanted.posts)}, found {_by_account(posted)}"


def _amounts(amounts: Iterable[Decimal]) -> str:
    return ", ".join(f"{amount:,.2f}" for amount in sorted(amounts)) or "none"


def _by_account(posts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{account} {amount:,.2f}" for account, amount in sorted(posts.items())) or "nothing"
