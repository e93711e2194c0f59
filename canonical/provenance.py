"""Who does something, in which context, and what is kept of it: the words of the audit trail and the write protocol."""

from canonical.schema import Part


class Origin(Part):
    """Who does something and in which context; it goes into every audit row (R147, U4)."""

    correlation: str
    engagement: str
    actor: str
    workflow: str = ""
    step: str = ""
    mapping_version: str = ""
    rate_version: str = ""

    def at(self, step: str) -> "Origin":
        """The same origin at another step."""
        return self.changed(step=step)


class Write(Part):
    """What the write protocol needs to know about one write besides how to call and to look it up.

    ``reverses`` is the key of the write that this one undoes: once it is recorded, that key is free to be written anew.
    """

    key: str
    kind: str
    reference: str
    system: str
    origin: Origin
    reverses: str = ""


class Entry(Part):
    """One audit row: who did what to which record, from what to what."""

    action: str
    origin: Origin
    system: str = ""
    kind: str = ""
    source_id: str = ""
    target_id: str = ""
    key: str = ""
    outcome: str = ""
    details: dict[str, str] = {}
