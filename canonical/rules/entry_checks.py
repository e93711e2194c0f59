"""What is wrong with approved time and expenses before they are rated: each fault its own code, with entry, money, remedy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from canonical.exception import Finding
from canonical.journal import AccountingPeriod
from canonical.money import Currency, Money
from canonical.period import Period
from canonical.person import Person
from canonical.project import ProjectState
from canonical.rules.close import LatePolicy, held_until_reopened, is_closed
from canonical.rules.rating import at_risk
from canonical.schema import Part
from canonical.time_entry import ApprovalState, ExpenseItem, TimeEntry

Entry = TimeEntry | ExpenseItem

HOURS_OF_A_DAY = 24
_CLOSED = (ProjectState.COMPLETED, ProjectState.ARCHIVED)


class ProjectTerms(Part):
    """What the checks must know of a project. ``currencies`` are those its entries may be in, but expenses that are converted;
    no ``tasks`` means any task, no ``term`` any day."""

    entity: str
    state: ProjectState
    currencies: tuple[Currency, ...]
    converts_expenses: bool = False
    tasks: frozenset[str] = frozenset()
    term: Period | None = None


class Circumstances(Part):
    """What a batch is checked against, read at one time. ``people`` (by address, in small letters) empty means that HR was not
    asked; ``knows_everybody`` is false where HR speaks for some legal entities only. ``periods`` are by entity.

    ``seen`` maps the content of entries that came earlier to their references, so that a second id for one content is found.
    """

    today: date
    projects: dict[str, ProjectTerms]
    people: dict[str, Person] = {}
    knows_everybody: bool = True
    periods: dict[str, tuple[AccountingPeriod, ...]] = {}
    late: LatePolicy = LatePolicy.NEXT_OPEN
    seen: dict[str, str] = {}


class Checked(Part):
    """A batch after the checks: what may be rated, what waits for an approval (R61), and what a person must look at."""

    passed: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()


def check_batch(
    entries: Iterable[Entry],
    around: Circumstances,
    *,
    overridden: frozenset[tuple[str, str]] = frozenset(),
    finds_twins: bool = True,
) -> Checked:
    """Every entry by itself: a fault holds its own entry and nothing else of the batch (issue 3, bad input; R61-R63, R66, R67).

    An entry that overlapping windows brought twice is judged once, as it is now.
    ``overridden`` are findings that a person let pass, by (code, entry); one that may not be overridden stays. ``finds_twins`` is
    false where the ledger finds them, which knows those of every batch.
    """
    passed, waiting, findings = list[Entry](), list[Entry](), list[Finding]()
    seen = dict(around.seen) if finds_twins else {}
    for entry in as_they_are_now(entries):
        if entry.state is not ApprovalState.APPROVED:
            waiting.append(entry)
            continue
        faults = [fault for fault in check(entry, around, seen) if not _is_let_pass(fault, overridden)]
        if finds_twins:
            seen.setdefault(content_of(entry), entry.reference)
        findings += faults
        if not faults:
            passed.append(entry)
    return Checked(passed=tuple(passed), waiting=tuple(waiting), findings=tuple(findings))


def as_they_are_now(entries: Iterable[Entry]) -> list[Entry]:
    """Each entry once, in its latest version, in the order of references (R107: polling may repeat, never skips)."""
    latest: dict[str, Entry] = {}
    for entry in entries:
        known = latest.get(entry.reference)
        if known is None or known.source_version <= entry.source_version:
            latest[entry.reference] = entry
    return [latest[reference] for reference in sorted(latest)]


def check(entry: Entry, around: Circumstances, seen: Mapping[str, str]) -> Iterator[Finding]:
    """All faults of one entry (R62, R63, R66, R67)."""
    yield from entry.refused
    checks = TIME_CHECKS if isinstance(entry, TimeEntry) else EXPENSE_CHECKS
    for one in checks:
        yield from one(entry, around)
    yield from _is_no_duplicate(entry, seen)


def content_of(entry: Entry) -> str:
    """What was recorded, whatever its id and version: person, project, day, amount and words (R67)."""
    what: Sequence[object] = (
        (entry.hours.normalize(), entry.role)
        if isinstance(entry, TimeEntry)
        else (entry.amount.amount.normalize(), entry.amount.currency, entry.category, entry.purchase_order, entry.receipt_url)
    )
    said = (type(entry).__name__, entry.project, entry.task, entry.person, day_of(entry), *what, entry.note)
    return "\x1f".join(map(str, said))


def day_of(entry: Entry) -> date:
    """When the work was done or the money spent: the service date (S27)."""
    return entry.work_date if isinstance(entry, TimeEntry) else entry.spent_on


def money_of(entry: Entry) -> Money | None:
    """What is at stake: an expense's amount, or hours at the PSA's own rate where it told one (R127)."""
    return at_risk(entry) if isinstance(entry, TimeEntry) else entry.amount


def described(entry: Entry) -> str:
    """The entry in a person's words."""
    what = f"{entry.hours.normalize():f} h" if isinstance(entry, TimeEntry) else f"Expense of {entry.amount}"
    return f"{what} by {entry.person or 'nobody'} on {day_of(entry)} ({entry.reference})"


