"""`handoff rates import`: a version of a rate card, from a file."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from ruamel.yaml import YAML

from canonical.errors import Malformed
from canonical.rate_card import RateCard
from cli.output import JsonOption, output
from cli.session import ActorOption, ask

FileArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="YAML or JSON of a RateCard (`handoff schema RateCard`).")
]


def import_card(file: FileArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Import a version of a rate card; what was rated by an older one stays as it was rated."""
    with output(json) as out:
        card = out.run(_read(file))
        is_new = ask(out, lambda s: s.office.billing.import_rates(card, actor=s.actor), actor=actor)
        said = "is imported" if is_new else "was known already"
        out.show(card, lambda one: f"Rate card {one.reference}, version {one.version}, {said}.")


async def _read(file: Path) -> RateCard:
    yaml = YAML(typ="safe", pure=True)
    try:
        return RateCard.model_validate(yaml.load(file))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Malformed(
            f"{file.name} is no rate card: {place}: {first['msg']}", remedy="Correct it; `handoff schema RateCard` has its shape."
        ) from error
