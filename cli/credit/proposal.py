"""The arguments and the rendering that the commands about credits share."""

from typing import Annotated

import typer

from canonical.credit import CreditProposal, ProposalState
from cli.tables import facts, money, table

ReferenceArgument = Annotated[str, typer.Argument(metavar="CREDIT", help="Its reference, from `handoff credit list`.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="In words that auditors can follow.")]


def shown(proposal: CreditProposal) -> list[object]:
    """One proposal for people: what, how much, what becomes of the items, where it stands."""
    request = proposal.request
    bill_to = request.rebill.bill_to if request.rebill else None
    again = "no" if request.rebill is None else f"to {bill_to.legal_name}" if bill_to else "to the same customer"
    named = facts(
        [
            ("credit", request.reference),
            ("state", proposal.state),
            ("invoice", request.invoice),
            ("total", money(proposal.total)),
            ("net", money(proposal.net)),
            ("back to retainers", None if proposal.restored.is_zero else money(proposal.restored)),
            ("tax", money(proposal.tax)),
            ("accounted on", proposal.accounting_date),
            ("reason", request.reason),
            ("billed again", again),
            ("contract", proposal.contract),
            ("customer", proposal.customer),
            ("entity", proposal.entity),
            ("proposed by", proposal.proposed_by),
            ("decided by", proposal.decided_by),
            ("note", proposal.note),
        ]
    )
    parts = table(
        ("Invoice", "Line", "Item", "Quantity", "Amount", "Becomes"),
        [
            (one.invoice, one.line, one.billable, one.credited.quantity, money(one.credited.amount), one.credited.disposition)
            for one in proposal.parts
        ],
        title="Allocations",
    )
    return [named, parts, told(proposal)]


def told(proposal: CreditProposal) -> str:
    """What is next."""
    reference = proposal.request.reference
    match proposal.state:
        case ProposalState.PROPOSED:
            return f"A second person must agree. Next: `handoff credit approve {reference} --as NAME`."
        case ProposalState.APPROVED:
            return f"It is approved and on its way. Next: `handoff credit show {reference}`, `handoff exceptions list`."
        case ProposalState.POSTED:
            return f"It is posted. Next: `handoff billing show {proposal.contract}`."
        case _:
            return f"Credit {reference} is {proposal.state}, and everything is as it was before."
