"""The calls: one budget, one signature, pages that hold for one entry moment."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

import httpx2 as httpx

from canonical.errors import AnswerLost, Throttled
from connectors.auth import Token, TokenAuth, fetch_token
from connectors.http import Budget, client, naming_transport_failures
from connectors.workday.envelope import WD, content, sealed
from connectors.workday.faults import raise_refusal
from connectors.workday.get_workers import LOG, STATE, AsOf, Changed, by_reference, listing
from connectors.workday.reading import page_of
from connectors.workday.schemas import Page, Worker
from connectors.workday.settings import MOST_A_PAGE, ApiClient, Settings, SystemUser

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml", "SOAPAction": '""'}


class HumanResources:
    """The service Human_Resources of one tenant."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._budget = Budget(settings.concurrent_calls)
        self._plain = client(settings.base_url, timeout=settings.timing.read_timeout)
        given = settings.credentials
        self._user = given if isinstance(given, SystemUser) else None
        auth = _bearer(system, settings.tenant, given, self._plain) if isinstance(given, ApiClient) else None
        self._http = client(settings.base_url, timeout=settings.timing.read_timeout, auth=auth)
        self._path = f"/ccx/service/{settings.tenant}/Human_Resources/{settings.version}"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
        await self._plain.aclose()

    async def first(self, groups: Sequence[str]) -> Page:
        """The first active employee: the cheapest question, which also tells Workday's own time."""
        return await self._page(listing((), AsOf(None, None, 1, 1), groups, only_employees=True))

    async def workers(self, changes: Sequence[Changed], day: date, moment: datetime) -> AsyncIterator[Page]:
        """Everybody, or whom these changes concern, with their state on a day."""
        async for page in self._pages(lambda as_of: listing(changes, as_of, STATE), day, moment, self._settings.page_size):
            yield page

    async def log(self, change: Changed, day: date, moment: datetime) -> dict[str, frozenset[date]]:
        """The days on which transactions of workers take effect, by Workday id."""
        days: dict[str, frozenset[date]] = {}
        async for page in self._pages(lambda as_of: listing((change,), as_of, LOG), day, moment, MOST_A_PAGE):
            days |= page.log
        return days

    async def on(self, day: date, wids: Sequence[str], moment: datetime) -> dict[str, Worker]:
        """The state of these workers on a day, by Workday id."""
        page = await self._page(by_reference(wids, AsOf(day, moment, 1, len(wids)), STATE))
        return {worker.wid: worker for worker in page.workers}

    async def _pages(self, ask: Callable[[AsOf], Element], day: date, moment: datetime, count: int) -> AsyncIterator[Page]:
        number, pages = 1, 1
        while number <= pages:
            page = await self._page(ask(AsOf(day, moment, number, count)))
            pages = page.pages
            if page.workers:
                yield page
            number += 1

    async def _page(self, request: Element) -> Page:
        body = sealed(request, user=self._user, tenant=self._settings.tenant)
        async with self._budget.slot():
            with naming_transport_failures(self.name):
                answer = await self._http.post(self._path, content=body, headers=_HEADERS)
            try:
                inside = content(answer.content)
                raise_refusal(answer, inside, self.name)
            except Throttled as throttled:
                throttled.retry_after = throttled.retry_after or self._settings.throttle_pause
                raise
        return self._read(answer, inside)

    def _read(self, answer: httpx.Response, inside: Element | None) -> Page:
        if inside is None or inside.tag != WD + "Get_Workers_Response":
            raise AnswerLost(f"{self.name} answered something that is no answer of its service", evidence={"path": self._path})
        page, told = page_of(inside), answer.headers.get("Date")
        return page if page.moment or not told else page.at(parsedate_to_datetime(told))


def _bearer(system: str, tenant: str, given: ApiClient, plain: httpx.AsyncClient) -> TokenAuth:
    async def fetch() -> Token:
        form = {"grant_type": "refresh_token", "refresh_token": given.refresh_token.get_secret_value()}
        identity = (given.client_id, given.client_secret.get_secret_value())
        return await fetch_token(plain, f"/ccx/oauth2/{tenant}/token", form, system=system, auth=identity)

    return TokenAuth(fetch)
