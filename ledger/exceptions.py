"""The exception queue: opened once a trouble, ranked by money, settled by people, two of them where policy asks (DESIGN 6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from canonical.exception import Case
from canonical.schema import Part
from ledger.settlement import Settling, case_of

_GIVEN = (
    "key", "code", "sentence", "remedy", "subject", "evidence", "can_override", "money_amount", "money_currency", "engagement",
    "customer", "project", "entity", "correlation", "control_point", "workflow_id", "step", "asking", "owner_role", "opened_at",
    "due_at",
)  # fmt: skip
_RENEWED = ("sentence", "remedy", "evidence", "money_amount", "money_currency", "workflow_id", "step", "asking")

# One statement: the cases, and an audit row for each that is new. What this asking has had settled is not opened again.
_OPEN = f"""
WITH given AS (
    SELECT (jsonb_populate_record(NULL::cases, g)).* FROM jsonb_array_elements($1) AS t(g) ORDER BY g ->> 'key'
), heard AS (
    SELECT c.key, max(c.number) AS number FROM cases c JOIN given g ON c.key = g.key AND c.asking = g.asking AND g.asking <> ''
    WHERE c.state = 'settled' GROUP BY c.key
), opened AS (
    INSERT INTO cases ({", ".join(_GIVEN)})
    SELECT {", ".join(_GIVEN).replace("opened_at", "coalesce(opened_at, business_now())")} FROM given
    WHERE key NOT IN (SELECT key FROM heard)
    ON CONFLICT (key) WHERE state IN ('open', 'proposed')
    DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _RENEWED)}
    RETURNING *, xmax = 0 AS is_new
), noted AS (
    SELECT audit_note(coalesce(jsonb_agg(case_entry(number, key, code, engagement, correlation, workflow_id, step,
                               'open_exception', 'handoff', sentence)) FILTER (WHERE is_new), '[]')) FROM opened
)
SELECT key, number FROM opened, noted UNION ALL SELECT key, number FROM heard
"""
_RESOLVE = """
WITH closed AS (
    UPDATE cases SET state = 'resolved', decided_by = $2, reason = $3, settled_at = business_now()
    WHERE key = ANY($1) AND state IN ('open', 'proposed') RETURNING *
), noted AS (
    SELECT audit_note(coalesce(jsonb_agg(case_entry(number, key, code, engagement, correlation, workflow_id, step,
                               'resolve_exception', $2, $3)), '[]')) FROM closed
)
SELECT count(*) FROM closed, noted
"""
_FILTERS = ("state", "code", "owner_role", "entity", "engagement", "assignee", "customer", "control_point", "workflow_id")
_LIST = f"""
SELECT c.* FROM cases c LEFT JOIN unnest($1::text[], $2::numeric[]) AS r(currency, rate) ON r.currency = c.money_currency
WHERE {" AND ".join(f"(${place}::text IS NULL OR c.{name} = ${place})" for place, name in enumerate(_FILTERS, 3))}
  AND (${len(_FILTERS) + 3} OR c.state IN ('open', 'proposed'))
  AND (${len(_FILTERS) + 4} OR c.snoozed_until IS NULL OR c.snoozed_until <= business_now())
