"""What people spend: expenses in Kantata, with their receipts and decisions."""

import asyncio
from datetime import date, datetime
from decimal import Decimal

from pydantic import Field

from policies.shape import Shape
from rehearsal.estate import estate
from rehearsal.record import Json
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.delivery import TOLD, Decision
from rehearsal.words import Amount

_USER, _ELSEWHERE = 8_500, "8900"


class Expense(Shape):
    """What somebody spent, tax included; ``order`` is a subcontractor's, ``is_placed`` says that it names its project."""

    category: str = "Travel"
    amount: Amount
    tax: Amount | None = None
    on: date
    person: str = "rhea@firm.example"
    order: str = ""
    is_placed: bool = True
    state: Decision = "approved"


class RecordExpenses(Shape):
    """People record expenses in Kantata, in the currency of the project, and somebody decides on them."""

    contract: str
    expenses: tuple[Expense, ...] = Field(min_length=1)


class ExpenseVerbs(Shape):
    """The verbs of this topic."""

    record_expenses: RecordExpenses | None = None


class Expenses:
    """Those who travel and buy."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._people: dict[str, str] = {}

    async def record_expenses(self, given: RecordExpenses) -> None:
        """Expenses on reports, each with its decision."""
        vendors = self._scene.stage.vendors
        projects = [one.id for one in await estate(vendors) if one.kind == "project" and one.contract == given.contract]
        found = [number for number in projects if number in (await vendors["kantata"].state())["workspaces"]]
        if not found:
            raise StepFailed(f"{given.contract} has no project in Kantata")
        seed: dict[str, Json] = {"users": {}, "workspaces": {}, "expense_report_submissions": {}, "expenses": {}}
        for expense in given.expenses:
            self._add(expense, found[0], seed)
        await vendors["kantata"].seed(seed)
        await asyncio.sleep(TOLD)

    def _add(self, expense: Expense, project: str, seed: dict[str, Json]) -> None:
        if expense.person not in self._people:
            user = self._people[expense.person] = str(_USER + len(self._people))
            seed["users"][user] = {"full_name": expense.person, "email_address": expense.person}
        user = self._people[expense.person]
        if not expense.is_placed:
            seed["workspaces"][_ELSEWHERE] = {"title": "Internal", "budgeted": False}
        workspace = project if expense.is_placed else _ELSEWHERE
        number, report = str(next(self._scene.numbers)), str(next(self._scene.numbers))
        at = datetime.now().astimezone() + self._scene.stage.ahead
        seed["expense_report_submissions"][report] = _report(expense, workspace, user, at)
        seed["expenses"][number] = {
            "workspace_id": workspace,
            "user_id": user,
            "date": expense.on.isoformat(),
            "category": expense.category,
            "amount_in_cents": _cents(expense.amount),
            "billable": True,
            "notes": "\n".join(_notes(expense)),
            "recent_submission_id": report,
        }


def _report(expense: Expense, workspace: str, user: str, at: datetime) -> Json:
    decided = {"current_resolution_creator_id": "1", "current_resolution_created_at_date": at.isoformat()}
    return {
        "workspace_id": workspace,
        "user_id": user,
        "status": expense.state,
        "title": f"{expense.category} on {expense.on}",
        **({} if expense.state == "pending" else decided),
    }


def _notes(expense: Expense) -> list[str]:
    told = [f"VAT: {expense.tax:f}"] if expense.tax is not None else []
    return [*told, *([f"PO: {expense.order}"] if expense.order else [])]


def _cents(amount: Decimal) -> int:
    cents = amount * 100
    if cents != cents.to_integral_value():
        raise StepFailed(f"{amount} is no amount of cents, which is all that Kantata holds")
    return int(cents)
