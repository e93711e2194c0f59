"""Workday's workers to people. Pure: no I/O, no clock."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from canonical.errors import Malformed
from canonical.money import Money
from canonical.person import Person, Posting
from connectors.workday.history import DAY, Stretch, Trail
from connectors.workday.schemas import Job, Worker
from connectors.workday.settings import Settings


def person(system: str, trail: Trail, moment: datetime, settings: Settings) -> Person:
    """The person with every posting of the window; one whose hire was rescinded has none."""
    worker = trail.latest
    return Person(
        system=system,
        source_id=worker.wid,
        source_version=moment.astimezone(UTC).isoformat(timespec="microseconds"),
        reference=worker.number,
        name=worker.name,
        email=worker.email,
        is_contingent=worker.is_contingent,
        employed_until=trail.ended,
        postings=tuple(_joined([_posting(stretch, worker, settings) for stretch in reversed(trail.stretches)])),
    )


def _posting(stretch: Stretch, worker: Worker, settings: Settings) -> Posting:
    job = stretch.job
    return Posting(
        since=stretch.since,
        until=stretch.until,
        entity=settings.entities.get(job.company, job.company),
        role=settings.roles.get(job.profile_id, job.profile),
        cost_center=job.cost_center,
        hourly_cost=_hourly_cost(job, worker, settings),
    )


def _hourly_cost(job: Job, worker: Worker, settings: Settings) -> Money | None:
    pay = job.pay
    if pay is None:
        return None
    try:
        if pay.hourly is not None:
            return Money.of(pay.hourly, pay.currency)
        if pay.annual is not None and settings.hours_in_a_year is not None:
            return Money.of(pay.annual / settings.hours_in_a_year, pay.currency).rounded()
    except ValidationError:
        raise Malformed(
            f"The pay of worker {worker.number} has no currency that we know", remedy="Correct the currency in Workday."
        ) from None  # the error of the model would show the amount
    return None


def _joined(postings: Sequence[Posting]) -> list[Posting]:
    """Neighbours that say the same are one: not every transaction changes a posting."""
    joined: list[Posting] = []
    for posting in postings:
        before = joined[-1] if joined else None
        is_next = before is not None and (before.until is None or before.until + DAY == posting.since)
        if before is not None and is_next and _facts(before) == _facts(posting):
            joined[-1] = before.changed(until=posting.until)
        else:
            joined.append(posting)
    return joined


def _facts(posting: Posting) -> tuple[object, ...]:
    return posting.entity, posting.role, posting.cost_center, posting.hourly_cost
