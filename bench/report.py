"""What a run of the bench found, as a table for people; ratios first, since the figures themselves belong to the machine."""

import platform
from datetime import UTC, datetime

import psutil
from pydantic import BaseModel
from rich.table import Table

from bench.figures import Comparison
from bench.provisioning import Provisioning
from bench.webhooks import Webhooks

SERVERS = "Temporal dev server in a file with write-ahead log, tuned; PostgreSQL durable; each simulated vendor a process"


class Aim(BaseModel):
    """What a ratio should be."""

    what: str
    ratio: float
    aim: str
    met: bool


class Report(BaseModel):
    """One run."""

    at: datetime
    machine: str
    servers: str = SERVERS
    provisioning: Provisioning
    webhooks: Webhooks
    aims: list[Aim]


def report(provisioning: Provisioning, webhooks: Webhooks) -> Report:
    """The run's findings with what they should have been."""
    aims = [aim for found in provisioning.comparisons for aim in _of_handoffs(found)]
    p99 = webhooks.comparison.p99
    aims.append(Aim(what=f"acknowledgement p99, {webhooks.comparison.setting}", ratio=p99, aim="at most 3", met=p99 <= 3))
    machine = f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    return Report(at=datetime.now(UTC), machine=machine, provisioning=provisioning, webhooks=webhooks, aims=aims)


def rendered(found: Report) -> list[str | Table]:
    """The report as text and tables."""
    provisioning, webhooks = found.provisioning, found.webhooks
    calls, activities = provisioning.calls["ours"], provisioning.activities
    said = ", ".join(f"{name} {count}" for name, count in calls.items())
    return [
        f"{found.machine}; {found.servers}.",
        f"Each handoff makes {sum(calls.values())} calls on either side ({said}; parts of a batch counted), in "
        f"{activities['ours']} activities of ours and {activities['bare']} of the bare workflow; both leave the same records.",
        _figures("Handoffs", provisioning.comparisons),
        _figures(f"Acknowledgements ({webhooks.kept} kept, {webhooks.repeated} repeats)", [webhooks.comparison]),
        _processor([*provisioning.comparisons, webhooks.comparison]),
        _aims(found.aims),
    ]


def _of_handoffs(found: Comparison) -> list[Aim]:
    return [
        Aim(what=f"handoffs a second, {found.setting}", ratio=found.rate, aim="at least 0.7", met=found.rate >= 0.7),
        Aim(what=f"latency p50, {found.setting}", ratio=found.p50, aim="at most 1.5", met=found.p50 <= 1.5),
        Aim(what=f"latency p99, {found.setting}", ratio=found.p99, aim="at most 1.5", met=found.p99 <= 1.5),
    ]


def _figures(title: str, comparisons: list[Comparison]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("", "side", "N", "a second", "p50 ms", "p99 ms"):
        is_text = name in {"", "side"}
        table.add_column(name, justify="left" if is_text else "right", no_wrap=is_text)
    for found in comparisons:
        for name, one in (("ours", found.ours), ("bare", found.bare)):
            table.add_row(found.setting, name, str(one.count), f"{one.per_second:.1f}", f"{one.p50:.1f}", f"{one.p99:.1f}")
        table.add_row("", "ours / bare", "", f"{found.rate:.2f}", f"{found.p50:.2f}", f"{found.p99:.2f}", end_section=True)
    return table


def _processor(comparisons: list[Comparison]) -> Table:
    """By part: the vendors' share shows whether the bench measured us or them."""
    parts = {"temporal": "engine", "postgres": "database", "vendors": "vendors", "driver": "bench"}
    table = Table(title="Processor time of one, in milliseconds (ratio: without vendors and bench)", title_justify="left")
    for name in ("", "side", "worker", *parts.values(), "vendors %"):
        is_text = name in {"", "side"}
        table.add_column(name, justify="left" if is_text else "right", no_wrap=is_text)
    for found in comparisons:
        for name, one in (("ours", found.ours), ("bare", found.bare)):
            spent = [f"{one.processor[part]:.1f}" for part in (name, *parts)]
            share = one.processor["vendors"] / sum(one.processor.values())
            table.add_row(found.setting, name, *spent, f"{100 * share:.0f}")
        table.add_row("", "ours / bare", f"{found.processor:.2f}", end_section=True)
    return table


def _aims(aims: list[Aim]) -> Table:
    table = Table(title="Ours divided by the bare way", title_justify="left")
    for name in ("", "ratio", "aim", ""):
        table.add_column(name, justify="right" if name == "ratio" else "left")
    for aim in aims:
        table.add_row(aim.what, f"{aim.ratio:.2f}", aim.aim, "met" if aim.met else "missed")
    return table
