"""Accounting periods: which one a date falls in, whether it takes a posting of a subsidiary, and who closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import user_error

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

State = Literal["open", "ar_locked", "closed"]


def of_date(records: Records, day: str) -> Json:
    """The posting period of a day."""
    found = next((one for one in _posting(records) if one["startDate"] <= day <= one["endDate"]), None)
    if found is None:
        raise user_error(f"There is no accounting period for the date {day}.")
    return found


def first_open(records: Records, day: str, subsidiary: str) -> Json:
    """The period of a day, or the first one after it that is open."""
    later = sorted((one for one in _posting(records) if one["endDate"] >= day), key=lambda one: str(one["startDate"]))
    found = next((one for one in later if state_of(one, subsidiary) == "open"), None)
    if found is None:
        raise user_error(f"There is no open accounting period on or after {day}.")
    return found


def state_of(period: Json, subsidiary: str) -> State:
    """What the period takes of a subsidiary."""
    states: dict[str, State] = period.get("_states", {})
    return states.get(subsidiary, states.get("*", "open"))


def require_open(records: Records, period: str, subsidiary: str, *, receivable: bool) -> None:
    """Refuse what a closed period, or one whose receivables are locked, does not take any more."""
    found = records.get("accountingPeriod", period)
    state = state_of(found, subsidiary)
    if state == "closed" or (state == "ar_locked" and receivable):
        what = "closed" if state == "closed" else "locked for accounts receivable"
        raise user_error(f"The accounting period {found['periodName']} is {what}. You cannot post to or change it.")


def set_state(records: Records, month: str, subsidiary: str | None, state: State) -> Json:
    """Close, lock or reopen a month (``2026-06``), for one subsidiary or for all."""
    period = of_date(records, f"{month}-01")
    states = {**period.get("_states", {}), subsidiary: state} if subsidiary else {"*": state}
    everyone = {state_of({"_states": states}, key) for key in records.all("subsidiary")} or set(states.values())
    closed = everyone == {"closed"}
    locked = everyone <= {"closed", "ar_locked"}
    found = {**period, "_states": states, "closed": closed, "allLocked": closed, "apLocked": closed, "arLocked": locked}
    found["closedOnDate"] = records.today() if closed else None
    records.changed("accountingPeriod", {name: value for name, value in found.items() if value is not None})
    return records.get("accountingPeriod", period["id"])


def _posting(records: Records) -> list[Json]:
    return [one for one in records.all("accountingPeriod").values() if one.get("isPosting", True)]
