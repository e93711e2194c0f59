"""`handoff receivables poll`: a round of the schedule, now."""

from cli.output import JsonOption, output
from cli.session import ActorOption, ask
from workflows.poll_receivables import ReceivablesHeard


def poll(actor: ActorOption = None, json: JsonOption = False) -> None:
    """Take in payments and what is open of invoices now, and follow every customer that is concerned."""
    with output(json) as out:
        with out.working("receivables"):
            heard = ask(out, lambda s: s.office.receivables.poll(), actor=actor)
        out.show(heard, _told)


def _told(heard: ReceivablesHeard) -> str:
    lines = [f"{one.system}: {one.payments} payments ({one.news} new), {one.documents} documents." for one in heard.heard]
    lines += [f"{system} did not answer: the next round asks again." for system in heard.silent]
    return "\n".join([*lines, f"{len(heard.followed)} customers followed. Next: `handoff receivables show CUSTOMER`."])
