"""`handoff doctor`: everything that must be well for a handoff to run, a line each."""

import os

import typer
from rich.table import Table

from cli.checks.finding import Finding, State
from cli.output import JsonOption, Output, output
from cli.policy.folder import chosen
from cli.session import home, running_environment, settings
from cli.tables import table


def doctor(json: JsonOption = False) -> None:
    """Check this machine, the settings and every server; each line names its remedy."""
    with output(json) as out:
        found = out.run(_examined(out))
        out.show(found, _shown)
        if any(finding.state is State.WRONG for finding in found):
            raise typer.Exit(1)


async def _examined(out: Output) -> list[Finding]:
    from cli.checks.machine import machine
    from cli.checks.rules import policies, rules
    from cli.checks.servers import database, gateway, nothing_runs, temporal

    environment = running_environment()
    for name, value in (environment or {}).items():
        os.environ.setdefault(name, value)
    found = list(machine(home(), runs_here=bool(environment)))
    if environment is None:
        # Credentials and keys belong to a stack; policies can be wrong before there is one.
        return [*found, policies(chosen(None)), *nothing_runs()]
    given = settings()
    with out.working("asking every server"):
        return [*found, *rules(given), *await database(given), *await temporal(given), await gateway(given)]


def _shown(found: list[Finding]) -> list[object]:
    listed: Table | str = table(("State", "What", "Seen", "Remedy"), [(f.state, f.what, f.seen, f.remedy) for f in found])
    ill = sum(finding.state is State.WRONG for finding in found)
    return [listed, "All that was asked is well." if not ill else f"{ill} to correct; then run `handoff doctor` again."]
