"""Walking a list of envelopes by the time of their last status change, so that one that moves meanwhile is not skipped."""

from datetime import UTC, datetime, timedelta

from connectors.pagination import Page

_STEP_BACK = timedelta(milliseconds=1)


class ByStatusChange:
    """Oldest change first; the next page begins at the last change seen.

    By position alone (as ``nextUri`` does) an envelope would be skipped whenever an earlier one changes during the walk: that one
    moves to the end, and all behind it move up by one place. Position is used only within one instant.
    """

    def __init__(self, query: dict[str, str], *, since: datetime, size: int) -> None:
        self._query, self._size = query, size
        self._since, self._skipped = since, 0

    def first(self) -> dict[str, str]:
        return {
            **self._query,
            "from_date": as_parameter(self._since),
            "order_by": "status_changed",
            "order": "asc",
            "count": str(self._size),
            "start_position": str(self._skipped),
        }

    def items(self, page: Page) -> list[Page]:
        return page.get("envelopes") or []

    def following(self, page: Page) -> dict[str, str] | None:
        items = self.items(page)
        if not items or not page.get("nextUri"):
            return None
        reached = datetime.fromisoformat(str(items[-1]["statusChangedDateTime"])) - _STEP_BACK
        if reached > self._since:
            self._since, self._skipped = reached, 0
        else:
            self._skipped += len(items)
        return self.first()


def as_parameter(instant: datetime) -> str:
    """A time as the API wants it, with its zone."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