def _fault(entry: Entry, code: str, wrong: str, remedy: str, *, can_override: bool = False) -> Finding:
    return Finding(
        code=code,
        subject=entry.reference,
        sentence=f"{described(entry)} {wrong}.",
        remedy=f"{remedy} Then settle with retry.",
        money=money_of(entry),
        evidence={
            "entry": entry.reference,
            "version": entry.source_version,
            "day": str(day_of(entry)),
            "person": entry.person,
            "project": entry.project,
        },
        can_override=can_override,
    )


def _is_let_pass(fault: Finding, overridden: frozenset[tuple[str, str]]) -> bool:
    return fault.can_override and (fault.code, fault.subject) in overridden


def _has_project(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if not entry.project:
        code = "ENTRY_NO_PROJECT" if isinstance(entry, TimeEntry) else "EXPENSE_NO_PROJECT"
        yield _fault(entry, code, "names no project", "Move it to a project in the PSA, or reject it there.")
    elif entry.project not in around.projects:
        remedy = "Wait until the project is activated, or move the entry to one that is."
        yield _fault(entry, "PROJECT_UNKNOWN", f"names project {entry.project}, which is not activated", remedy)
    elif (state := entry.project_state or around.projects[entry.project].state) in _CLOSED:
        remedy = "Reopen the project if the work is to be billed, else reject the entry in the PSA."
        yield _fault(entry, "PROJECT_CLOSED", f"is on project {entry.project}, which is {state}", remedy, can_override=True)


def _is_within_the_term(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    """Work that no contract covers on its day is nobody's to bill unseen; money may be spent before, as for a flight (R63)."""
    project = around.projects.get(entry.project)
    term = project.term if project else None
    remedy = "Extend the contract by an amendment, or move the entry to the project that it belongs to."
    if term is None or not entry.is_billable:
        return
    if day_of(entry) >= term.end:
        wrong = f"comes after the term of {entry.project}, which ends on {term.last}"
        yield _fault(entry, "OUTSIDE_TERM", wrong, remedy, can_override=True)
    elif isinstance(entry, TimeEntry) and day_of(entry) < term.start:
        wrong = f"comes before the term of {entry.project}, which begins on {term.start}"
        yield _fault(entry, "OUTSIDE_TERM", wrong, remedy, can_override=True)


def _has_task(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    project = around.projects.get(entry.project)
    if not entry.task:
        yield _fault(entry, "ENTRY_NO_TASK", "names no task", "Put it on a task of the project in the PSA.")
    elif project and project.tasks and entry.task not in project.tasks:
        remedy = "Put it on a task of the project's plan; placeholders are not billed."
        yield _fault(entry, "TASK_UNKNOWN", f"is on task {entry.task}, which is no task of {entry.project}", remedy)


def _has_person(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if not entry.person:
        code = "ENTRY_NO_PERSON" if isinstance(entry, TimeEntry) else "EXPENSE_NO_PERSON"
        yield _fault(entry, code, "names no person", "Say in the PSA who it belongs to.")
    elif around.people and _posting(entry, around) is None and (around.knows_everybody or _known(entry, around)):
        remedy = "Correct the person or the date, or add the person's posting in the HR system."
        yield _fault(entry, "PERSON_UNKNOWN", f"is by {entry.person}, whom HR does not employ on that day", remedy)


def _has_category(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if isinstance(entry, ExpenseItem):
        if not entry.category:
            yield _fault(entry, "EXPENSE_NO_CATEGORY", "has no category", "Choose its category in the PSA.")
    elif entry.is_billable and not category_of(entry, around):
        remedy = "Name the labor category on the entry, or the person's role in the HR system."
        yield _fault(entry, "ENTRY_NO_CATEGORY", "has no labor category", remedy)


def category_of(entry: TimeEntry, around: Circumstances) -> str:
    """The labor category: the entry's own, else that of the person's posting on that day (R55)."""
    return entry.role or getattr(_posting(entry, around), "role", "")


def categorized(entry: Entry, around: Circumstances) -> Entry:
    """An hour that names no labor category has that of its person on the day; rates are found by it."""
    if not isinstance(entry, TimeEntry) or entry.role or not around.people:
        return entry
    category = category_of(entry, around)
    return entry.model_copy(update={"role": category}) if category else entry


def _posting(entry: Entry, around: Circumstances) -> object | None:
    person = _known(entry, around)
    return person.posting(day_of(entry)) if person else None


def _known(entry: Entry, around: Circumstances) -> Person | None:
    return around.people.get(entry.person.casefold())


def _has_sensible_hours(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if not isinstance(entry, TimeEntry):
        return
    if entry.hours <= 0:
        yield _fault(entry, "HOURS_NOT_POSITIVE", "has no hours", "Correct the hours in the PSA, or delete the entry there.")
    elif entry.hours > HOURS_OF_A_DAY:
        yield _fault(entry, "HOURS_ABOVE_A_DAY", "has more hours than a day", "Correct the hours in the PSA.")


def _has_sensible_money(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if isinstance(entry, TimeEntry) or entry.refused:
        return
    if entry.amount.amount <= 0:
        yield _fault(entry, "AMOUNT_NOT_POSITIVE", "is of nothing or less", "Correct the amount in the PSA.")
    if not all(money.is_exact for money in (entry.amount, entry.tax) if money is not None):
        remedy = "Correct the amount in the PSA, to the smallest unit of its currency."
        yield _fault(entry, "TOO_MANY_DIGITS", f"has more digits than {entry.amount.currency} has", remedy)
    if entry.tax is not None and entry.tax.amount < 0:
        yield _fault(entry, "AMOUNT_NOT_POSITIVE", f"holds a tax of {entry.tax}", "Correct the tax on the receipt's record.")
    if entry.tax is not None and entry.tax.currency == entry.amount.currency and entry.tax > entry.amount:
        yield _fault(
            entry, "TAX_ABOVE_AMOUNT", f"holds more tax ({entry.tax}) than that", "Correct the tax on the receipt's record."
        )


def _is_in_an_accepted_currency(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    project = around.projects.get(entry.project)
    accepted, told = _accepted(entry, project), {one.currency for one in _amounts(entry)}
    if accepted and not told <= set(accepted):
        wrong = f"is in {' and '.join(sorted(told - set(accepted)))}, which project {entry.project} does not accept"
        remedy = f"Record it in {' or '.join(accepted)}, or let the project accept the currency."
        yield _fault(entry, "CURRENCY_NOT_ACCEPTED", wrong, remedy)


def _accepted(entry: Entry, project: ProjectTerms | None) -> tuple[Currency, ...]:
    """An expense that is converted may be in any currency, and its tax in the same; what was refused has none."""
    if entry.refused or project is None:
        return ()
    return (entry.amount.currency,) if isinstance(entry, ExpenseItem) and project.converts_expenses else project.currencies


def _amounts(entry: Entry) -> list[Money]:
    amounts = [entry.rate] if isinstance(entry, TimeEntry) else [entry.amount, entry.tax]
    return [money for money in amounts if money is not None]


def _names_its_order(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    if isinstance(entry, ExpenseItem) and entry.is_subcontractor and not entry.purchase_order:
        remedy = "Name the subcontractor's purchase order on it."
        yield _fault(entry, "SUBCONTRACTOR_PO_MISSING", "is a subcontractor's and names no purchase order", remedy)


def _is_in_an_open_period(entry: Entry, around: Circumstances) -> Iterator[Finding]:
    project = around.projects.get(entry.project)
    periods = around.periods.get(project.entity, ()) if project else ()
    if around.late is LatePolicy.HOLD and is_closed(day_of(entry), periods):
        yield held_until_reopened(described(entry), day_of(entry), around.today, money_of(entry), subject=entry.reference)


def _is_no_duplicate(entry: Entry, seen: Mapping[str, str]) -> Iterator[Finding]:
    other = seen.get(content_of(entry), entry.reference) if seen else entry.reference
    if other != entry.reference:
        remedy = "Delete one of them in the PSA; if both were meant, override with the reason."
        yield _fault(entry, "DUPLICATE_ENTRY", f"says exactly what {other} says", remedy, can_override=True)


_Check = Callable[[Entry, Circumstances], Iterator[Finding]]
_ALWAYS: tuple[_Check, ...] = (
    _has_project,
    _is_within_the_term,
    _has_person,
    _has_category,
    _is_in_an_accepted_currency,
    _is_in_an_open_period,
)
TIME_CHECKS: tuple[_Check, ...] = (*_ALWAYS, _has_task, _has_sensible_hours)
EXPENSE_CHECKS: tuple[_Check, ...] = (*_ALWAYS, _has_sensible_money, _names_its_order)
