"""Calls to one Tryton database: signed in, within its concurrency, its answers turned into values or named failures."""

import base64
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import SecretStr, ValidationError

from canonical.errors import Misconfigured, NotFound, Rejected
from connectors.auth import Token, TokenAuth
from connectors.http import Budget, client, naming_transport_failures
from connectors.tryton.refusals import Warned, result_of
from connectors.tryton.schemas import Record
from connectors.tryton.settings import Settings
from connectors.tryton.wire import Domain, Values, encoded

Shape = TypeVar("Shape", bound=Record)
_JSON = {"Content-Type": "application/json"}
_MOST_WARNINGS = 5


class Database:
    """One database: as much of its JSON-RPC as we use. ``company`` is the id of the company a call is made for."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self.settings = system, settings
        self._path = f"/{settings.database}/rpc/"
        patience = settings.timing.read_timeout
        self._door = client(settings.base_url, timeout=patience, connections=1)
        self._http = client(
            settings.base_url,
            timeout=patience,
            connections=settings.concurrent_calls,
            auth=TokenAuth(self._sign_in, scheme="Session"),  # a session that idled too long is renewed after its 401
        )
        self.budget = Budget(settings.concurrent_calls, reserved=min(settings.reserved_calls, settings.concurrent_calls - 1))

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
        await self._door.aclose()

    def page(self, model: str, record: int | str) -> str:
        """Where a person opens a record in Tryton's own client."""
        return f"{self.settings.base_url}/#{self.settings.database}/model/{model}/{record}"

    # Records.

    async def find(
        self, model: str, shape: type[Shape], *domain: object, company: int | None = None, limit: int | None = None
    ) -> list[Shape]:
        """The records that meet these conditions, the oldest first."""
        return await self.listed(model, shape, domain, company=company, limit=limit)

    async def listed(
        self, model: str, shape: type[Shape], domain: Domain, *, company: int | None = None, limit: int | None = None
    ) -> list[Shape]:
        """The same for a condition that was built."""
        parameters = [list(domain), 0, limit, [["id", "ASC"]], list(shape.FIELDS)]
        rows = await self.call(model, "search_read", *parameters, company=company, urgent=True)
        return [self._shaped(shape, row, model) for row in rows]

    async def pages(
        self, model: str, shape: type[Shape], domain: Domain, *, company: int | None = None, size: int
    ) -> AsyncIterator[list[Shape]]:
        """By id, so that what changes meanwhile moves nothing from page to page."""
        last = 0
        while True:
            page = await self.listed(model, shape, [["id", ">", last], *domain], company=company, limit=size)
            if page:
                yield page
            if len(page) < size:
                return
            last = page[-1].id

    async def read(self, model: str, record: int | str, shape: type[Shape], *, company: int | None = None) -> Shape:
        """One record by id; NotFound where there is none that we may see."""
        if str(record).isdigit():
            for found in await self.find(model, shape, ["id", "=", int(record)], company=company):
                return found
        raise NotFound(
            f"{self.system} has no {model} {record}",
            remedy="Look for it in Tryton; settle with its id, or reject.",
            evidence={"model": model, "id": record},
        )

    async def create(self, model: str, values: Values, *, company: int | None = None) -> int:
        """One new record, with the lines in it, in one transaction."""
        (made,) = await self.call(model, "create", [values], company=company)
        return int(made)

    async def write(self, model: str, record: int, values: Values, *, company: int | None = None) -> None:
        """Set fields of a record."""
        await self.call(model, "write", [record], values, company=company)

    async def delete(self, model: str, record: int, *, company: int | None = None) -> None:
        """Remove a record that Tryton lets go."""
        await self.call(model, "delete", [record], company=company)

    async def press(self, model: str, button: str, record: int, *, company: int | None = None, meant: Iterable[str] = ()) -> None:
        """A step of the record's own process; a warning that is meant is answered with yes, once each."""
        answered = frozenset(meant)
        for _ in range(_MOST_WARNINGS):
            try:
                await self.call(model, button, [record], company=company)
            except Warned as warned:
                if warned.about not in answered:
                    raise
                await self.call("res.user.warning", "skip", warned.name, False)
            else:
                return
        raise Rejected(f"{self.system} keeps warning of the same step", evidence={"model": model, "id": record, "step": button})

    async def wizard(self, name: str, model: str, records: Sequence[int], *, company: int | None = None) -> None:
        """A wizard that asks nothing."""
        context = {**self._context(company), "active_model": model, "active_id": records[0], "active_ids": list(records)}
        session, start, end = await self._call(f"wizard.{name}.create", [context])
        state = start
        while state and state != end:
            said = await self._call(f"wizard.{name}.execute", [session, {}, state, context])
            if said.get("view"):
                raise Rejected(f"{self.system} asks about {name}: {said['view'].get('state')}", evidence={"records": records})
            state = said.get("state")
        await self._call(f"wizard.{name}.delete", [session, context])

    # The one way out.

    async def call(self, model: str, method: str, *parameters: object, company: int | None = None, urgent: bool = False) -> Any:
        """A method of a model; the context is always the last parameter."""
        return await self._call(f"model.{model}.{method}", [*parameters, self._context(company)], urgent=urgent)

    async def _call(self, method: str, parameters: list[object], *, urgent: bool = False) -> Any:
        body = encoded({"id": 1, "method": method, "params": parameters})
        async with self.budget.slot(urgent=urgent):
            with naming_transport_failures(self.system):
                answer = await self._http.post(self._path, content=body, headers=_JSON)
            return result_of(answer, system=self.system, method=method)

    def _context(self, company: int | None) -> Values:
        return {"company": company, "companies": [company]} if company else {}

    async def _sign_in(self) -> Token:
        """A session; passwords are slow to check on purpose, so it is kept."""
        login, password = self.settings.login, self.settings.password.get_secret_value()
        body = encoded({"id": 1, "method": "common.db.login", "params": [login, {"password": password}]})
        with naming_transport_failures(self.system):
            answer = await self._door.post(self._path, content=body, headers=_JSON)
        said = result_of(answer, system=self.system, method="common.db.login")
        if not isinstance(said, list) or len(said) < 2:
            raise Misconfigured(f"{self.system} gives no session", evidence={"method": "common.db.login"})
        proof = base64.b64encode(f"{login}:{said[0]}:{said[1]}".encode()).decode()
        return Token(SecretStr(proof), None, {})

    def _shaped(self, shape: type[Shape], found: Values, model: str) -> Shape:
        try:
            return shape.model_validate(found)
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise Rejected(
                f"{self.system} answered a {model} that cannot be read: '{field}'",
                remedy=f"Let the integration user see '{field}' of {model}, then settle the exception with retry.",
                evidence={"field": field, "problem": error.errors()[0]["msg"]},
            ) from error
