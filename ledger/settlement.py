"""What people do to an exception: take it on, put it off, propose, approve, settle; the proposer never approves (DESIGN 6)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from canonical.errors import MoveRefused, NotFound, Rejected
from canonical.exception import Case, CaseState, Decision
from canonical.schema import Part
from ledger.database import Database

STORED = tuple(name for name in Case.model_fields if name not in {"number", "schema_version"})

ALIVE = ["open", "proposed"]
_CHANGE = "SELECT * FROM change_case($1, $2, $3, $4, $5, $6)"
_OVERDUE = """
SELECT * FROM cases WHERE state IN ('open', 'proposed') AND due_at <= business_now()
AND (snoozed_until IS NULL OR snoozed_until <= business_now()) ORDER BY number FOR UPDATE SKIP LOCKED
"""
_PASS_ON = """
WITH told AS (SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS t(number, owner_role, due_at)), passed AS (
    UPDATE cases c SET owner_role = t.owner_role, due_at = t.due_at, escalations = escalations + 1
    FROM told t WHERE c.number = t.number RETURNING c.*
), noted AS (
    SELECT audit_note(coalesce(jsonb_agg(case_entry(number, key, code, engagement, correlation, workflow_id, step,
                               'escalate_exception', 'handoff', 'overdue; now with ' || owner_role)), '[]')) FROM passed
)
SELECT number FROM passed, noted ORDER BY number
"""


class Escalated(Part):
    """Who has an overdue exception next, and until when."""

    owner_role: str
    due_at: datetime


Escalation = Callable[[Case, datetime], Escalated]
"""The firm's rule: given the overdue case and the business time, who is next."""


def stays_with_owner(case: Case, now: datetime) -> Escalated:
    """Where policy names nobody else: the same owner, with as much time again as there was, a day at least."""
    given = (case.due_at or now) - (case.opened_at or now)
    return Escalated(owner_role=case.owner_role, due_at=now + max(given, timedelta(days=1)))


class Settling:
    """The steps of a person on an exception; every one is audited, and whoever acts is named."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, number: int) -> Case:
        """One exception."""
        row = await self._database.row("SELECT * FROM cases WHERE number = $1", number)
        if row is None:
            raise NotFound(f"There is no exception {number}.", remedy="Take the number from `handoff exceptions list`.")
        return case_of(row)

    async def propose(self, number: int, decision: Decision, *, actor: str, reason: str, adopt: str = "") -> Case:
        """A decision that needs a second pair of eyes."""
        await self._allow(number, decision, reason, adopt)
        changes = {"state": "proposed", "decision": decision, "decided_by": actor, "reason": reason, "adopt": adopt}
        return await self._change(number, ["open"], "propose_settlement", actor, f"{decision}: {reason}", changes)

    async def approve(self, number: int, *, actor: str) -> Case:
        """The second pair of eyes says yes; the waiting workflow may hear it."""
        proposed = await self.read(number)
        if proposed.decided_by == actor and proposed.state is CaseState.PROPOSED:
            raise MoveRefused(
                f"{actor} proposed how to settle exception {number} and cannot approve it too.",
                remedy="To settle it, somebody else who may approve must look at the proposal.",
                code="SAME_PAIR_OF_EYES",
            )
        words = f"{proposed.decision}: {proposed.reason}"
        changes = {"state": "settled", "approved_by": actor}
        return await self._change(number, ["proposed"], "approve_settlement", actor, words, changes)

    async def decline(self, number: int, *, actor: str, reason: str) -> Case:
        """The second pair of eyes says no, or the proposer takes it back; the exception is open again."""
        changes = {"state": "open", "decision": None, "decided_by": "", "reason": "", "adopt": ""}
        return await self._change(number, ["proposed"], "decline_settlement", actor, reason, changes)

    async def settle(self, number: int, decision: Decision, *, actor: str, reason: str = "", adopt: str = "") -> Case:
        """A final decision by one person, where policy asks for one only."""
        await self._allow(number, decision, reason, adopt)
        changes = {"state": "settled", "decision": decision, "decided_by": actor, "reason": reason, "adopt": adopt}
        return await self._change(number, ["open"], "settle_exception", actor, f"{decision}: {reason}", changes)

    async def assign(self, number: int, *, actor: str, assignee: str = "", owner_role: str = "") -> Case:
        """To a person, to another role, or both."""
        changes = {name: value for name, value in (("assignee", assignee), ("owner_role", owner_role)) if value}
        return await self._change(number, ALIVE, "assign_exception", actor, f"to {assignee or owner_role}", changes)

    async def snooze(self, number: int, *, actor: str, until: datetime, reason: str) -> Case:
        """Out of sight until then; the due time does not move."""
        changes = {"snoozed_until": until.isoformat()}
        return await self._change(number, ALIVE, "snooze_exception", actor, f"until {until.isoformat()}: {reason}", changes)

    async def hand_to_ticket(self, number: int, *, actor: str, ticket: str) -> Case:
        """It is worked on in the service desk, under that ticket."""
        return await self._change(number, ALIVE, "hand_exception_to_ticket", actor, ticket, {"ticket": ticket})

    async def escalate(self, next_owner: Escalation = stays_with_owner) -> list[int]:
        """Pass overdue exceptions on; answers their numbers."""
        async with self._database.transaction() as connection:
            late = [case_of(row) for row in await connection.fetch(_OVERDUE)]
            if not late:
                return []
            now = await connection.fetchval("SELECT business_now()")
            told = [next_owner(case, now) for case in late]
            numbers, owners, dues = [case.number for case in late], [t.owner_role for t in told], [t.due_at for t in told]
            return [row["number"] for row in await connection.fetch(_PASS_ON, numbers, owners, dues)]

    async def _allow(self, number: int, decision: Decision, reason: str, adopt: str) -> None:
        case = await self.read(number)
        if decision is Decision.OVERRIDE and not case.can_override:
            raise MoveRefused(f"Exception {number} cannot be overridden: {case.sentence}", remedy=case.remedy, code="NO_OVERRIDE")
        if decision is Decision.OVERRIDE and not reason:
            raise Rejected(
                f"To override exception {number} you must give a reason.", remedy="Say why, in words an auditor can follow."
            )
        if decision is Decision.ADOPT and not adopt:
            raise Rejected(
                f"To adopt a record for exception {number} you must name it.", remedy="Give its id in the target system."
            )

    async def _change(
        self, number: int, states: list[str], did: str, actor: str, words: str, changes: dict[str, str | None] | dict[str, str]
    ) -> Case:
        row = await self._database.row(_CHANGE, number, states, did, actor, words, changes)
        if row is not None:
            return case_of(row)
        case = await self.read(number)
        raise MoveRefused(
            f"Exception {number} is {case.state}; this is possible while it is {' or '.join(states)} only.",
            remedy=f"Look at `handoff exceptions show {number}`: somebody may have been quicker.",
        )


def case_of(row: asyncpg.Record) -> Case:
    """A row as the published object."""
    fields: dict[str, Any] = {name: row[name] for name in STORED}
    return Case(number=row["number"], **fields)
