"""`handoff policy catalogue`: the handoff catalogue (C10) and the interface catalogue (C5), from what is in force."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from canonical.landscape import Capability
from cli.output import JsonOption, output
from cli.policy.folder import FolderArgument, chosen
from policies.catalogue import (
    DeclaredWrite,
    handoff_catalogue,
    handoffs_as_markdown,
    interface_catalogue,
    interfaces_as_markdown,
)
from policies.firm import Policies
from policies.loading import load
from policies.services import SERVICES


class Catalogue(StrEnum):
    """Which of the two."""

    HANDOFFS = "handoffs"
    INTERFACES = "interfaces"


WhichOption = Annotated[Catalogue, typer.Option("--of", help="Control points and exceptions, or services and writes.")]
OnOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it holds on this day.", show_default="today")]


def catalogue(
    folder: FolderArgument = None,
    of: WhichOption = Catalogue.HANDOFFS,
    on: OnOption = None,
    json: JsonOption = False,
) -> None:
    """The control points and the interfaces in force, as a document."""
    with output(json) as out:
        policies = load(chosen(folder))
        day = on.date() if on else datetime.now(UTC).date()
        if of is Catalogue.HANDOFFS:
            out.show(list(handoff_catalogue(policies, day)), handoffs_as_markdown)
        else:
            out.show(list(interface_catalogue(declared_writes(policies, day))), interfaces_as_markdown)


def declared_writes(policies: Policies, on: date) -> list[DeclaredWrite]:
    """What each connector of the landscape says of the writes that our services need."""
    from cli.session import settings_here
    from operations.landscape import connect_systems

    settings_here()
    systems = connect_systems(policies)
    serving = policies.landscape.serving(on)
    wanted: list[tuple[Capability, str]] = [write for service in SERVICES for write in service.writes]
    return [
        DeclaredWrite(system=name, capability=capability, declaration=systems[name].declares(kind))
        for capability, kind in dict.fromkeys(wanted)
        for name in serving[capability]
    ]
