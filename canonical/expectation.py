"""What should come to pass, and when its absence is healed and raised (DESIGN 6)."""

from datetime import datetime

from canonical.money import Money
from canonical.schema import Part


class Expectation(Part):
    """Something that should happen: 'contract executed -> project active'; both times are business times."""

    key: str
    what: str
    reference: str
    engagement: str = ""
    entity: str = ""
    heal_at: datetime | None = None
    raise_at: datetime
    money: Money | None = None


def activation_key(contract: str, version: int) -> str:
    """'This executed contract version becomes an active project.'"""
    return f"activation/{contract}/{version}"


def acceptance_key(milestone: str) -> str:
    """'The contract of this milestone, which was accepted, becomes active.'"""
    return f"acceptance/{milestone}"


def execution_key(contract: str) -> str:
    """'This contract, of which something was heard, becomes known and executed.'"""
    return f"execution/{contract}"
