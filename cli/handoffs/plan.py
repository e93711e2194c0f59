"""`handoff plan`: the dry run, a line for each write in each system."""

from collections.abc import Iterable

from activities.plan import ActivationPlan, PlannedWrite
from canonical.exception import Finding
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import facts, money, table


def plan(contract: ContractArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """What a handoff would create or change in each system; nothing is touched."""
    with output(json) as out:
        with out.working(f"reading {contract} and looking in every system"):
            planned = ask(out, lambda s: s.office.handoffs.plan(contract), actor=actor)
        out.show(planned, _shown)


def _shown(planned: ActivationPlan) -> list[object]:
    head = facts(
        [
            ("value", planned.value),
            ("contract", planned.contract),
            ("title", planned.title),
            ("entity", planned.entity),
            ("policy", planned.policy_version),
        ]
    )
    writes = table(("Effect", "What", "Capability", "System", "Id there", "Key"), map(_row, planned.writes))
    details = [
        line for write in planned.writes for line in (f"{write.what}:", *(f"  {d}" for d in write.details)) if write.details
    ]
    return [piece for piece in (head, writes, "\n".join(details), *_findings(planned)) if piece] + [_next(planned)]


def _row(write: PlannedWrite) -> tuple[object, ...]:
    return write.effect, write.what, write.capability, write.system or "nobody", write.target_id, write.key


def _findings(planned: ActivationPlan) -> Iterable[object]:
    headers = ("Code", "Money", "What stands in the way", "Remedy")
    yield table(headers, map(_finding, planned.findings), title="It would wait for people:")
    held = [(where, *_finding(finding)) for where, finding in planned.held.items()]
    yield table(("Held", *headers), held, title="These parts would be held:")


def _finding(finding: Finding) -> tuple[object, ...]:
    return finding.code, money(finding.money), finding.sentence, finding.remedy


def _next(planned: ActivationPlan) -> str:
    if planned.findings:
        return f"Nothing beyond this is planned. Correct the records, then run `handoff plan {planned.contract}` again."
    return f"Nothing was touched. Next: `handoff start {planned.contract}`."
