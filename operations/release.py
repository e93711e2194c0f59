"""Letting an invoice out that waits at the control point of invoice release: its exception is settled by override (R84, R150)."""

from canonical.errors import NotFound
from canonical.exception import Decision
from operations.asked import Settled
from operations.settlement import Settlements

CODE = "INVOICE_RELEASE"


async def release(exceptions: Settlements, reference: str, *, actor: str, reason: str) -> Settled:
    """Release it; above the policy's threshold a second person must agree (`handoff exceptions approve`)."""
    waiting = [case for case in await exceptions.waiting(code=CODE, limit=1_000) if case.subject == reference]
    if not waiting:
        raise NotFound(
            f"No invoice {reference} waits to be released",
            remedy="Take its reference from `handoff exceptions list`; what is below the firm's threshold goes out by itself.",
        )
    return await exceptions.settle(waiting[0].number, Decision.OVERRIDE, actor=actor, reason=reason)
