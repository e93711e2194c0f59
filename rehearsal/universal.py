"""What must hold after every story, whatever it is about: once, traced, decided, explained, and nothing stuck."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta

from canonical.period import Period
from canonical.reconciliation import DiscrepancyType
from rehearsal.estate import doubles, estate
from rehearsal.reading import Story
from rehearsal.record import Json, Record
from rehearsal.scene import Scene
from rehearsal.stage import SUBJECT
from rehearsal.systems.registry import KNOWN

_UNDECIDED = {"reserved", "calling", "unknown"}
_REQUIRED = {
    "source_id": "source id",
    "target_id": "target id",
    "correlation": "correlation id",
    "mapping_version": "mapping version",
    "actor": "actor",
}
_EXPLAINED = {DiscrepancyType.HELD, DiscrepancyType.ROUNDING}
_EVER = Period(start=date(2000, 1, 1), end=date(2100, 1, 1))
_PATIENCE = timedelta(seconds=60)
_STUCK = "TemporalReportedProblems IS NOT NULL"


async def breaches(scene: Scene, known: set[str]) -> list[str]:
    """Every universal assertion that does not hold; ``known`` codes of exceptions are explained."""
    records = await estate(scene.stage.vendors)
    references, audit = await scene.view.references(), await scene.view.audit()
    return [
        *_once(records),
        *_traced(references, audit),
        *_bound(records, references),
        *[said for name, vendor in scene.stage.vendors.by_name.items() for said in KNOWN[name].wrong(await vendor.state())],
        *(f"audit: the chain does not verify at {place}" for place in await scene.office.verify_audit()),
        *_decided(await scene.view.effects()),
        *_concluded(await scene.view.inbox()),
        *_explained(known, await scene.view.cases()),
        *(await _unreconciled(scene, known)),
        *[f"engine: the workflow {w.id} is stuck" async for w in scene.office.client.list_workflows(_STUCK)],
    ]


def mentioned(story: Story) -> set[str]:
    """Codes of exceptions that the story itself speaks of."""
    scenario = story.scenario
    checks = [*scenario.then, *(one for step in scenario.steps for one in step.check or ())]
    codes = {one.exceptions.code for one in checks if one.exceptions}
    codes |= {code for step in scenario.steps if (code := getattr(step.particulars, "exception", None))}
    reconciled = [one.reconciled for one in checks if one.reconciled]
    codes |= {f"{one.type.value} {one.comparison}" for run in reconciled for one in run.found or ()}
    return codes | set(scenario.explains)


async def _unreconciled(scene: Scene, known: set[str]) -> list[str]:
    """Every entity of the story, all days, without healing anything; what waits on purpose and roundings explain themselves."""
    await scene.stage.vendors.lift()
    entities = sorted({row["entity"] for row in await scene.view.engagements() if row["entity"]})
    runs = (
        scene.office.reconciliation.run(entity, since=_EVER.start, through=_EVER.last, is_report_only=True, actor=SUBJECT)
        for entity in entities
    )
    try:
        done = await asyncio.wait_for(asyncio.gather(*runs), _PATIENCE.total_seconds() * scene.manner.patience)
    except TimeoutError:
        return [f"U5: the reconciliation of {', '.join(entities)} did not end within {_PATIENCE}"]
    books = scene.office.books.reconciliation
    found = [one for run in done for one in await books.findings.of_run(run.run)]
    return [
        f"U5: {one.entity}, {one.comparison}: {one.type.value} {one.key} of {one.day or 'no day'}: {one.left} against {one.right}"
        for one in found
        if one.type not in _EXPLAINED and not known & {one.type.value, f"{one.type.value} {one.comparison}"}
    ]


def _once(records: list[Record]) -> Iterator[str]:
    for (system, kind, reference), ids in doubles(records).items():
        yield f"U2: {system} has {len(ids)} live {kind} records for {reference}: {', '.join(ids)}"


def _traced(references: list[Json], audit: list[Json]) -> Iterator[str]:
    rows = {(row["system"], row["target_id"]): row for row in audit if row["target_id"] and row["key"]}
    for pair in references:
        row = rows.get((pair["system"], pair["target_id"]))
        what = f"{pair['kind']} {pair['target_id']} in {pair['system']}"
        if row is None:
            yield f"U4: the trail does not tell where {what} comes from"
            continue
        missing = [name for field, name in _REQUIRED.items() if not row[field]]
        if missing:
            yield f"U4: the trail of {what} has no {', '.join(missing)}"


def _bound(records: list[Record], references: list[Json]) -> Iterator[str]:
    """A record of ours that the ledger does not know is an orphan; one that was there before has no reference of ours."""
    known = {(pair["system"], pair["target_id"]) for pair in references}
    for record in records:
        if (
            record.live
            and record.reference
            and record.kind in KNOWN[record.system].bound
            and (record.system, record.id) not in known
        ):
            yield f"U4: {record.kind} {record.id} ({record.reference}) in {record.system} is bound to nothing of ours"


def _decided(effects: list[Json]) -> Iterator[str]:
    for effect in effects:
        if effect["state"] in _UNDECIDED:
            yield f"effects: {effect['key']} in {effect['system']} is left {effect['state']}"


def _concluded(inbox: list[Json]) -> Iterator[str]:
    for row in inbox:
        if row["outcome"] is None:
            yield f"inbox: delivery {row['number']} from {row['source']} ({row['event_id']}) was never concluded"


def _explained(known: set[str], cases: list[Json]) -> Iterator[str]:
    for case in cases:
        if case["code"] not in known:
            yield f"U5: the exception {case['code']} is not of this story: {case['sentence']}"
