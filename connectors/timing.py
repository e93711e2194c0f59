"""What a connector declares of its writes, adjustable for one account in the landscape: how long they take, what can be found."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from canonical.written import Declaration


class Timing(BaseModel):
    """Overrides for one account; what is not given stays as the connector declares it.

    ``unsearchable`` names the kinds of write that this account cannot find again by our key (a field that its administrators
    do not allow, a search that our user may not make): a lost answer is then a person's question, never a guess (S20 e).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    read_timeout: timedelta = timedelta(seconds=60)
    upstream_timeout: timedelta | None = None
    visibility_delay: timedelta | None = None
    unsearchable: frozenset[str] = frozenset()

    def applied(self, declared: Declaration) -> Declaration:
        """The declaration as it holds for this account."""
        changes: dict[str, object] = {
            name: value
            for name, value in (("upstream_timeout", self.upstream_timeout), ("visibility_delay", self.visibility_delay))
            if value is not None
        }
        if declared.kind in self.unsearchable:
            changes["searchable_key"] = None
        return declared.changed(**changes)
