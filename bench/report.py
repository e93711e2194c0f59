"""What a run of the bench found, as a table for people; ratios first, since the figures themselves belong to the machine."""

import platform
from datetime import UTC, datetime

import psutil
from pydantic import BaseModel
from rich.table import Table

from bench.figures import Comparison
from bench.month import Billed, Month
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
    provisioning: Provisioning | None = None
    webhooks: Webhooks | None = None
    billing: Month | None = None
    aims: list[Aim]


def report(provisioning: Provisioning | None, webhooks: Webhooks | None, billing: Month | None) -> Report:
    """The run's findings, of the parts that were run, with what they should have been."""
    aims = [aim for found in (provisioning.comparisons if provisioning else ()) for aim in _of_handoffs(found)]
    if webhooks:
        p99 = webhooks.comparison.p99
        aims.append(Aim(what=f"acknowledgement p99, {webhooks.comparison.setting}", ratio=p99, aim="at most 3", met=p99 <= 3))
    if billing:
        aims += _of_a_month(billing)
    machine = f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    return Report(at=datetime.now(UTC), machine=machine, provisioning=provisioning, webhooks=webhooks, billing=billing, aims=aims)


def rendered(found: Report) -> list[str | Table]:
    """The report as text and tables."""
    said: list[str | Table] = [f"{found.machine}; {found.servers}."]
    comparisons = list[Comparison]()
    if found.provisioning:
        said += [_calls(found.provisioning), _figures("Handoffs", found.provisioning.comparisons)]
        comparisons += found.provisioning.comparisons
    if found.webhooks:
        title = f"Acknowledgements ({found.webhooks.kept} kept, {found.webhooks.repeated} repeats)"
        said.append(_figures(title, [found.webhooks.comparison]))
        comparisons.append(found.webhooks.comparison)
    if comparisons:
        said.append(_processor(comparisons))
    if found.billing:
        said.append(_month(found.billing))
    return [*said, _aims(found.aims)]


def _calls(provisioning: Provisioning) -> str:
    calls, activities = provisioning.calls["ours"], provisioning.activities
    said = ", ".join(f"{name} {count}" for name, count in calls.items())
    return (
        f"Each handoff makes {sum(calls.values())} calls on either side ({said}; parts of a batch counted), in "
        f"{activities['ours']} activities of ours and {activities['bare']} of the bare workflow; both leave the same records."
    )


def _of_handoffs(found: Comparison) -> list[Aim]:
    return [
        Aim(what=f"handoffs a second, {found.setting}", ratio=found.rate, aim="at least 0.7", met=found.rate >= 0.7),
        Aim(what=f"latency p50, {found.setting}", ratio=found.p50, aim="at most 1.5", met=found.p50 <= 1.5),
        Aim(what=f"latency p99, {found.setting}", ratio=found.p99, aim="at most 1.5", met=found.p99 <= 1.5),
    ]


def _of_a_month(found: Month) -> list[Aim]:
    ratio, growth, memory, whole = found.whole.ratio, found.growth, found.memory, f"{found.whole.entries:,} entries"
    return [
        Aim(what=f"entries a second, {whole}", ratio=ratio, aim="at least 0.5", met=ratio >= 0.5),
        Aim(what=f"time of {whole} over a tenth of them", ratio=growth, aim="at most 11", met=growth <= 11),
        Aim(what=f"peak memory of {whole} over a tenth", ratio=memory, aim="at most 1.5", met=memory <= 1.5),
    ]


def _month(found: Month) -> Table:
    table = Table(title="A month billed: Kantata to charges and one invoice a project in NetSuite", title_justify="left")
    for name in (
        "entries",
        "side",
        "projects",
        "take in s",
        "charge s",
        "invoice s",
        "all s",
        "processor s",
        "a second",
        "peak MB",
    ):
        table.add_column(name, justify="left" if name == "side" else "right", no_wrap=True)
    for one in (found.tenth, found.whole):
        took = [f"{seconds:.1f}" for seconds in (one.intake, one.charging, one.invoicing, one.seconds)]
        table.add_row(
            f"{one.entries:,}",
            "ours",
            str(one.projects),
            *took,
            f"{one.work[0]:.1f}",
            f"{one.per_second:.0f}",
            f"{one.peak_megabytes:.0f}",
        )
        table.add_row(*_bare(one), end_section=True)
    return table


def _bare(one: Billed) -> list[str]:
    bare = one.bare
    speed = f"{bare.entries / bare.seconds:.0f}"
    return [
        f"{bare.entries:,}",
        "bare",
        str(bare.invoices),
        "",
        "",
        "",
        f"{bare.seconds:.1f}",
        f"{one.work[1]:.1f}",
        speed,
        f"{bare.peak_megabytes:.0f}",
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
