"""The HTTP client of a connector, and the one table from answers to named failures."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2 as httpx
import msgspec

from canonical.errors import (
    AnswerLost,
    Conflict,
    Failure,
    Misconfigured,
    NotFound,
    NotReached,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.circuit import Circuit

Json = dict[str, Any]
READ_TIMEOUT = timedelta(seconds=60)
_LONGEST_BODY_SHOWN = 500
_WRITTEN, _READ = msgspec.json.Encoder(decimal_format="number"), msgspec.json.Decoder(float_hook=Decimal)

FIRST_LANE: ContextVar[bool] = ContextVar("first_lane", default=False)
"""Whether what runs now is of the first lane: its calls may use reserved slots."""

Explained = tuple[str, str, str]
"""What a vendor's error body says: its own code, the message, and the field (empty where there is none)."""


def client(base_url: str, *, timeout: timedelta = READ_TIMEOUT, connections: int = 40, **more: Any) -> httpx.AsyncClient:
    """A pooled client that lives as long as the worker; it never follows a redirect to somewhere else."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout.total_seconds(), connect=10.0),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        follow_redirects=False,
        verify=_trusted(),
        **more,
    )


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities of this machine, read once for all clients: it takes longer than anything else about them."""
    return httpx.create_ssl_context()


@contextlib.contextmanager
def naming_transport_failures(system: str) -> Iterator[None]:
    """Turn transport errors into named failures: surely not sent, or perhaps carried out."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise Misconfigured(f"{system} does not present a certificate we trust", evidence={"error": error}) from error
        raise NotReached(f"{system} could not be reached", evidence={"error": repr(error)}) from error
    except httpx.TransportError as error:
        raise AnswerLost(f"{system} gave no usable answer", evidence={"error": repr(error)}) from error


def raise_for(
    answer: httpx.Response,
    *,
    system: str,
    explain: Callable[[httpx.Response], Explained] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Raise the named failure that an answer means; nothing for 1xx to 3xx.

    A connector whose vendor speaks otherwise (403 for a daily limit, 200 with success false) decides that first, then comes here.
    """
    if answer.status_code < 400:
        return
    code, message, field = _explained(answer, explain)
    said = f"{system} answered {answer.status_code}: {message}" if message else f"{system} answered {answer.status_code}"
    evidence = {
        "status": answer.status_code,
        "method": answer.request.method,
        "path": answer.request.url.path,
        "vendor_code": code,
        "field": field,
    }
    raise _failure_for(answer, said, evidence, field, now)


def _failure_for(answer: httpx.Response, said: str, evidence: Json, field: str, now: Callable[[], datetime]) -> Failure:
    match answer.status_code:
        case 401:
            return Misconfigured(said, remedy="Check the credentials that policies/landscape refers to.", evidence=evidence)
        case 403:
            return Misconfigured(said, remedy="Give the integration user the right that the message names.", evidence=evidence)
        case 404 | 410:
            return NotFound(said, evidence=evidence)
        case 408:
            return AnswerLost(said, evidence=evidence)
        case 409 | 412:
            return Conflict(said, evidence=evidence)
        case 429:
            return Throttled(said, evidence=evidence, retry_after=retry_after(answer, now()))
        case status if status >= 500:
            return Unavailable(said, evidence=evidence, retry_after=retry_after(answer, now()))
        case _:
            remedy = f"Correct '{field}', then settle the exception with retry." if field else None
            return Rejected(said, remedy=remedy, evidence=evidence)


def retry_after(answer: httpx.Response, now: datetime) -> timedelta | None:
    """The Retry-After header, in seconds or as an HTTP date; None where it is missing or makes no sense."""
    value = answer.headers.get("Retry-After")
    if value is None:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - now, timedelta())
    except (ValueError, TypeError):
        return None


def encoded(body: Json) -> bytes:
    """JSON with every digit of every Decimal, as a number."""
    return _WRITTEN.encode(body)


def decoded(content: bytes) -> Json:
    """JSON with every number that has decimals read as Decimal; an empty answer is an empty object, no JSON a ValueError."""
    found: Any = _READ.decode(content) if content else {}
    return found if isinstance(found, dict) else {}


def _explained(answer: httpx.Response, explain: Callable[[httpx.Response], Explained] | None) -> Explained:
    if explain is not None:
        with contextlib.suppress(ValueError, KeyError, IndexError, TypeError, AttributeError):
            return explain(answer)
    return "", answer.text[:_LONGEST_BODY_SHOWN], ""


class Budget:
    """How many calls of ours may be under way at one account: shrinks when they throttle us or fail, grows back slowly.

    One budget an account and process: each halves and grows by itself, so that all of them come to shares of what the account
    bears; across processes the task queue's rate limit holds besides. ``reserved`` slots are urgent calls', and those of
    activities in the first lane. In an outage its circuit keeps calls back.
    """

    def __init__(self, most: int, *, reserved: int = 0, system: str = "The system") -> None:
        if not 0 <= reserved < most:
            raise Misconfigured("A budget needs more slots than it reserves", evidence={"most": most, "reserved": reserved})
        self.most, self._reserved, self._limit, self._used = most, reserved, float(most), 0
        self._changed = asyncio.Condition()
        self.circuit = Circuit(system)

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return max(1, int(self._limit))

    @contextlib.asynccontextmanager
    async def slot(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Hold one slot for the length of a call; being throttled or failed inside halves the limit, success lets it grow."""
        first = urgent or FIRST_LANE.get()
        async with self._changed:
            await self._changed.wait_for(lambda: self._used < (self.limit if first else max(1, self.limit - self._reserved)))
            self.circuit.admit(first_lane=first)
            self._used += 1
        try:
            yield
            self.circuit.succeeded()
            self._limit = min(float(self.most), self._limit + 1 / self.limit)
        except Failure as failure:
            self.circuit.failed(failure)
            if isinstance(failure, Throttled | Unavailable):
                self._limit = max(1.0, self._limit / 2)
            raise
        except BaseException:
            self.circuit.left()
            raise
        finally:
            async with self._changed:
                self._used -= 1
                self._changed.notify_all()
