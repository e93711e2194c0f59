"""How a month of an entity is named at the command line."""

from typing import Annotated

import typer

EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="The legal entity, as policies/entities names it: US01.")]
PeriodArgument = Annotated[str, typer.Argument(metavar="PERIOD", help="The month: 2026-04.")]
