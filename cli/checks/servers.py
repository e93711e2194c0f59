"""What must run: database with its schema, Temporal with its search attributes, workers on every queue, the gateway."""

from datetime import timedelta

import asyncpg
import httpx2 as httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from canonical.errors import Failure
from cli.checks.finding import Finding, not_asked, well, wrong
from runtime.client import connect
from runtime.settings import Settings

_PATIENCE = 5.0
_START = "Start it with `handoff up`, or correct {}."


async def database(settings: Settings) -> list[Finding]:
    """Whether it answers as the right role, and holds the tables of this release."""
    what = "database"
    try:
        connection = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [wrong(what, f"{type(error).__name__}: {error}", _START.format("HANDOFF_DATABASE__DSN"))]
    try:
        version = await connection.fetchval("SHOW server_version")
        user = await connection.fetchval("SELECT current_user")
        return [well(what, f"PostgreSQL {version} as {user}"), await _owns_nothing(connection), await _schema(connection)]
    finally:
        await connection.close()


async def _owns_nothing(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    count = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
    if count:
        remedy = "Connect as a role that owns nothing (handoff_app), so that append-only means it."
        return wrong("role of the application", f"it owns {count} tables and could change the audit trail", remedy)
    return well("role of the application", "owns nothing")


async def _schema(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    from ledger.schema import METADATA

    there = {row[0] for row in await connection.fetch("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}
    missing = sorted(set(METADATA.tables) - there)
    if missing:
        remedy = "Run `python -m ledger.migrations.run OWNER_DSN`, or start the stack again, which does."
        return wrong("schema", f"missing: {', '.join(missing)}", remedy)
    return well("schema", f"all {len(METADATA.tables)} tables of this release")


async def temporal(settings: Settings) -> list[Finding]:
    """Whether it answers, knows our search attributes, and has workers on every queue."""
    try:
        client = await connect(settings.temporal, plugins=[])
        version = (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version
        seen = f"server {version} at {settings.temporal.address}, namespace {client.namespace}"
        return [well("Temporal", seen), await _search_attributes(client), *await _workers(client, settings)]
    except (Failure, RPCError) as error:
        return [wrong("Temporal", str(error), _START.format("HANDOFF_TEMPORAL__ADDRESS"))]


async def _search_attributes(client: Client) -> Finding:
    from workflows.search_attributes import TYPES

    request = ListSearchAttributesRequest(namespace=client.namespace)
    there = (await client.operator_service.list_search_attributes(request)).custom_attributes
    missing = [name for name in TYPES if name not in there]
    if missing:
        options = " ".join(f"--name {name} --type {TYPES[name]}" for name in missing)
        remedy = f"Run `temporal operator search-attribute create {options}`."
        return wrong("search attributes", f"missing: {', '.join(missing)}", remedy)
    return well("search attributes", ", ".join(TYPES))


async def _workers(client: Client, settings: Settings) -> list[Finding]:
    from policies.loading import load
    from workflows import options

    workflow, activity = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    try:
        accounts = [options.account(name) for name in load(settings.policies).landscape.systems]
    except Failure:
        accounts = []
    wanted = {options.WORKFLOWS: workflow, **dict.fromkeys([options.LEDGER, *accounts], activity)}
    silent = [queue for queue, kind in wanted.items() if not await _polled(client, queue, kind)]
    if silent:
        return [wrong("workers", f"nobody polls {', '.join(silent)}", "Start a worker (`python -m worker`), or `handoff up`.")]
    return [well("workers", f"poll {', '.join(wanted)}")]


async def _polled(client: Client, queue: str, kind: "TaskQueueType.ValueType") -> bool:
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
    described = await client.workflow_service.describe_task_queue(request, timeout=timedelta(seconds=_PATIENCE))
    return bool(described.pollers)


async def gateway(settings: Settings) -> Finding:
    """Whether it answers that it is well."""
    url = f"http://{settings.gateway.host}:{settings.gateway.port}/health"
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as http:
            answer = await http.get(url)
    except httpx.TransportError as error:
        return wrong("gateway", f"{url}: {type(error).__name__}", _START.format("HANDOFF_GATEWAY__HOST and __PORT"))
    if answer.is_success:
        return well("gateway", f"{url} answers")
    return wrong("gateway", f"{url} answers {answer.status_code}", "Read its log; `handoff up` keeps it in .handoff/logs.")


def nothing_runs() -> list[Finding]:
    """Where neither a stack nor settings say which servers are meant."""
    remedy = "Start a stack with `handoff up`, or set HANDOFF_DATABASE__DSN and HANDOFF_TEMPORAL__ADDRESS."
    return [not_asked(what, "no stack runs here", remedy) for what in ("database", "Temporal", "workers", "gateway")]
