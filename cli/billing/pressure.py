"""`handoff billing pressure`: what waits to be posted, the money at risk, and when it will have drained."""

from rich.console import Group

from canonical.pressure import Pressure
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from cli.tables import table


def pressure(actor: ActorOption = None, json: JsonOption = False) -> None:
    """What waits to be posted to the ERPs: money at risk by entity, how fast it goes, when it will be through."""

    async def read(session: Session) -> Pressure:
        return await session.office.billing.pressure()

    with output(json) as out:
        out.show(ask(out, read, actor=actor), _shown)


def _shown(found: Pressure) -> object:
    if not found.at_risk and not found.waiting:
        return "Nothing waits to be posted."
    drain = found.drains_in
    ends = f"through in {drain.total_seconds() / 60:.0f} minutes" if drain is not None else "nothing went in the last hour"
    said = f"{found.charges_waiting} charges and {found.invoices_waiting} invoices wait; {found.a_minute:.0f} a minute: {ends}."
    rows = [(one.entity, one.items, one.amount) for one in found.at_risk]
    return Group(table(("Entity", "Items", "At risk"), rows, title="Approved and not invoiced"), said)
