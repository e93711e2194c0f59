"""How long a vendor may take: the connector's own declarations, adjustable for one account in the landscape."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from canonical.written import Declaration


class Timing(BaseModel):
    """Overrides for one account; what is not given stays as the connector declares it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    read_timeout: timedelta = timedelta(seconds=60)
    upstream_timeout: timedelta | None = None
    visibility_delay: timedelta | None = None

    def applied(self, declared: Declaration) -> Declaration:
        """The declaration as it holds for this account."""
        changes = {
            name: value
            for name, value in (("upstream_timeout", self.upstream_timeout), ("visibility_delay", self.visibility_delay))
            if value is not None
        }
        return declared.changed(**changes)
