"""`handoff trace`: the whole story of an engagement, or of an invoice line, from our own store."""

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.invoice.trace import shown as line_told
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import facts, lines, table
from operations.asked import Delivered, Happened, Story

_INVOICE_LINE = re.compile(r"(?P<invoice>.+)/(?P<line>[1-9][0-9]*)")

ReferenceArgument = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE",
        help="A contract, the id of anything that was made for it in any system, or an invoice line: INVOICE/2.",
    ),
]


def trace(reference: ReferenceArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """The whole story of an engagement, found by any id in any system, or of an invoice line."""
    named = _INVOICE_LINE.fullmatch(reference)
    with output(json) as out:
        if named:
            name, line = named["invoice"], int(named["line"])
            out.show(ask(out, lambda s: s.office.billing.trace(name, line=line), actor=actor), line_told)
            return
        out.show(ask(out, lambda s: s.office.handoffs.trace(reference), actor=actor, with_temporal=False), _told)


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
