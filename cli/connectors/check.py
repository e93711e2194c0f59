"""`handoff connectors check`: a sign of life from every system, by capability."""

import typer
from rich.table import Table

from canonical.connection import Connection
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table


def check(actor: ActorOption = None, json: JsonOption = False) -> None:
    """Ask every system whether it can be worked with."""
    with output(json) as out:
        with out.working("asking every system for a sign of life"):
            found: list[Connection] = ask(out, lambda s: s.office.check_connectors(), actor=actor)
        out.show(found, _shown)
        if any(one.system and not one.works for one in found):
            raise typer.Exit(1)


def _shown(found: list[Connection]) -> Table | str:
    headers = ("Capability", "State", "System", "For", "Seen", "Code", "Remedy")
    return table(
        headers,
        [(c.capability, _state(c), c.system, ", ".join(c.entities) or "everywhere", c.seen, c.code, c.remedy) for c in found],
    )


def _state(connection: Connection) -> str:
    if not connection.system:
        return "NOT SERVED"
    return "works" if connection.works else "FAILS"
