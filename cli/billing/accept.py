"""`handoff billing accept`: submit a milestone's acceptance."""

from datetime import datetime
from typing import Annotated

import typer

from canonical.acceptance import Acceptance
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from operations.billing import Submitted

MilestoneArgument = Annotated[str, typer.Argument(help="As the contract calls it: M1.")]
OnOption = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of acceptance.")]
ByOption = Annotated[str, typer.Option("--by", help="Who accepted it, at the customer.")]
EvidenceOption = Annotated[str, typer.Option(help="Address of the signed acceptance record.")]


def accept(
    contract: ContractArgument,
    milestone: MilestoneArgument,
    on: OnOption,
    by: ByOption,
    evidence: EvidenceOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Submit the acceptance of a milestone; it becomes billable once nothing is missing."""
    acceptance = Acceptance(
        contract=contract,
        milestone=milestone,
        version=on.date().isoformat(),
        accepted_on=on.date(),
        accepted_by=by,
        evidence_url=evidence,
    )
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.billing.accept(acceptance, actor=s.actor), actor=actor), _told)


def _told(submitted: Submitted) -> str:
    return f"The acceptance of {submitted.milestone} is taken. Next: `handoff billing show {submitted.contract}`."
