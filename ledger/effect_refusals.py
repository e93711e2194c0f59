"""How a write stands, and what is said when it cannot go on: each refusal names its key, its reason and its remedy."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import asyncpg

from canonical.errors import (
    Conflict,
    Failure,
    KeyReusedWithDifferentContent,
    MoveRefused,
    NotFound,
    OutcomePending,
    OutcomeUnknown,
    RuleBroken,
)
from canonical.written import Declaration, Written
from ledger.refusals import BOUND_OTHERWISE, RECORDED_OTHERWISE

FREE = ("reserved", "refused", "reversed")


@dataclass(frozen=True)
class Standing:
    """A row of effects as one caller sees it, with that caller's way to look the record up."""

    key: str
    state: str
    request_hash: str
    lease_token: str
    attempts: int
    empty_looks: int
    rest: timedelta
    failure: str
    visibility_delay: timedelta
    is_blind: bool
    written: Written
    look_up: Callable[[], Awaitable[Written | None]] | None

    @classmethod
    def of(
        cls, row: asyncpg.Record | None, look_up: Callable[[], Awaitable[Written | None]] | None, declared: Declaration
    ) -> Self:
        """From what the database said; it always says something of a key that was asked for."""
        assert row is not None
        return cls(
            **{name: row[name] for name in ("key", "state", "request_hash", "lease_token", "attempts", "empty_looks", "failure")},
            rest=row["rest"] or timedelta(0),
            visibility_delay=declared.visibility_delay,
            is_blind=look_up is None or declared.searchable_key is None,
            written=written(row),
            look_up=look_up,
        )


def written(row: Mapping[str, Any] | asyncpg.Record) -> Written:
    """The record as it was answered when it was written."""
    return Written.model_construct(
        target_id=row["target_id"], number=row["number"], url=row["url"], version=row["version"], details=row["details"]
    )


def in_flight(key: str, retry_after: timedelta) -> OutcomePending:
    """Somebody else is carrying it out."""
    return OutcomePending(f"{key} is being carried out by another caller.", evidence={"key": key}, retry_after=retry_after)


def pending(key: str, retry_after: timedelta, words: str) -> OutcomePending:
    """Too early to look."""
    return OutcomePending(
        f"It is not known yet whether {key} was carried out; it is looked up in {retry_after.total_seconds():.0f} s.",
        evidence={"key": key, "first failure": words},
        retry_after=retry_after,
    )


def unknown(standing: Standing, words: str) -> OutcomeUnknown:
    """Nobody but a person can find out."""
    return OutcomeUnknown(
        f"It is not known whether {standing.key} was carried out, and its target offers no way to look it up.",
        evidence={"key": standing.key, "first failure": words},
    )


def other_content(key: str, stored: str, asked: str) -> KeyReusedWithDifferentContent:
    """The key stands for something else."""
    return KeyReusedWithDifferentContent(
        f"{key} was asked for before with other content.", evidence={"key": key, "stored hash": stored, "asked hash": asked}
    )


def closed(key: str) -> MoveRefused:
    """It was given up before it was carried out."""
    return MoveRefused(
        f"{key} was given up before it was carried out.",
        remedy="To carry it out after all you must settle it with 'retry'; to leave it undone, reject the handoff.",
        evidence={"key": key},
        code="WRITE_CLOSED",
    )


def not_to_settle(key: str, state: str | None) -> Failure:
    """A person's word is for unknown outcomes only."""
    if state is None:
        return NotFound(
            f"Nothing was ever asked under {key}.", remedy="Take the key from `handoff trace`.", evidence={"key": key}
        )
    return MoveRefused(
        f"The outcome of {key} is not open: it is {state}.",
        remedy="Nothing is to be settled; run the step again to hear how it stands.",
        evidence={"key": key, "state": state},
    )


def of_database(refused: asyncpg.PostgresError, key: str) -> Exception:
    """What the database's functions refuse, by code."""
    match refused.sqlstate:
        case code if code == BOUND_OTHERWISE:
            return Conflict(
                f"The record of {key} cannot be bound: {refused.args[0]}.",
                remedy="Compare both records there; settle with 'adopt' and the id that is right, and withdraw the other.",
                evidence={"key": key, "bound to": refused.detail or ""},
                code="BOUND_OTHERWISE",
            )
        case code if code == RECORDED_OTHERWISE:
            return RuleBroken(
                f"One key, two records: {refused.args[0]}.",
                evidence={"key": key, "recorded": refused.detail or ""},
                code="TWO_RECORDS",
            )
    return refused
