"""A worker as known at one moment, for one day: transactions folded over effective date and entry moment."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

Transaction = dict[str, Any]
BEGIN = {"Hire Employee", "Contract Contingent Worker"}
END = {"Terminate Employee", "End Contingent Worker Contract"}
_JOB = {"job_profile", "weekly_hours"}
_PAY = {"hourly", "annual"}
_TOLD = _JOB | _PAY | {"company", "cost_center", "currency"}


@dataclass
class Standing:
    """What holds for a worker on a day; dates are those that Workday tells."""

    is_active: bool = False
    hired: date | None = None
    first_hired: date | None = None
    ended: date | None = None
    job_since: date | None = None
    pay_since: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LogEntry:
    """One line of the transaction log; a rescind is a line of its own."""

    kind: str
    effective: date
    entered: datetime
    is_rescind: bool


def entered(transaction: Transaction) -> datetime:
    """When it was entered."""
    given = transaction.get("entered")
    return datetime.fromisoformat(given) if given else datetime.combine(effective(transaction), time(), UTC)


def effective(transaction: Transaction) -> date:
    """From when it holds."""
    return date.fromisoformat(transaction["effective"])


def known(worker: dict[str, Any], moment: datetime) -> list[Transaction]:
    """The transactions that stand at an entry moment, by effective date."""
    standing = [t for t in worker["transactions"] if entered(t) <= moment and not _is_rescinded(t, moment)]
    return sorted(standing, key=lambda t: (effective(t), entered(t)))


def log(worker: dict[str, Any], moment: datetime) -> list[LogEntry]:
    """The transaction log up to an entry moment."""
    lines = []
    for t in worker["transactions"]:
        if entered(t) <= moment:
            lines.append(LogEntry(t["type"], effective(t), entered(t), _is_rescinded(t, moment)))
        if _is_rescinded(t, moment):
            lines.append(LogEntry("Rescind", effective(t), datetime.fromisoformat(t["rescinded"]), True))
    return lines


def standing(worker: dict[str, Any], day: date, moment: datetime) -> Standing:
    """How the worker stands on that day, as known at that moment."""
    now = Standing()
    for transaction in known(worker, moment):
        since = effective(transaction)
        if transaction["type"] in END:
            if since < day:  # the effective date is the last day of employment
                now.is_active, now.ended = False, since
        elif since <= day:
            _apply(now, transaction, since)
    return now


def _apply(now: Standing, transaction: Transaction, since: date) -> None:
    given = {name: value for name, value in transaction.items() if name in _TOLD}
    if transaction["type"] in BEGIN:
        now.is_active, now.hired, now.ended = True, since, None
        now.first_hired = now.first_hired or since
        now.job_since = since
    if _JOB & set(given) or transaction["type"] == "Transfer Employee":
        now.job_since = since
    if _PAY & set(given):
        now.pay_since = since
        now.facts = {name: value for name, value in now.facts.items() if name not in _PAY}
    now.facts |= given


def _is_rescinded(transaction: Transaction, moment: datetime) -> bool:
    given = transaction.get("rescinded")
    return given is not None and datetime.fromisoformat(given) <= moment
