"""What a write to another system left behind, and what a connector declares about its writes."""

from datetime import timedelta
from enum import StrEnum

from canonical.schema import Part


class Written(Part):
    """The record that now exists there: its id, number and address as that system gives them."""

    target_id: str
    number: str = ""
    url: str = ""
    version: str = ""
    details: dict[str, str] = {}


class RoundingLevel(StrEnum):
    """Where a target rounds tax and amounts."""

    LINE = "line"
    DOCUMENT = "document"
    NONE = "none"


class ClosedPeriod(StrEnum):
    """What a target does with a date in a closed period."""

    REFUSES = "refuses"
    MOVES = "moves"
    NOT_DATED = "not_dated"


class Declaration(Part):
    """What a connector says of one kind of write (DESIGN 4).

    ``searchable_key`` names the field under which our key is found again (``None``: it cannot be); ``visibility_delay`` is
    how long a committed record may stay invisible to that search; ``upstream_timeout`` how long the target may still be
    working on a call whose answer we lost; ``reverse`` the operation that undoes it.
    """

    kind: str
    searchable_key: str | None
    visibility_delay: timedelta
    upstream_timeout: timedelta
    reverse: str | None = None
    line_limit: int | None = None
    rounding: RoundingLevel = RoundingLevel.NONE
    closed_period: ClosedPeriod = ClosedPeriod.NOT_DATED

    @property
    def settles_after(self) -> timedelta:
        """How long after sending a look-up is conclusive."""
        return self.upstream_timeout + self.visibility_delay
