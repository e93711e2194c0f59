"""Revenue of periods: measured, prepared under a run, posted, reversed; a run holds what changed since the last (R92, R93)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

import asyncpg

from canonical.errors import KeyReusedWithDifferentContent
from canonical.journal import Journal
from canonical.money import Money
from canonical.obligation import EarnedRow, LineStanding, ProgressMeasure, Recognition, RevenueRun, Sums
from canonical.period import Period
from canonical.provenance import Entry, Origin
from canonical.revenue_event import Progress, RevenueEvent, Treatment
from ledger.audit import as_json
from ledger.billing.amounts import money, plain
from ledger.billing.closing_journals import insert_journals
from ledger.billing.standings import standings
from ledger.database import Connection, Database, columns

Earn = Callable[[LineStanding], Iterable[Recognition]]
DrawUp = Callable[[str, Sequence[Sums]], Sequence[Journal]]

_MEASURE = """
INSERT INTO revenue_measures (contract, line, as_of, version, done, expected, source, note, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING version
"""
_EVENT = ("contract", "line", "obligation", "treatment", "currency", "account", "amount", "cumulative", "billed", "revenue",
          "asset", "liability", "done", "expected", "reason")  # fmt: skip
_NUMBERS = {"amount", "cumulative", "billed", "revenue", "asset", "liability", "done", "expected"}
_TYPED = [f"${place}::{'numeric' if name in _NUMBERS else 'text'}[]" for place, name in enumerate(_EVENT, 6)]
_EVENTS = f"""
INSERT INTO revenue_events (run, entity, starts, ends, recognized_on, {", ".join(_EVENT)})
SELECT $1, $2, $3, $4, $5, g.* FROM unnest({", ".join(_TYPED)}) AS g({", ".join(_EVENT)})
"""
_SUMS = """
SELECT currency, sum(asset) AS asset, sum(liability) AS liability, sum(obligations) AS obligations,
       jsonb_object_agg(account, revenue::text) AS revenue
FROM (SELECT currency, account, sum(revenue) AS revenue, sum(asset) AS asset, sum(liability) AS liability, count(*) AS obligations
      FROM revenue_events WHERE run = $1 GROUP BY currency, account) t GROUP BY currency ORDER BY currency
"""
_OPEN_RUN = "SELECT * FROM revenue_runs WHERE entity = $1 AND starts = $2 AND state = 'prepared' ORDER BY number LIMIT 1"
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM revenue_runs WHERE entity = $1 AND starts = $2"
_RUN = """
INSERT INTO revenue_runs (reference, entity, starts, ends, number, accounting_date, correlation, obligations, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_JOURNALS = "(SELECT array_agg(reference ORDER BY reference) FROM closing_journals j WHERE j.run = r.reference) AS journals"
_RUNS = f"""
SELECT r.*, {_JOURNALS} FROM revenue_runs r
WHERE r.entity = $1 AND ($2::date IS NULL OR r.starts = $2) ORDER BY r.starts DESC, r.number DESC LIMIT 100
"""
_EARNED = """
SELECT contract, line, obligation, max(currency) AS currency, sum(e.amount) AS earned, sum(e.asset) AS asset,
       sum(e.liability) AS liability, (array_agg(e.billed ORDER BY e.ends DESC, e.id DESC))[1] AS billed,
       (array_agg(to_jsonb(e) || jsonb_build_object(
            'amount', e.amount::text, 'cumulative', e.cumulative::text, 'done', e.done::text, 'expected', e.expected::text)
        ORDER BY e.ends DESC, e.id DESC))[1] AS last
FROM revenue_events e JOIN revenue_runs r ON r.reference = e.run
WHERE r.state IN ('prepared', 'posted') AND ($1 = '' OR e.entity = $1) AND ($2 = '' OR contract = $2)
GROUP BY contract, line, obligation ORDER BY contract, line, obligation LIMIT $3
"""


class Revenue:
    """What periods earned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def measure(self, measure: ProgressMeasure, *, origin: Origin) -> bool:
        """Keep an estimate; false where it is known already. Another one for the same day wants a higher version."""
        values = (measure.progress.done, measure.progress.expected, measure.source, measure.note)
        async with self._database.transaction() as connection:
            key = (measure.contract, measure.line, measure.as_of, measure.version)
            if await connection.fetchval(_MEASURE, *key, *values, origin.actor) is not None:
                progress = f"{measure.progress.done} of {measure.progress.expected}"
                said = {"line": measure.line, "as_of": str(measure.as_of), "progress": progress}
                await connection.execute("SELECT audit_note($1)", _entry("measure_progress", measure.contract, origin, **said))
                return True
            held = await connection.fetchrow(
                "SELECT done, expected FROM revenue_measures WHERE (contract, line, as_of, version) = ($1, $2, $3, $4)", *key
            )
        if held is None or (held["done"], held["expected"]) != values[:2]:
            raise KeyReusedWithDifferentContent(
                f"Line {measure.line} of {measure.contract} was measured otherwise on {measure.as_of}.",
                remedy="Give the corrected estimate the next version: the earlier one stays on record.",
            )
        return False

    async def prepare(
        self, entity: str, period: Period, on: date, earn: Earn, draw_up: DrawUp, *, origin: Origin
    ) -> RevenueRun | None:
        """What is to be recognized now, kept under a run with its journals, in one transaction; one that was prepared and not
        posted is the answer. None where nothing has changed since the last run."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"revenue/{entity}")
            known = await connection.fetchrow(_OPEN_RUN, entity, period.start)
            if known is not None:
                return await self._read(connection, known["reference"])
            number = await connection.fetchval(_NEXT, entity, period.start)
            run = RevenueRun(
                reference=f"REV-{entity}-{period.start:%Y-%m}-{number}", entity=entity, start=period.start, end=period.end,
                number=number, state="prepared", accounting_date=on,
            )  # fmt: skip
            count = await self._keep_events(connection, run, earn)
            if not count:
                return None
            await self._conclude(connection, run, count, draw_up, origin)
            return await self._read(connection, run.reference)

    async def due(self, entity: str, period: Period, earn: Earn) -> int:
        """How many obligations have something to recognize; nothing is kept."""
        async with self._database.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            count = 0
            async for page in standings(connection, entity, period.end):
                count += sum(1 for line in page for _ in earn(line))
            return count

    async def settle(self, run: str, state: str, *, origin: Origin) -> None:
        """A run is posted, reversed or withdrawn."""
        async with self._database.transaction() as connection:
            done = await connection.fetchval(
                "UPDATE revenue_runs SET state = $2, settled_at = business_now() WHERE reference = $1 AND state <> $2"
                " RETURNING 1",
                run, state,
            )  # fmt: skip
            if done:
                await connection.execute("SELECT audit_note($1)", _entry(f"revenue_{state}", run, origin))

    async def runs(self, entity: str, start: date | None = None) -> Sequence[RevenueRun]:
        """The runs of an entity (of a period), the newest first."""
        return [_run(row) for row in await self._database.rows(_RUNS, entity, start)]

    async def earned(self, *, entity: str = "", contract: str = "", limit: int = 1_000) -> Sequence[EarnedRow]:
        """Billed against earned, by obligation, with its last event (R94)."""
        return [_earned(row) for row in await self._database.rows(_EARNED, entity, contract, limit)]

    async def _keep_events(self, connection: Connection, run: RevenueRun, earn: Earn) -> int:
        count = 0
        facts = (run.reference, run.entity, run.start, run.end, run.accounting_date)
        async for page in standings(connection, run.entity, run.end):
            rows = [_row(one) for line in page for one in earn(line)]
            if rows:
                await connection.execute(_EVENTS, *facts, *columns(rows, len(_EVENT)))
            count += len(rows)
        return count

    async def _conclude(self, connection: Connection, run: RevenueRun, count: int, draw_up: DrawUp, origin: Origin) -> None:
        sums = [_sum(row) for row in await connection.fetch(_SUMS, run.reference)]
        drawn, period = draw_up(run.reference, sums), Period(start=run.start, end=run.end)
        await insert_journals(connection, "revenue", period, [(one, count) for one in drawn], run=run.reference, state="approved")
        state = "prepared" if drawn else "posted"
        facts = (run.reference, run.entity, run.start, run.end, run.number, run.accounting_date, origin.correlation)
        await connection.execute(_RUN, *facts, count, state)
        said = {"obligations": str(count), "journals": str(len(drawn))}
        await connection.execute("SELECT audit_note($1)", _entry("recognize_revenue", run.reference, origin, **said))

    async def _read(self, connection: Connection, reference: str) -> RevenueRun:
        row = await connection.fetchrow(f"SELECT r.*, {_JOURNALS} FROM revenue_runs r WHERE r.reference = $1", reference)
        assert row is not None
        return _run(row)


def _row(one: Recognition) -> tuple[object, ...]:
    names = ("amount", "cumulative", "billed", "revenue", "asset", "liability")
    amounts: dict[str, Decimal] = {name: getattr(one, name).amount for name in names}
    progress = (one.progress.done, one.progress.expected) if one.progress else (None, None)
    head = (one.contract, one.line, one.obligation, one.treatment.value, one.amount.currency, one.account)
    return (*head, *amounts.values(), *progress, one.reason)


def _sum(row: asyncpg.Record) -> Sums:
    revenue = {account: Decimal(amount) for account, amount in row["revenue"].items()}
    asset, liability = plain(row["asset"]), plain(row["liability"])
    return Sums(currency=row["currency"], revenue=revenue, asset=asset, liability=liability, obligations=row["obligations"])


def _run(row: asyncpg.Record) -> RevenueRun:
    names = ("reference", "entity", "number", "state", "accounting_date", "obligations", "prepared_at")
    plain_ones = {name: row[name] for name in names}
    return RevenueRun(**plain_ones, start=row["starts"], end=row["ends"], journals=tuple(row["journals"] or ()))


def _earned(row: asyncpg.Record) -> EarnedRow:
    last = row["last"]
    progress = Progress(done=Decimal(last["done"]), expected=Decimal(last["expected"])) if last["done"] else None
    currency, treatment = row["currency"], Treatment(last["treatment"])
    event = RevenueEvent(
        reference=f"{last['run']}.{last['id']}",
        contract=row["contract"],
        line=row["line"],
        obligation=row["obligation"],
        treatment=treatment,
        period=Period(start=date.fromisoformat(last["starts"]), end=date.fromisoformat(last["ends"])),
        recognized_on=date.fromisoformat(last["recognized_on"]),
        amount=Money.of(last["amount"], currency),
        cumulative=Money.of(last["cumulative"], currency),
        progress=progress,
        reason=last["reason"],
    )
    return EarnedRow(
        contract=row["contract"],
        line=row["line"],
        obligation=row["obligation"],
        treatment=treatment,
        earned=money(row, "earned"),
        billed=money(row, "billed"),
        asset=money(row, "asset"),
        liability=money(row, "liability"),
        last=event,
    )


def _entry(action: str, reference: str, origin: Origin, **details: str) -> object:
    entry = Entry(
        action=action, origin=origin, system="handoff", kind="revenue", source_id=reference, key=f"{action}/{reference}",
        outcome="done", details=details,
    )  # fmt: skip
    return as_json([entry])
