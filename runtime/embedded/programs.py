"""Each part of a plan as a process, not started yet."""

import sys
from collections.abc import Mapping
from pathlib import Path

from runtime.embedded.health import http_all_answer, worker_polls
from runtime.embedded.plan import ROOT, Part, Plan
from runtime.embedded.postgres import Postgres
from runtime.embedded.process import Check, Process, Program
from runtime.embedded.temporal import Temporal


def postgres(plan: Plan) -> Postgres:
    """The database, durable where the plan lasts."""
    return Postgres(plan.home / "postgres", port=plan.ports["postgres"], durable=plan.lasting)


def temporal(plan: Plan) -> Temporal:
    """The engine; its Web UI decodes payloads through the gateway."""
    return Temporal(
        plan.home / "temporal",
        in_memory=not plan.lasting,
        port=plan.ports["temporal"],
        ui_port=plan.ports["temporal-ui"] if plan.web_ui else None,
        namespace=plan.namespace,
        search_attributes=plan.search_attributes,
        codec_endpoint=plan.url_of("gateway") + plan.codec_path if plan.has(Part.GATEWAY) else None,
    )


def sandbox(plan: Plan) -> Process:
    """The simulated vendors, all in one process."""
    chosen = [option for name in plan.vendors for option in ("--vendor", f"{name}={plan.ports[name]}")]
    check = http_all_answer([f"{plan.url_of(name)}/_sandbox/health" for name in plan.vendors])
    arguments = ["sandbox.serve", *chosen, "--state-dir", str((plan.home / "sandbox").resolve())]
    return _module(plan, Part.SANDBOX, arguments, check, plan.environment, ports=tuple(plan.ports[name] for name in plan.vendors))


def gateway(plan: Plan, environment: Mapping[str, str]) -> Process:
    """Webhooks, process API and console."""
    check = http_all_answer([plan.url_of("gateway") + plan.health_path])
    return _module(plan, Part.GATEWAY, ["gateway"], check, environment, ports=(plan.ports["gateway"],))


def worker(plan: Plan, environment: Mapping[str, str]) -> Process:
    """The workflows and activities; ready when it polls."""
    check = worker_polls(environment["HANDOFF_TEMPORAL__ADDRESS"], plan.namespace, plan.task_queue)
    return _module(plan, Part.WORKER, ["worker"], check, environment)


def _module(
    plan: Plan, part: Part, arguments: list[str], check: Check, environment: Mapping[str, str], *, ports: tuple[int, ...] = ()
) -> Process:
    log = log_of(plan, part)
    return Process(
        Program(
            name=f"The {part}",
            command=[sys.executable, "-m", *arguments],
            log=log,
            check=check,
            remedy=f"To start it you must correct what its log {log} says, then start the stack again.",
            ports=ports,
            environment={**environment, "PYTHONUNBUFFERED": "1"},
            folder=ROOT,
            grace=20,
        )
    )


def log_of(plan: Plan, part: Part) -> Path:
    """Where a part's output goes."""
    return plan.home.resolve() / "logs" / f"{part}.log"
