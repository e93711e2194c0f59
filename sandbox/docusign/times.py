"""The two ways DocuSign writes an instant: seven decimals over REST, three in Connect messages."""

from datetime import UTC, datetime

from sandbox.docusign.refusals import invalid_parameter


def kept(instant: datetime) -> str:
    """An instant as the state keeps it and Connect sends it: UTC, to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def over_rest(kept_instant: str) -> str:
    """The same instant as the REST API writes it."""
    return kept_instant.removesuffix("Z") + "0000Z"


def read(text: str, parameter: str) -> datetime:
    """An instant that a client gave; one without an offset is in the server's zone, which is UTC here."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid_parameter(f"Query parameter '{parameter}' must be set to a valid DateTime.") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
