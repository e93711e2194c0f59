"""The `handoff` command: a group is a folder, a command is a file, imported only when it is called."""

import importlib
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Target(NamedTuple):
    """Where a command's function is, and its docstring's first line, so that `--help` needs no import (a test compares them)."""

    place: str
    help: str


COMMANDS: dict[str, Target] = {
    "up": Target("cli.up:up", "Start the stack with simulated vendors, and stay until Ctrl-C."),
    "demo": Target(
        "cli.demo:demo", "Tell the whole story with real parts and simulated vendors; exit 1 if a checked fact does not hold."
    ),
    "doctor": Target("cli.doctor:doctor", "Check this machine, the settings and every server; each line names its remedy."),
    "plan": Target("cli.handoffs.plan:plan", "What a handoff would create or change in each system; nothing is touched."),
    "start": Target("cli.handoffs.start:start", "Ask for a contract's handoff; asked twice, it is done once."),
    "list": Target("cli.handoffs.list:list_engagements", "The engagements and where each stands."),
    "show": Target("cli.handoffs.show:show", "One engagement: its status, its money, its ids in every system."),
    "trace": Target(
        "cli.handoffs.trace:trace", "The whole story of an engagement, found by any id in any system, or of an invoice line."
    ),
    "signal": Target("cli.handoffs.signal:signal", "Say that records were corrected: what waits looks again."),
    "cancel": Target("cli.handoffs.cancel:cancel", "Withdraw a running handoff; everything it made is undone."),
    "schema": Target("cli.schema:schema", "The canonical objects and policy files: versions, and the JSON Schema of one."),
    "bench": Target("cli.bench:bench", "Measure speed beside a bare workflow, on this machine."),
}
GROUPS: dict[str, dict[str, Target]] = {
    "exceptions": {
        "list": Target("cli.exceptions.list:list_exceptions", "What waits for people, the most money first."),
        "show": Target("cli.exceptions.show:show", "One exception with its remedy and evidence."),
        "settle": Target("cli.exceptions.settle:settle", "Decide one exception; the waiting workflow goes on at once."),
        "approve": Target("cli.exceptions.approve:approve", "Agree, as a second person, to a decision that was proposed."),
        "decline": Target("cli.exceptions.decline:decline", "Refuse, as a second person, a decision that was proposed."),
        "assign": Target("cli.exceptions.assign:assign", "Give an exception to somebody."),
        "snooze": Target("cli.exceptions.snooze:snooze", "Let an exception rest until a time."),
    },
    "billing": {
        "run": Target(
            "cli.billing.run:run", "Take time in, enter what is due, and bill what is open; asked again, a run makes nothing new."
        ),
        "show": Target(
            "cli.billing.show:show", "The invoices of a contract, what waits to be billed, and its retainers, orders and caps."
        ),
        "pressure": Target(
            "cli.billing.pressure:pressure",
            "What waits to be posted to the ERPs: money at risk by entity, how fast it goes, when it will be through.",
        ),
        "preview": Target(
            "cli.billing.preview:preview",
            "What a run would bill of a contract, by purchase order, and what would wait; nothing is touched.",
        ),
        "limit": Target(
            "cli.billing.limit:limit",
            "Record that a purchase order or cap was raised; what waited for room is open for the next run.",
        ),
        "accept": Target(
            "cli.billing.accept:accept", "Submit the acceptance of a milestone; it becomes billable once nothing is missing."
        ),
    },
    "invoice": {
        "show": Target("cli.invoice.show:show", "One invoice with its lines, taxes and accounts, its payments and disputes."),
        "release": Target(
            "cli.invoice.release:release",
            "Release an invoice that waits at the control point; above the threshold a second person must agree.",
        ),
        "trace": Target(
            "cli.invoice.trace:trace",
            "From an invoice line to its entries, people, approvers, rate versions, clauses, acceptances and journals.",
        ),
    },
    "credit": {
        "propose": Target(
            "cli.credit.propose:propose",
            "Propose a credit of exact items, lines or an amount; without any of them all that stands billed is credited.",
        ),
        "list": Target(
            "cli.credit.list:list_credits",
            "The credits that wait for a second person, or for the ERP; with --all, those that were decided too.",
        ),
        "show": Target(
            "cli.credit.show:show",
            "One credit: its amounts, the exact allocations, what becomes of them, and what waits about it.",
        ),
        "approve": Target(
            "cli.credit.approve:approve",
            "Agree, as a second person, to a proposed credit: it is made, posted, and billed again where that was asked for.",
        ),
        "reject": Target(
            "cli.credit.reject:reject", "Reject a proposed credit, or take back one's own; everything stays as it was."
        ),
    },
    "close": {
        "show": Target(
            "cli.close.show:show",
            "What waits with its money, what is recognized and accrued, and what stands in the way of closing a month.",
        ),
        "run": Target(
            "cli.close.run:run",
            "Recognize the month's revenue, propose its accruals, and say what stands in the way; the ERP is not closed by this.",
        ),
    },
    "revenue": {
        "run": Target(
            "cli.revenue.run:run", "Recognize what was earned through a month and post it; asked again, only what has changed."
        ),
        "show": Target(
            "cli.revenue.show:show", "Billed against earned, by obligation; and the runs of an entity with their journals."
        ),
        "measure": Target(
            "cli.revenue.measure:measure",
            "Keep an estimate of progress; revenue that is earned over time follows it at the next run, also downwards.",
        ),
        "reverse": Target(
            "cli.revenue.reverse:reverse",
            "Reverse the journals of a month's revenue in an open period; the next run recognizes it anew.",
        ),
    },
    "receivables": {
        "show": Target("cli.receivables.show:show", "What a customer owes by age, its open invoices, payments and disputes."),
        "poll": Target(
            "cli.receivables.poll:poll",
            "Take in payments and what is open of invoices now, and follow every customer that is concerned.",
        ),
        "deposit": Target(
            "cli.receivables.deposit:deposit", "Enter a customer's advance in the ERP: a liability until it is applied."
        ),
        "apply": Target(
            "cli.receivables.apply:apply",
            "Apply a deposit or an unapplied payment to an invoice, once; asked again, the answer is the same.",
        ),
    },
    "dispute": {
        "open": Target(
            "cli.dispute.open:open_dispute",
            "Record what a customer contests of an invoice: collections skip it, exposure shows it.",
        ),
        "list": Target("cli.dispute.list:list_disputes", "What customers contest, the oldest first."),
        "settle": Target(
            "cli.dispute.settle:settle", "Settle a dispute: AMOUNT is the customer's share, the rest is owed again."
        ),
    },
    "rates": {
        "import": Target(
            "cli.rates.import_card:import_card",
            "Import a version of a rate card, which work billed at older rates follows, or exchange rates with source and time.",
        ),
    },
    "usage": {
        "import": Target(
            "cli.usage.import_readings:import_readings",
            "Import what meters say was used; it is billed once its period is over. Asked again, nothing is counted twice.",
        ),
        "show": Target(
            "cli.usage.show:show",
            "What was used in the periods that are over, what it comes to, and the periods of which no meter has spoken.",
        ),
    },
    "reconcile": {
        "run": Target("cli.reconcile.run:run", "Compare an entity's systems with our ledger now; MISSING and LATE heal."),
        "show": Target("cli.reconcile.show:show", "Past runs; one run with its findings; or what stands open."),
        "schedule": Target("cli.reconcile.schedule:schedule", "An entity's evening schedule; with days, make up for them."),
    },
    "audit": {
        "verify": Target("cli.audit.verify:verify", "Prove that nobody changed the trail: every hash is computed again."),
        "export": Target("cli.audit.export:export", "The trail of one engagement, or all of it, as one JSON object a line."),
    },
    "connectors": {"check": Target("cli.connectors.check:check", "Ask every system whether it can be worked with.")},
    "policy": {
        "check": Target("cli.policy.check:check", "Check the firm's policy files: file, line and remedy of each mistake."),
        "catalogue": Target("cli.policy.catalogue:catalogue", "The control points and the interfaces in force, as a document."),
    },
    "schedules": {
        "list": Target("cli.schedules.list:list_schedules", "The schedules: what should run, and what the server runs."),
        "apply": Target("cli.schedules.apply:apply", "Make the server's schedules those of this release."),
        "trigger": Target("cli.schedules.trigger:trigger", "Run a schedule's work now."),
    },
    "keys": {
        "rotate": Target("cli.keys.rotate:rotate", "Add a key to the ring that encrypts payloads, and make it the current one."),
        "issue": Target("cli.keys.issue:issue", "Issue an API key for a person or program, shown this once."),
    },
    "scenario": {
        "run": Target(
            "cli.scenario.run:run", "Play scenarios and print what differs, in the words of the file; exit 1 when anything does."
        )
    },
}
HELP = {
    "exceptions": "Work for people: what waits, and settling it.",
    "billing": "Billing: accepted milestones, approved time and what the calendar brings become invoices.",
    "invoice": "One invoice, and where each of its lines comes from.",
    "credit": "Credits of posted invoices: proposed by one person, agreed by another, billed again where that is asked for.",
    "close": "Closing a month of a legal entity.",
    "revenue": "What is earned, and when.",
    "receivables": "What customers owe, and what they paid.",
    "dispute": "What customers contest of their invoices.",
    "rates": "Rate cards and exchange rates.",
    "usage": "Metered use: what meters say, and what it comes to.",
    "reconcile": "Both sides of everything, compared in money: what is missing, double, different or late.",
    "audit": "The append-only trail: verify and export it.",
    "connectors": "The connected systems.",
    "policy": "The firm's own rules.",
    "schedules": "What runs by the clock.",
    "keys": "Keys of the payload encryption and of the process API.",
    "scenario": "Acceptance stories against simulated systems.",
}


