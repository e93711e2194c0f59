"""Composition root: settings -> connectors -> activities -> one Temporal worker for each task queue."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.acceptance import Acceptances
from activities.activation import ActivationActivities
from activities.billing import BillingActivities
from activities.breakage import BreakageActivities
from activities.case import CaseActivities
from activities.cash import CashActivities
from activities.charging import ChargingActivities
from activities.check import CheckActivities
from activities.claiming import ClaimActivities
from activities.closing import CloseActivities
from activities.closing_journal import ClosingJournalActivities
from activities.contract_of_record import ContractsOfRecord
from activities.contract_reader import ContractReader
from activities.credit_posting import CreditPostingActivities
from activities.crediting import CreditingActivities
from activities.crm import CrmActivities
from activities.customer import CustomerActivities
from activities.documents import DocumentActivities
from activities.drift import DriftActivities
from activities.eligibility import EligibilityActivities
from activities.engagement import Board, EngagementActivities
from activities.fact import FactActivities
from activities.following import FollowingActivities
from activities.invoicing import InvoicingActivities
from activities.late_work import LateWork
from activities.metering import Metering
from activities.payers import Payers
from activities.plan import PlanActivities
from activities.ports import Connected
from activities.project_accounting import ProjectAccountingActivities
from activities.project_value import ProjectValueActivities
from activities.psa import PsaActivities
from activities.rate_change import RateChangeActivities
from activities.receivables import ReceivablesActivities
from activities.reconciliation import ReconciliationActivities
from activities.reconciliation_healing import HealingActivities
from activities.release import ReleaseActivities
from activities.revenue import RevenueActivities
from activities.roster import Roster
from activities.step import Bookkeeping
from activities.sweep import SweepActivities
from activities.systems import Systems
from activities.time_intake import TimeActivities
from ledger.books import Books
from ledger.upkeep import Upkeep
from operations.dispatch import Dispatcher
from operations.escalation import by_policy
from operations.landscape import connect_systems
from operations.lanes import Lanes
from operations.office import open_office
from policies.firm import Policies
from runtime.pauses import leave_out_what_stays
from runtime.settings import Settings, WorkerSettings
from runtime.telemetry import log_to_stderr
from workflows import options
from workflows.registry import WORKFLOWS

STEPS: tuple[type[Any], ...] = (
    ActivationActivities,
    BillingActivities,
    BreakageActivities,
    CaseActivities,
    ChargingActivities,
    CashActivities,
    CheckActivities,
    CreditPostingActivities,
    CreditingActivities,
    ClaimActivities,
    CloseActivities,
    ClosingJournalActivities,
    CrmActivities,
    CustomerActivities,
    DocumentActivities,
    DriftActivities,
    EligibilityActivities,
    EngagementActivities,
    FactActivities,
    FollowingActivities,
    HealingActivities,
    InvoicingActivities,
    PlanActivities,
    ProjectAccountingActivities,
    ProjectValueActivities,
    PsaActivities,
    RateChangeActivities,
    ReceivablesActivities,
    ReconciliationActivities,
    ReleaseActivities,
    RevenueActivities,
    SweepActivities,
    TimeActivities,
)
_GRACE = timedelta(seconds=10)
_STICKY = timedelta(seconds=3)  # a workflow whose worker died goes to another one this soon


def activities(books: Books, policies: Policies, connected: Mapping[str, Connected]) -> list[Callable[..., Any]]:
    """Every activity with its dependencies: each class is given the parts that its fields are named for."""
    systems = Systems(connected)
    parts: dict[str, Any] = {
        **vars(books),
        "systems": systems,
        "policy": policies,
        "reader": ContractReader(systems, policies),
        "record": ContractsOfRecord(books.dossiers, books.engagements),
        "books": Bookkeeping(books.writes, books.dossiers, books.audit),
        "board": Board(books.engagements, books.expectations, books.audit, books.inbox, books.clock),
        "acceptances": acceptance_door(systems, policies, books),
        "roster": Roster(systems, policies),
        "metering": Metering(books.billing, policies, books.cases, books.clock),
        "payers": Payers(books.references, books.engagements, books.billing),
        "late": LateWork(systems, books.billing, policies, books.cases),
        "upkeep": Upkeep(books.database, next_owner=by_policy(policies)),
    }
    made = [kind(**{field.name: parts[field.name] for field in fields(kind)}) for kind in STEPS]
    return [method for one in made for method in _methods(one)]


def acceptance_door(systems: Systems, policies: Policies, books: Books) -> Acceptances:
    """Where acceptances come in."""
    own = {field.name: vars(books)[field.name] for field in fields(Acceptances) if field.name in vars(books)}
    return Acceptances(systems=systems, policy=policies, **own)


def _methods(one: object) -> list[Callable[..., Any]]:
    return [m for name in dir(one) if hasattr(m := getattr(one, name), "__temporal_activity_definition")]


def workers(client: Client, made: list[Callable[..., Any]], policies: Policies, settings: WorkerSettings) -> list[Worker]:
    """One for workflows, one for the ledger's queue, one for each target account with its own rate limit."""
    build = f"{version('handoff')}+{policies.version}"  # told, else the SDK reads every module that is loaded to make one up
    first = Worker(
        client,
        task_queue=options.WORKFLOWS,
        build_id=build,
        workflows=list(WORKFLOWS),
        max_concurrent_workflow_tasks=settings.workflow_tasks,
        max_cached_workflows=settings.cached_workflows,
        sticky_queue_schedule_to_start_timeout=_STICKY,
        graceful_shutdown_timeout=_GRACE,
    )
    budgets = {options.account(name): system.budget for name, system in policies.landscape.systems.items()}
    rest = [
        Worker(
            client,
            task_queue=queue,
            build_id=build,
            activities=made,
            interceptors=[Lanes()],
            max_concurrent_activities=settings.activities,
            max_task_queue_activities_per_second=budget.calls_per_second if budget else None,
            graceful_shutdown_timeout=_GRACE,
        )
        for queue, budget in {options.LEDGER: None, **budgets}.items()
    ]
    return [first, *rest]


async def work(settings: Settings) -> None:
    """Until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        office = await stack.enter_async_context(open_office(settings, runs_workflows=True))
        connected = connect_systems(office.policies)
        for system in connected.values():
            stack.push_async_callback(system.aclose)
        made = activities(office.books, office.policies, connected)
        for worker in workers(office.client, made, office.policies, settings.worker):
            await stack.enter_async_context(worker)
        await stack.enter_async_context(Dispatcher(office.client, office.books.inbox).running())
        leave_out_what_stays()
        await stop.wait()


def main() -> None:
    """Settings from the environment."""
    settings = Settings()
    log_to_stderr(settings.telemetry.log_level)
    asyncio.run(work(settings))


if __name__ == "__main__":
    main()
