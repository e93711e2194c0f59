"""`handoff trace`: the whole story of an engagement, from our own store."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import facts, lines, table
from operations.asked import Delivered, Happened, Story

ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="A contract, or the id of anything that was made for it, in any system.")
]


def trace(reference: ReferenceArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """The whole story of an engagement, found by any id in any system."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.trace(reference), actor=actor, with_temporal=False), _told)


def _told(story: Story) -> list[object]:
    head = facts(
        [
            ("value", story.value),
            ("status", story.status),
            ("contract", story.contract),
            ("title", story.title),
            ("customer", story.customer),
            ("entity", story.entity),
            ("correlation", story.correlation),
        ]
    )
    targets = table(("What was made", "Its id there"), sorted(story.targets.items()))
    received = ("Received", "Source", "Event", "Kind", "Times", "Outcome")
    deliveries = table(received, map(_delivery, story.deliveries), title="Deliveries")
    return [piece for piece in (head, targets, deliveries, lines(map(_event, story.happened), title="What happened")) if piece]


def _delivery(one: Delivered) -> tuple[object, ...]:
    return one.received_at, one.source, one.event_id, one.kind, one.deliveries, one.outcome


def _event(one: Happened) -> tuple[Sequence[object], str]:
    named = {"key": one.key, "step": one.step, "by": one.actor, "version": one.version, "correlation": one.correlation}
    under = ", ".join(f"{name} {value}" for name, value in {**named, **one.details}.items() if value)
    moved = " -> ".join(identifier for identifier in (one.source_id, one.target_id) if identifier)
    return (one.sequence, one.at, one.action, one.outcome, one.system, one.kind, moved), under
