"""The argument and the rendering that the commands about exceptions share."""

from typing import Annotated

import typer

from canonical.exception import Case, CaseState
from cli.tables import facts, money
from operations.asked import Settled

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The exception's number, from `handoff exceptions list`.")]


def shown(case: Case) -> list[object]:
    """One exception for people: what and how much, then what to do, then the evidence."""
    named = facts(
        [
            ("code", case.code),
            ("money", money(case.money_amount, case.money_currency)),
            ("what", case.sentence),
            ("remedy", case.remedy),
            ("state", case.state),
            ("engagement", case.engagement),
            ("customer", case.customer),
            ("project", case.project),
            ("entity", case.entity),
            ("owner", case.owner_role),
            ("assignee", case.assignee),
            ("opened", case.opened_at),
            ("due", case.due_at),
            ("rests until", case.snoozed_until),
            ("escalations", case.escalations or None),
            ("subject", case.subject),
            ("step", " of ".join(part for part in (case.step, case.workflow_id) if part)),
            ("decision", case.decision),
            ("decided by", case.decided_by),
            ("approved by", case.approved_by),
            ("reason", case.reason),
            ("settled", case.settled_at),
        ]
    )
    return [named, *_evidence(case), f"Next: {_next(case)}."]


def told(settled: Settled) -> str:
    """What became of a decision."""
    if settled.state is CaseState.PROPOSED:
        by = settled.needs_approval_by
        return (
            f"Exception {settled.number}: {settled.decision} is proposed; a second person ({by}) must agree. "
            f"Next: `handoff exceptions approve {settled.number} --as NAME`, or `decline`."
        )
    return f"Exception {settled.number}: {settled.decision}. Next: `handoff exceptions show {settled.number}`."


def _evidence(case: Case) -> list[object]:
    if isinstance(case.evidence, dict):
        return [facts((f"evidence: {name}", value) for name, value in sorted(case.evidence.items()))] if case.evidence else []
    return [facts([("evidence", case.evidence)])]


def _next(case: Case) -> str:
    match case.state:
        case CaseState.OPEN:
            return f"`handoff exceptions settle {case.number} --decision retry`"
        case CaseState.PROPOSED:
            return f"`handoff exceptions approve {case.number} --as NAME`"
        case _:
            return f"`handoff trace {case.engagement}`" if case.engagement else "`handoff exceptions list`"
