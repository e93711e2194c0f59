"""`handoff cancel`: withdraw a running handoff."""

from typing import Annotated

import typer

from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

ReasonOption = Annotated[str, typer.Option(help="Why; it is written to the deal and to the audit trail.")]


def cancel(
    contract: ContractArgument,
    reason: ReasonOption,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Withdraw a running handoff; everything it made is undone."""
    with output(json) as out:
        if len(reason.strip()) < 3:
            out.fail("REASON_MISSING", "To withdraw a handoff you must say why", hint="Give it with --reason 'in some words'.")
        done = ask(out, lambda s: s.office.handoffs.cancel(contract, actor=s.actor, reason=reason), actor=actor)
        out.show(done, lambda c: f"{c.contract} is being withdrawn. Next: `handoff show {c.contract}`.")
