"""One line of the doctor's report."""

from enum import StrEnum

from pydantic import BaseModel


class State(StrEnum):
    """How a thing is."""

    WELL = "ok"
    WRONG = "WRONG"
    NOT_ASKED = "not asked"


class Finding(BaseModel):
    """A thing that was looked at: what was seen, and what to do where it is wrong."""

    what: str
    state: State
    seen: str
    remedy: str = ""


def well(what: str, seen: str) -> Finding:
    """It is as it should be."""
    return Finding(what=what, state=State.WELL, seen=seen)


def wrong(what: str, seen: str, remedy: str) -> Finding:
    """It is not, and this is what to do."""
    return Finding(what=what, state=State.WRONG, seen=seen, remedy=remedy)


def not_asked(what: str, why: str, remedy: str) -> Finding:
    """It could not be looked at, which is not wrong in itself."""
    return Finding(what=what, state=State.NOT_ASKED, seen=why, remedy=remedy)
