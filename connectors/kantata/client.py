"""Kantata OX as much of it as we use; satisfies ``Psa``, ``Accepting``, ``ChangeFeed``, ``Time`` and ``Listing``."""

from datetime import timedelta

from canonical.errors import RuleBroken
from canonical.written import ClosedPeriod, Declaration
from connectors.http import client
from connectors.kantata.acceptances import Acceptances
from connectors.kantata.api import Api
from connectors.kantata.changes import Changes
from connectors.kantata.expenses import Expenses
from connectors.kantata.invoices import Invoices
from connectors.kantata.listing import Listings
from connectors.kantata.names import Names
from connectors.kantata.projects import Projects
from connectors.kantata.schemas import Role
from connectors.kantata.settings import Settings
from connectors.kantata.staffing import Staffing
from connectors.kantata.time import Time
from connectors.kantata.windows import Windows

_UPSTREAM = timedelta(minutes=3)  # documented: every request times out after three minutes
_VISIBLE = timedelta(seconds=30)  # nothing is documented; the text index of projects is the slowest thing we ask
_REFERENCE = "external_references.service_model_ref"


def _declared(kind: str, searchable_key: str, reverse: str | None = None, line_limit: int | None = None) -> Declaration:
    return Declaration(
        kind=kind,
        searchable_key=searchable_key,
        visibility_delay=_VISIBLE,
        upstream_timeout=_UPSTREAM,
        reverse=reverse,
        line_limit=line_limit,
        closed_period=ClosedPeriod.NOT_DATED,
    )


DECLARED = {
    declaration.kind: declaration
    for declaration in (
        _declared("project", _REFERENCE, reverse="archive_project", line_limit=300),
        _declared("phases", _REFERENCE, line_limit=300),
        _declared("staffing", _REFERENCE),
        _declared("activation", "workspaces.status"),
        _declared("archive", "workspaces.archived"),
        _declared("invoice_note", "external_references.external_message"),
    )
}


class Kantata(Projects, Staffing, Acceptances, Changes, Time, Expenses, Invoices, Listings):
    """One account."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name = system
        http = client(
            settings.base_url,
            timeout=settings.timing.read_timeout,
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}", "Accept": "application/json"},
        )
        api = Api(system, http, concurrent_calls=settings.concurrent_calls, throttle_pause=settings.throttle_pause)
        Projects.__init__(self, api, settings)
        Staffing.__init__(self, api, settings)
        windows = Windows(api, at_once=max(1, settings.concurrent_calls // 2))  # the rest is for calls that people wait for
        names = Names(api, settings.service_name)
        Acceptances.__init__(self, api, settings, names)
        Changes.__init__(self, api, self)
        Time.__init__(self, api, settings, windows, names)
        Expenses.__init__(self, api, settings, windows, names)
        Invoices.__init__(self, api, settings)
        Listings.__init__(self, api, settings, self, self)

    def declares(self, kind: str) -> Declaration:
        """What this account says of a kind of write."""
        if kind not in DECLARED:
            raise RuleBroken(f"{self.name} writes no {kind}", remedy="Name another system for it in policies/landscape.")
        return self._settings.timing.applied(DECLARED[kind])

    async def check(self) -> str:
        """One page of roles: it needs the token, and staffing needs them."""
        names = [role.name async for role in self._api.every("roles", Role)]
        return f"{self._settings.base_url} answers; {len(names)} roles"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._api.aclose()


def connect(system: str, settings: Settings) -> Kantata:
    """The connector for one account."""
    return Kantata(system, settings)
