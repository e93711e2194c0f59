"""`handoff trace`: the whole story of an engagement, from our own store."""

from typing import Annotated

import typer

from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import facts, table
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
    headers = ("#", "When", "Who", "Action", "Outcome", "System", "Kind", "Source id", "Target id", "Key", "Step", "Version", "Details")
    happened = table(headers, map(_event, story.happened), title="What happened")
    return [piece for piece in (head, targets, deliveries, happened) if piece]


def _delivery(one: Delivered) -> tuple[object, ...]:
    return one.received_at, one.source, one.event_id, one.kind, one.deliveries, one.outcome


def _event(one: Happened) -> tuple[object, ...]:
    details = ", ".join(f"{name}={value}" for name, value in one.details.items())
    where = (one.system, one.kind, one.source_id, one.target_id, one.key, one.step, one.version)
    return one.sequence, one.at, one.actor, one.action, one.outcome, *where, details
