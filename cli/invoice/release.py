"""`handoff invoice release`: let an invoice out that waits at the control point."""

from typing import Annotated

import typer

from cli.invoice.trace import NameArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from operations.asked import Settled
from operations.release import release as let_out

ReasonOption = Annotated[str, typer.Option(help="Why it may go out; auditors will read it.")]


def release(reference: NameArgument, reason: ReasonOption, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Release an invoice that waits at the control point; above the threshold a second person must agree."""
    with output(json) as out:
        out.show(ask(out, lambda s: let_out(s.office.exceptions, reference, actor=s.actor, reason=reason), actor=actor), _told)


def _told(done: Settled) -> str:
    if done.needs_approval_by:
        return f"Proposed; {done.needs_approval_by} must agree: `handoff exceptions approve {done.number}`."
    return f"Released. Exception {done.number} is settled."
