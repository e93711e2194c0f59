"""A small firm on Kantata: its account, what it sells, and how tests look at what the account holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from canonical.money import Money
from canonical.period import Period
from canonical.project import BillingTerm, Dimensions, Milestone, Phase, Project, ProjectState, StaffingNeed, Task
from canonical.quote import BillingKind
from canonical.written import Written
from connectors.kantata.client import Kantata, connect
from connectors.kantata.settings import Settings
from sandbox.kantata.vendor import Kantata as Account
from sandbox.serve import serving
from tests.connectors.contract import Bench

TERM = Period.through(date(2026, 12, 1), date(2027, 5, 31))
WORLD: dict[str, Any] = {
    "roles": {"11": {"name": "Senior Consultant"}, "12": {"name": "Architect"}},
    "users": {"2": {"full_name": "Rhea Staff"}},
    "custom_fields": {
        "31": {"name": "Practice", "subject_type": "Workspace"},
        "32": {"name": "Legal entity", "subject_type": "Workspace"},
    },
    "rate_cards": {"21": {"title": "US", "currency": "USD"}},
    "workspaces": {"51": {"title": "A project of somebody else", "price": 10}},
}


def settings(url: str, **more: Any) -> Settings:
    """The account of these tests."""
    given = {
        "base_url": url,
        "token": SecretStr("kantata-sandbox-token"),
        "staffing_approver_ids": ("2",),
        "roles": {"Consultant": "Senior Consultant"},
        "dimension_fields": {"practice": "31", "entity": "32"},
    }
    return Settings.model_validate(given | more)


def a_phase(reference: str = "C-100.L1.P1", **more: Any) -> Phase:
    """A phase with two tasks."""
    tasks = (
        Task(reference=f"{reference}.T1", title="Workshops", role="Consultant", hours=Decimal("40.25")),
        Task(reference=f"{reference}.T2", title="Travel", is_billable=False),
    )
    return Phase(reference=reference, **{"title": "Design", "line": "L1", "period": TERM, "tasks": tasks, **more})


def a_milestone(reference: str = "C-100.M1", amount: str = "60000.50", **more: Any) -> Milestone:
    """A milestone of a fixed-fee line."""
    facts = {"title": "Design accepted", "line": "L1", "amount": Money.of(amount, "EUR"), "due": date(2027, 1, 31), **more}
    return Milestone(reference=reference, **facts)


def a_need(reference: str = "C-100.L2.Consultant", role: str = "Consultant") -> StaffingNeed:
    """A role wanted."""
    return StaffingNeed(reference=reference, role=role, hours=Decimal(320), period=TERM)


def a_project(reference: str = "C-100", **more: Any) -> Project:
    """A project with two phases and two milestones, worth a fraction of a euro more than its whole units."""
    facts: dict[str, Any] = {
        "title": "Data platform",
        "entity": "DE01",
        "customer": "CUST-7",
        "currency": "EUR",
        "period": TERM,
        "value": Money.of("140000.50", "EUR"),
        "phases": (a_phase(f"{reference}.L1.P1"), a_phase(f"{reference}.L2.P1", line="L2", title="Build")),
        "milestones": (
            a_milestone(f"{reference}.M1"),
            a_milestone(f"{reference}.M2", "80000", after=(f"{reference}.M1",), due=None),
        ),
        "billing": (
            BillingTerm(line="L1", kind=BillingKind.FIXED_FEE, amount=Money.of("140000.50", "EUR")),
            BillingTerm(line="L2", kind=BillingKind.TIME_AND_MATERIALS, amount=Money.of("0", "EUR")),
        ),
        "dimensions": Dimensions(practice="Data"),
    }
    return Project(reference=reference, **facts | more)


def titled(state: dict[str, Any], title: str) -> list[dict[str, Any]]:
    """The projects of that title, as the account holds them."""
    return [w for w in state["workspaces"].values() if w["title"] == title]


def an_empty(reference: str) -> Project:
    """A project with nothing in it."""
    return a_project(reference, title=reference, phases=(), milestones=())


async def prepared(connector: Kantata, reference: str) -> str:
    """An empty project that is there already; its id."""
    return (await connector.create_project(an_empty(reference), key=f"create_project/{reference}")).target_id


async def if_state(connector: Kantata, project_id: str, state: ProjectState) -> Written | None:
    """The project if it is in that state."""
    return Written(target_id=project_id) if (await connector.read_project(project_id)).state is state else None


@asynccontextmanager
async def a_bench(**more: Any) -> AsyncIterator[Bench]:
    """The connector joined to a seeded account."""
    account = Account()
    account.seed(WORLD)
    async with serving(account) as server:
        connector = connect("kantata", settings(server.url, **more))
        yield Bench(connector, account, server.url)
        await connector.aclose()


KEY = "create_project/C-100"


def held(bench: Bench, plural: str) -> list[dict[str, Any]]:
    """What the account holds of a type, oldest first."""
    return [r for r in bench.vendor.state[plural].values() if int(r["id"]) > 10_000_000]


def references(bench: Bench) -> list[str]:
    """Every reference of ours there, sorted."""
    return sorted(f"{r['subject_type']} {r['service_model_ref']}" for r in bench.vendor.state["external_references"].values())


def calls(bench: Bench) -> list[str]:
    """The calls that wrote something."""
    return [f"{c['method']} {c['path'].partition('?')[0]}" for c in bench.vendor.calls if c["method"] != "GET"]
