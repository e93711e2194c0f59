"""`handoff rates import`: a version of a rate card, or the exchange rates of a source, from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from canonical.exchange_rate import ExchangeRateTable
from canonical.rate_card import RateCard
from cli.given_file import object_in
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask
from cli.tables import money, table
from operations.billing import RatesTaken

FileArgument = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="YAML or JSON of a RateCard, or of an ExchangeRateTable with its source and time (`handoff schema NAME`).",
    ),
]


def import_card(file: FileArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Import a version of a rate card, which work billed at older rates follows, or exchange rates with source and time."""
    with output(json) as out:
        found = out.run(object_in(file, _model_of))

        async def kept(session: Session) -> RatesTaken | ExchangeRateTable:
            if isinstance(found, ExchangeRateTable):
                await session.office.billing.import_exchange_rates(found, actor=session.actor)
                return found
            return await session.office.billing.import_rates(found, actor=session.actor)

        out.show(ask(out, kept, actor=actor), _told)


def _told(taken: RatesTaken | ExchangeRateTable) -> list[object]:
    if isinstance(taken, ExchangeRateTable):
        return [f"{len(taken.rates)} exchange rates of {taken.source} at {taken.at} are kept."]
    said = "is imported" if taken.is_new else "was known already"
    rows = [
        (one.contract, one.rated_again, money(one.delta), ", ".join(one.credits), len(one.findings) or None)
        for one in taken.followed
    ]
    changed = table(("Contract", "Rated again", "To bill more", "Credits", "Exceptions"), rows)
    told: list[object] = [f"Rate card {taken.card.reference}, version {taken.card.version}, {said}."]
    waiting = f"{', '.join(taken.waiting)} wait for people: `handoff exceptions list`." if taken.waiting else ""
    return [*told, *(piece for piece in (changed, waiting) if piece)]


def _model_of(content: Any) -> type[RateCard | ExchangeRateTable]:
    return ExchangeRateTable if isinstance(content, dict) and "source" in content else RateCard
