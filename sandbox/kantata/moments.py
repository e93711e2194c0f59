"""Times as parameters of a call."""

from datetime import UTC, datetime

from sandbox.kantata.refusals import Refusal


def moment(value: str) -> datetime:
    """An ISO 8601 time; without an offset it is UTC, and a plus sign that lost its escape is a plus sign."""
    try:
        at = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError as error:
        raise Refusal(400, f"{value} is not an ISO 8601 datetime") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
