"""`handoff dispute settle`: a dispute is agreed about."""

from typing import Annotated

import typer

from canonical.receivable import Dispute
from cli.amount import AmountArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

KeyArgument = Annotated[str, typer.Argument(metavar="DISPUTE", help="As `handoff dispute list` names it.")]
OutcomeOption = Annotated[str, typer.Option(help="What was agreed, for the trail.")]


def settle(
    dispute: KeyArgument, conceded: AmountArgument, outcome: OutcomeOption, actor: ActorOption = None, json: JsonOption = False
) -> None:
    """Settle a dispute: AMOUNT is the customer's share, the rest is owed again."""
    with output(json) as out:
        settled = ask(out, lambda s: s.office.receivables.settle_dispute(dispute, conceded, outcome, actor=s.actor), actor=actor)
        out.show(settled, _told)


def _told(dispute: Dispute) -> str:
    left = dispute.amount - dispute.conceded if dispute.conceded else dispute.amount
    return f"Dispute {dispute.key} is settled: {dispute.conceded} for the customer, {left} owed again."
