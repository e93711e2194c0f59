"""`handoff show`: one engagement with its status, its money, and its ids in every system."""

from canonical.engagement import EngagementRow, EngagementStatus
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import facts, money, table


def show(contract: ContractArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """One engagement: its status, its money, its ids in every system."""
    with output(json) as out:
        row = ask(out, lambda s: s.office.handoffs.engagement(contract), actor=actor, with_temporal=False)
        out.show(row, shown)


def shown(row: EngagementRow) -> list[object]:
    """The engagement for people: amount and status first, then what it is called elsewhere."""
    named = facts(
        [
            ("value", money(row.value)),
            ("status", row.status),
            ("contract", row.reference if row.version is None else f"{row.reference}, version {row.version}"),
            ("title", row.title),
            ("customer", row.customer),
            ("entity", row.entity),
            ("executed", row.executed_at),
            ("activated", row.activated_at),
            ("correlation", row.correlation),
            ("note", row.note),
        ]
    )
    targets = table(("What was made", "Its id there"), sorted((row.targets or {}).items()))
    return [named, *([targets] if targets else []), f"Next: {_next(row)}."]


def _next(row: EngagementRow) -> str:
    if row.status is EngagementStatus.WAITING:
        return f"`handoff exceptions list --engagement {row.reference}`"
    return f"`handoff trace {row.reference}`"
