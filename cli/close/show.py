"""`handoff close show`: where a month of an entity stands before it is closed."""

from rich.console import Group

from canonical.closing import Readiness
from cli.close.month import EntityArgument, PeriodArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from cli.tables import table


def show(entity: EntityArgument, period: PeriodArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """What waits with its money, what is recognized and accrued, and what stands in the way of closing a month."""
    with output(json) as out:
        out.show(ask(out, lambda s: s.office.closing.readiness(entity, period), actor=actor), shown)


def shown(found: Readiness) -> object:
    """Tables of what there is, then the verdict."""
    parts = [
        table(
            ("State", "Code", "Amount", "Items", "Oldest"),
            [(one.state, one.code, one.amount, one.items, one.oldest) for one in found.waiting],
            title="Approved and not accounted",
        ),
        table(
            ("Pending", "Hours", "Money", "Entries"),
            [(one.state, one.hours, one.money, one.entries) for one in found.pending],
            title="Not approved yet (a key figure only)",
        ),
        table(
            ("Prior periods", "Items", "Documents"),
            [(one.amount, one.items, one.documents) for one in found.prior],
            title="Accounted here for service in a closed period",
        ),
        table(
            ("System", "Write", "State", "Count"),
            [tuple(one.model_dump(exclude={"is_live"}).values()) for one in found.in_flight],
            title="In flight",
        ),
        table(("Exception", "Count", "Money"), [(c.code, c.count, c.money) for c in found.cases], title="Waits for people"),
        table(
            ("Journal", "State", "Amount", "On", "Reversed on", "Number", "Decided by"),
            [(j.reference, j.state, j.amount, j.accounting_date, j.reverses_on, j.number, j.decided_by) for j in found.journals],
            title="Journals of the month end",
        ),
    ]
    return Group(*[part for part in parts if part], _verdict(found))


def _verdict(found: Readiness) -> str:
    month, books = f"{found.period.start:%Y-%m}", found.books
    told = "" if books is None else f" The ERP has it {books.state}{', receivables locked' if books.receivables_locked else ''}."
    if found.is_ready:
        return f"{found.entity} is ready to be closed for {month}.{told} Close it in the ERP."
    listed = "\n".join(f"  * {words}" for words in found.hindrances)
    following = f"Next: `handoff close run {found.entity} {month}`."
    return f"{found.entity} is not ready to be closed for {month}.{told}\n{listed}\n{following}"
