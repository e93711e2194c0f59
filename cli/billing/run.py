"""`handoff billing run`: bill what is due and open of a contract."""

from datetime import datetime
from typing import Annotated

import typer

from cli.billing.show import documents_table
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from operations.billing import BillingRun

ThroughOption = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Up to this day, which is included.")]
RunOption = Annotated[str, typer.Option("--run", metavar="NAME", help="What the run is called; its month unless given.")]


def run(
    contract: ContractArgument, through: ThroughOption, run: RunOption = "", actor: ActorOption = None, json: JsonOption = False
) -> None:
    """Take time in, enter what is due, and bill what is open; asked again, a run makes nothing new."""

    async def billed(session: Session) -> BillingRun:
        await session.office.billing.take_in_time(actor=session.actor)
        return await session.office.billing.bill(contract, through=through.date(), run=run, actor=session.actor)

    with output(json) as out:
        with out.working(f"billing {contract}"):
            done = ask(out, billed, actor=actor)
        out.show(done, _told)


def _told(done: BillingRun) -> object:
    rest = "" if done.is_done and not done.entered.findings else " Some wait for people: `handoff exceptions list`."
    made = f"{len(done.documents)} invoices.{rest} Next: `handoff billing show {done.contract}`."
    return documents_table(done.documents, title=made) or f"Nothing was open. {made}"
