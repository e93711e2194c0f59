"""`handoff billing preview`: what a run would bill, without making anything."""

from rich.console import Group

from cli.billing.run import ThroughOption
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table
from operations.preview import Preview


def preview(contract: ContractArgument, through: ThroughOption, actor: ActorOption = None, json: JsonOption = False) -> None:
    """What a run would bill of a contract, by purchase order, and what would wait; nothing is touched."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.billing.preview(contract, through=through.date()), actor=actor), _shown)


def _shown(found: Preview) -> object:
    rows = [(one.purchase_order, one.items, one.net, one.drawn, one.waits) for one in found.documents]
    waits = [(row.state, row.code, row.amount, row.items, row.hours) for row in [*found.held, *found.pending]]
    parts = [
        table(
            ("Purchase order", "Items", "Net", "Drawn from retainers", "No room for"),
            rows,
            title=f"{found.contract} through {found.through}; {found.not_entered} scheduled items are entered by the run",
        ),
        table(("State", "Code", "Amount", "Items", "Hours"), waits, title="What waits and is not billed"),
    ]
    held = [part for part in parts if part]
    return Group(*held) if held else f"Nothing would be billed. See `handoff billing show {found.contract}`."
