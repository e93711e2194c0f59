"""`handoff credit list`: what waits for a second person."""

from collections.abc import Sequence
from typing import Annotated

import typer

from canonical.credit import CreditProposal
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import money, table

ContractOption = Annotated[str, typer.Option(help="Those of one contract.")]
AllOption = Annotated[bool, typer.Option("--all", help="Those that were decided too.")]


def list_credits(
    contract: ContractOption = "", all_of_them: AllOption = False, actor: ActorOption = None, json: JsonOption = False
) -> None:
    """The credits that wait for a second person, or for the ERP; with --all, those that were decided too."""
    with output(json) as out:
        found = ask(out, lambda s: s.office.credits.proposals(contract=contract, with_decided=all_of_them), actor=actor)
        out.show(list(found), _shown)


def _shown(proposals: Sequence[CreditProposal]) -> object:
    rows = [
        (
            one.request.reference,
            one.request.invoice,
            one.state,
            money(one.total),
            one.customer,
            one.proposed_by,
            one.request.reason,
        )
        for one in proposals
    ]
    headers = ("Credit", "Invoice", "State", "Total", "Customer", "Proposed by", "Reason")
    return table(headers, rows) or "No credit waits. Next: `handoff credit propose INVOICE --reason WHY`."