ORDER BY coalesce(c.money_amount * coalesce(r.rate, 1), 0) DESC, c.due_at NULLS LAST, c.opened_at, c.number
LIMIT ${len(_FILTERS) + 5} OFFSET ${len(_FILTERS) + 6}
"""


class CaseFilter(Part):
    """Which exceptions to list; what is None does not matter. Settled and snoozed ones are left out unless asked for."""

    state: str | None = None
    code: str | None = None
    owner_role: str | None = None
    entity: str | None = None
    engagement: str | None = None
    assignee: str | None = None
    customer: str | None = None
    control_point: str | None = None
    workflow_id: str | None = None
    with_settled: bool = False
    with_snoozed: bool = False
    limit: int = 200
    offset: int = 0


class Cases(Settling):
    """The queue as activities use it, and as boards read it; what people do to a case is in settlement.py."""

    async def open(self, cases: Sequence[Case]) -> list[int]:
        """Open them; one whose key is open already stays that case (its sentence and evidence are renewed). Numbers in order."""
        if not cases:
            return []
        last = {case.key: case.model_dump(mode="json", include=set(_GIVEN)) for case in cases}
        numbers = {row["key"]: int(row["number"]) for row in await self._database.rows(_OPEN, list(last.values()))}
        return [numbers[case.key] for case in cases]

    async def resolve(self, keys: Sequence[str], *, actor: str, reason: str) -> int:
        """Close cases that no longer hold, whatever their state; answers how many."""
        closed: int = await self._database.value(_RESOLVE, list(keys), actor, reason)
        return closed

    async def settled_of(self, numbers: Sequence[int]) -> Sequence[Case]:
        """Those of these exceptions that a person has settled."""
        rows = await self._database.rows("SELECT * FROM cases WHERE number = ANY($1) AND state = 'settled'", list(numbers))
        return [case_of(row) for row in rows]

    async def waiting_under(self, code: str) -> Sequence[Case]:
        """Those of a code that wait for people."""
        rows = await self._database.rows(
            "SELECT * FROM cases WHERE code = $1 AND state IN ('open', 'proposed') ORDER BY number LIMIT 5000", code
        )
        return [case_of(row) for row in rows]

    async def settled_within(self, hours: int) -> Sequence[Case]:
        """Decisions of the last hours that a workflow was to hear, or that have an entry looked at again."""
        rows = await self._database.rows(
            "SELECT * FROM cases WHERE state = 'settled' AND (workflow_id <> '' OR evidence ? 'entry')"
            " AND settled_at > business_now() - make_interval(hours => $1)",
            hours,
        )
        return [case_of(row) for row in rows]

    async def of_keys(self, keys: Sequence[str]) -> Sequence[Case]:
        """The newest exception of each business key."""
        rows = await self._database.rows(
            "SELECT DISTINCT ON (key) * FROM cases WHERE key = ANY($1) ORDER BY key, number DESC", list(keys)
        )
        return [case_of(row) for row in rows]

    async def standing(self, subjects: Sequence[str], *, step: str) -> Sequence[Case]:
        """The open exceptions of these subjects that a step opened and no workflow waits for."""
        rows = await self._database.rows(
            "SELECT * FROM cases WHERE state IN ('open', 'proposed') AND workflow_id = '' AND step = $2 AND subject = ANY($1)",
            list(subjects),
            step,
        )
        return [case_of(row) for row in rows]

    async def open_of(self, customer: str, control_point: str) -> Sequence[Case]:
        """Those of a customer that wait at a control point, snoozed ones too."""
        rows = await self._database.rows(
            "SELECT * FROM cases WHERE customer = $1 AND control_point = $2 AND state IN ('open', 'proposed') ORDER BY number",
            customer,
            control_point,
        )
        return [case_of(row) for row in rows]

    async def list(self, wanted: CaseFilter | None = None, *, rates: Mapping[str, Decimal] | None = None) -> Sequence[Case]:
        """Ranked by money (in a reporting currency, where ``rates`` say what each currency is worth), due time, then age."""
        asked, known = wanted or CaseFilter(), dict(rates or {})
        with_settled = asked.with_settled or asked.state is not None
        rows = await self._database.rows(
            _LIST,
            list(known),
            list(known.values()),
            *(getattr(asked, name) for name in _FILTERS),
            with_settled,
            asked.with_snoozed,
            asked.limit,
            asked.offset,
        )
        return [case_of(row) for row in rows]

    async def overdue(self, at: datetime | None = None) -> int:
        """How many open exceptions are past their due time."""
        late: int = await self._database.value(
            "SELECT count(*) FROM cases WHERE state IN ('open', 'proposed') AND due_at < coalesce($1, business_now())", at
        )
        return late
