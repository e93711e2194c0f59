"""What should come to pass, and by when its absence is healed or becomes work for a person (DESIGN 6)."""

from datetime import datetime

from canonical.money import Money
from canonical.schema import Part


class Expectation(Part):
    """Something that should come to pass: 'contract executed -> project active'; both times are business times."""

    key: str
    what: str
    reference: str
    engagement: str = ""
    entity: str = ""
    heal_at: datetime | None = None
    raise_at: datetime
    money: Money | None = None
