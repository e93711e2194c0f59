"""Oracle's TO_DATE and TO_CHAR over dates and moments: queries speak the time of the integration user's own zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_FORMATS = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ('"', ""))
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_AS_TEXT = "\x02"  # marks what TO_CHAR wrote, so that it is not taken for a date again


class OracleDates:
    """Tables keep moments in UTC and dates as they are, both as ISO text."""

    def __init__(self, zone: Callable[[], str]) -> None:
        self._zone = zone

    def to_date(self, value: str | None, form: str) -> str | None:
        """A day, or a moment if the format has hours, in the form that the tables keep them."""
        if value is None:
            return None
        found = datetime.strptime(value, _pattern(form.upper())).replace(tzinfo=ZoneInfo(self._zone()))
        return found.astimezone(UTC).strftime(_MOMENT) if "HH24" in form.upper() else found.strftime("%Y-%m-%d")

    def to_char(self, value: str | None, form: str) -> str | None:
        """A date or moment as text of that format."""
        return None if value is None else _AS_TEXT + self._local(value).strftime(_pattern(form))

    def shown(self, value: str) -> str | None:
        """A date in the account's own format, without its time; nothing if the text is none."""
        if value.startswith(_AS_TEXT):
            return value[1:]
        try:
            found = self._local(value)
        except ValueError:
            return None
        return f"{found.month}/{found.day}/{found.year}"

    def _local(self, value: str) -> datetime:
        found = datetime.fromisoformat(value)
        if len(value) == len("2026-06-30"):
            return found.replace(tzinfo=ZoneInfo(self._zone()))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(ZoneInfo(self._zone()))


def _pattern(form: str) -> str:
    for oracle, mark in _FORMATS:
        form = form.replace(oracle, mark)
    return form
