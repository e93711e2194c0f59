"""What should come to pass, and when its absence is healed and raised (DESIGN 6)."""

from datetime import datetime

from pydantic import BaseModel

from canonical.money import Money


class Expectation(BaseModel):
    """Something that should happen: 'contract executed -> project active'; both times are business times."""

    key: str
    what: str
    reference: str
    engagement: str = ""
    entity: str = ""
    heal_at: datetime | None = None
    raise_at: datetime
    money: Money | None = None
