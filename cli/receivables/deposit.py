"""`handoff receivables deposit`: a customer pays in advance."""

from datetime import datetime
from typing import Annotated

import typer

from activities.cash import DepositTaken
from cli.amount import AmountArgument
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

OnOption = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it came; its exchange rate is that day's.")]
ReferenceOption = Annotated[str, typer.Option(help="A reference of its own, such as the bank's: asked again, it is taken once.")]


def deposit(
    contract: ContractArgument,
    amount: AmountArgument,
    on: OnOption,
    reference: ReferenceOption,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Enter a customer's advance in the ERP: a liability until it is applied."""
    with output(json) as out:
        with out.working(f"deposit of {contract}"):
            taken = ask(
                out,
                lambda s: s.office.cash.deposit(contract, amount, on=on.date(), reference=reference, actor=s.actor),
                actor=actor,
            )
        out.show(taken, _told)


def _told(taken: DepositTaken) -> str:
    rate = f" at {taken.exchange_rate}" if taken.exchange_rate else ""
    return f"It is deposit {taken.number or taken.target_id}{rate}. Next: `handoff receivables apply`."