class Lazy(TyperGroup):
    """Knows its commands by name and help; imports one when it is called."""

    def __init__(self, name: str, targets: dict[str, Target], groups: dict[str, "Lazy"], **shown: Any) -> None:
        names: Any = dict.fromkeys([*targets, *groups])  # for "did you mean"; what they stand for is imported when called
        super().__init__(name=name, commands=names, no_args_is_help=True, rich_markup_mode=None, **shown)
        self.targets, self.groups = targets, groups

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Typer's hook."""
        target = self.targets.get(cmd_name)
        return self.groups.get(cmd_name) if target is None else command(cmd_name, target)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        """Typer's hook."""
        shown = {"Commands": {name: target.help for name, target in self.targets.items()}}
        shown["Groups of commands"] = {name: HELP[name] for name in self.groups}
        for heading, rows in shown.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(list(rows.items()))


def command(name: str, target: Target) -> Any:
    """The command behind a name; one that this installation does not have says so."""
    module, _, function = target.place.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as missing:
        if not missing.name or not module.startswith(missing.name):
            raise
        typer.echo(f"`handoff {name}` is not part of this installation: {module} is missing. See `handoff --help`.", err=True)
        raise typer.Exit(2) from None
    made = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    made.command(name)(found)
    return typer.main.get_command(made)


def root() -> Lazy:
    """Everything under `handoff`."""
    groups = {name: Lazy(name, targets, {}, help=HELP[name]) for name, targets in GROUPS.items()}
    return Lazy("handoff", COMMANDS, groups, help="Durable handoffs, from the signed contract to cash. Every command has --json.")


def main() -> None:
    """Entry point; the exit code is 0, 1 (refused, or something is wrong) or 2 (settings or usage)."""
    sys.exit(root().main(prog_name="handoff"))


if __name__ == "__main__":
    main()
