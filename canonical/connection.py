"""How a capability stands: served and answering, served and failing, or served by nobody."""

from canonical.schema import Part


class Connection(Part):
    """One line of `handoff connectors check`; ``entities`` are those it is about where that is not all of them."""

    capability: str
    entities: tuple[str, ...] = ()
    system: str | None = None
    works: bool = False
    seen: str = ""
    code: str = ""
    remedy: str = ""
