"""Credits that were asked for: kept once under their reference, moved by approval, posting, rejection; each move in the trail."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from canonical.credit import ALLOWED, CreditProposal, ProposalState
from canonical.errors import KeyReusedWithDifferentContent, MoveRefused, NotFound
from canonical.provenance import Entry, Origin
from canonical.reference import fingerprint
from ledger.audit import as_json
from ledger.database import Database

_KEEP = """
INSERT INTO credit_proposals (reference, invoice, contract, entity, customer, fingerprint, content, proposed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (reference) DO NOTHING RETURNING reference
"""
_MOVE = """
UPDATE credit_proposals SET state = $2, changed_at = business_now(),
       decided_by = coalesce(nullif($4, ''), decided_by), note = coalesce(nullif($5, ''), note)
WHERE reference = $1 AND state = ANY ($3) RETURNING *
"""
_WAITING = ["proposed", "approved"]
_LIST = """
SELECT * FROM credit_proposals
WHERE ($1::text = '' OR contract = $1) AND ($2::text = '' OR invoice = $2) AND ($3::text[] = '{}' OR state = ANY ($3))
ORDER BY proposed_at, reference
"""
_HELD = ("state", "proposed_by", "proposed_at", "decided_by", "note")


class CreditProposals:
    """What waits for a second person, and what became of the rest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, proposal: CreditProposal, *, origin: Origin) -> CreditProposal:
        """Keep a proposal; the same request again is the one that is known, another one under its reference is refused."""
        request = proposal.request
        content, print_ = proposal.model_dump(mode="json"), fingerprint(request)
        names = (request.reference, request.invoice, proposal.contract, proposal.entity, proposal.customer)
        async with self._database.transaction() as connection:
            is_new = await connection.fetchval(_KEEP, *names, print_, content, proposal.proposed_by)
            if is_new:
                amounts = {"net": str(proposal.net), "total": str(proposal.total), "invoice": request.invoice}
                await connection.execute("SELECT audit_note($1)", _entry("propose_credit", request.reference, origin, **amounts))
        known = await self._database.value("SELECT fingerprint FROM credit_proposals WHERE reference = $1", request.reference)
        if known != print_:
            raise KeyReusedWithDifferentContent(
                f"Credit {request.reference} was proposed before, and of something else.",
                remedy="Give this credit a reference of its own.",
            )
        return await self.read(request.reference)

    async def known(self, reference: str) -> CreditProposal | None:
        """A proposal, if there is one of that name."""
        row = await self._database.row("SELECT * FROM credit_proposals WHERE reference = $1", reference)
        return _proposal(row) if row else None

    async def read(self, reference: str) -> CreditProposal:
        """One proposal as it stands."""
        found = await self.known(reference)
        if found is None:
            raise NotFound(f"There is no credit proposal {reference}.", remedy="Take its reference from `handoff credit list`.")
        return found

    async def list(self, *, contract: str = "", invoice: str = "", waiting: bool = False) -> Sequence[CreditProposal]:
        """The proposals of a contract or invoice, or all of them; only those that wait, if wanted."""
        rows = await self._database.rows(_LIST, contract, invoice, _WAITING if waiting else [])
        return [_proposal(row) for row in rows]

    async def move(self, reference: str, state: ProposalState, *, by: str = "", note: str = "", origin: Origin) -> CreditProposal:
        """To the next state; where it is already, nothing happens."""
        before = [now.value for now, then in ALLOWED if then is state]
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_MOVE, reference, state.value, before, by, note)
            if row:
                entry = _entry(f"credit_{state.value}", reference, origin, by=by, note=note)
                await connection.execute("SELECT audit_note($1)", entry)
        found = _proposal(row) if row else await self.read(reference)
        if found.state is not state:
            raise MoveRefused(
                f"Credit {reference} is {found.state} and cannot become {state}",
                remedy="Look at it with `handoff credit show`; ask for another credit under a reference of its own.",
            )
        return found


def _proposal(row: asyncpg.Record) -> CreditProposal:
    held: dict[str, Any] = {name: row[name] for name in _HELD}
    return CreditProposal.model_validate(row["content"] | held)


def _entry(action: str, reference: str, origin: Origin, **details: str) -> object:
    entry = Entry(
        action=action, origin=origin, system="handoff", kind="credit_proposal", source_id=reference, key=f"{action}/{reference}",
        outcome="done", details={name: words for name, words in details.items() if words},
    )  # fmt: skip
    return as_json([entry])
