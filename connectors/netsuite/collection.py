"""Many records at once: collection requests of up to 100, run by NetSuite as asynchronous jobs; a few records go one by one."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice

import httpx2 as httpx

from canonical.errors import Failure, NotReady, Rejected
from connectors.http import Json
from connectors.netsuite.account import RECORDS, Account, replaced
from connectors.netsuite.refusals import ALREADY_SUBMITTED
from connectors.netsuite.schemas import Job
from connectors.netsuite.wire import decoded, encoded, reference_of

Done = Callable[[Sequence[str]], Awaitable[set[str]]]
MOST = 100
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_OURS = uuid.UUID("6f1c4ac8-1d0f-5f0e-9c57-6a2f6f0d8a11")  # namespace of our idempotency keys; changing it would repeat jobs
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 0.5


async def upsert_all(
    account: Account, kind: str, records: Mapping[str, Json], *, key: str, done: Done | None = None
) -> dict[str, str]:
    """Make or change every record, by external id; a part that was committed before is not sent again by its job.

    One that is refused does not hold up the others; what was refused is told at the end, by reference. Answers the internal ids
    that became known, which an asynchronous job does not tell. ``done`` says which of some records are as they should be; where
    it is not given, those that exist.
    """
    known: dict[str, str] = {}
    failed: dict[str, Rejected] = {}
    if len(records) < account.settings.batch_from:
        failed = await _one_by_one(account, kind, records, known)
    else:
        done = done or partial(account.existing, kind)
        for start in range(0, len(records), MOST):
            chunk = dict(islice(records.items(), start, start + MOST))
            failed |= await _as_job(account, kind, chunk, known, done, key=f"{key}/{kind}/{start // MOST}")
    if failed:
        raise _refused(account.system, kind, failed, len(records))
    return known


async def _one_by_one(account: Account, kind: str, records: Mapping[str, Json], known: dict[str, str]) -> dict[str, Rejected]:
    """Each for itself; answers what was refused, by record, and notes the ids of the others."""
    results = await asyncio.gather(*(account.upsert(kind, e, body) for e, body in records.items()), return_exceptions=True)
    refused: dict[str, Rejected] = {}
    for external, result in zip(records, results, strict=True):
        if isinstance(result, Rejected):
            refused[external] = result
        elif isinstance(result, BaseException):
            raise result
        elif result:
            known[external] = result
    return refused


def _refused(system: str, kind: str, failed: Mapping[str, Rejected], of: int) -> Failure:
    first = next(iter(failed.values()))
    if of == 1:
        return first
    by_reason: dict[str, list[str]] = {}
    for external, refusal in failed.items():
        by_reason.setdefault(refusal.message, []).append(reference_of(external))
    named = "; ".join(f"{', '.join(references)}: {reason}" for reason, references in by_reason.items())
    return type(first)(
        f"{system} refused {len(failed)} of {of} records of type {kind}: {first.message}",
        remedy=first.remedy,
        evidence={**first.evidence, "refused": named, "accepted": of - len(failed)},
    )


async def _as_job(
    account: Account, kind: str, records: Mapping[str, Json], known: dict[str, str], done: Done, *, key: str
) -> dict[str, Rejected]:
    items = [{"externalId": external, **body} for external, body in records.items()]
    # Counts only because the call is asynchronous; a synchronous call ignores it. The same key leads back to the job it has.
    body = encoded({"items": items})
    idempotency = str(uuid.uuid5(_OURS, f"{key}/{hashlib.sha256(body).hexdigest()}"))
    job = await _submitted(account, kind, body, replaced(items[0]), idempotency)
    if await _succeeded(account, job):
        return {}
    # A failed job committed some of its records: what is missing goes one by one, which also says why each was refused.
    there = await done(list(records))
    rest = {external: body for external, body in records.items() if external not in there}
    return await _one_by_one(account, kind, rest, known)


async def _submitted(account: Account, kind: str, body: bytes, query: dict[str, str], idempotency: str) -> str:
    headers = {"Prefer": "respond-async", "Content-Type": _COLLECTION, "X-NetSuite-Idempotency-Key": idempotency}
    answer = await account.call("PUT", f"{RECORDS}/{kind}", params=query, body=body, headers=headers, accept=ALREADY_SUBMITTED)
    return _job_in(account, answer)


def _job_in(account: Account, answer: httpx.Response) -> str:
    location = answer.headers.get("Location", "")
    if not location:
        raise Rejected(
            f"{account.system} took a collection request and named no job",
            remedy="Look at Setup > Integration > REST Async Jobs in NetSuite, then settle the exception with retry.",
        )
    return str(location).rpartition("/services")[2]


async def _succeeded(account: Account, job: str) -> bool:
    """Whether every record went in; raises NotReady when the job needs longer than one call may wait."""
    deadline = time.monotonic() + account.settings.job_patience.total_seconds()
    wait = _FIRST_WAIT
    while True:
        answer = await account.call("GET", f"/services{job}")
        found = account.shaped(Job, decoded(answer.content), "asynchronous job")
        if found.completed:
            return found.progress == "succeeded"
        if time.monotonic() + wait > deadline:
            raise NotReady(
                f"{account.system} is still at work on asynchronous job {found.id}",
                evidence={"job": found.id, "progress": found.progress},
                retry_after=timedelta(seconds=5),
            )
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
