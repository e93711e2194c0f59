"""Tryton's books over plain HTTP, as any client of its JSON-RPC reads and writes them: no code of the connector, none of ours."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx

from runtime.embedded.tryton.firm import COMPANY
from runtime.embedded.tryton.server import Tryton

Json = dict[str, Any]
_PATIENCE_SECONDS = 120.0
_MOST_WARNINGS = 5
_ANY_STATE = ["active", "in", [True, False]]
_SALES = ["type", "=", "out"]
# Model, condition, fields; a field of another record is written with a dot, and comes as that record's dictionary.
_KEPT: dict[str, tuple[str, list[object], tuple[str, ...]]] = {
    "parties": ("party.party", [_ANY_STATE], ("code", "name", "active", "create_uid.login")),
    "works": ("project.work", [], ("name", "number", "type", "comment", "parent", "party", "status.name")),
    "invoices": (
        "account.invoice",
        [_SALES],
        (
            "number", "reference", "description", "state", "party.code", "currency.code", "untaxed_amount", "tax_amount",
            "total_amount", "amount_to_pay", "invoice_date", "accounting_date", "move", "create_uid.login",
        ),
    ),
    "lines": ("account.invoice.line", [["invoice.type", "=", "out"]], ("invoice", "description", "account.code", "amount")),
    "taxes": ("account.invoice.tax", [["invoice.type", "=", "out"]], ("invoice", "tax.name", "base", "amount")),
    "moves": ("account.move", [], ("number", "description", "state", "date", "origin", "journal.type", "create_uid.login")),
    "postings": ("account.move.line", [], ("move", "account.code", "debit", "credit", "party.code", "invoice_payment")),
}  # fmt: skip


class BooksRefused(Exception):
    """Tryton refused what was asked of it; the message is its own."""


class Warned(BooksRefused):
    """Tryton asks whether it is meant; ``name`` answers yes."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(said)
        self.name = name


class Books:
    """One database, signed in at the first call, and again when the session has ended."""

    def __init__(self, tryton: Tryton, entity: str = COMPANY.entity) -> None:
        self._entity = entity
        self._http = httpx.AsyncClient(base_url=tryton.url, timeout=_PATIENCE_SECONDS, trust_env=False)
        self._path = f"/{tryton.database}/rpc/"
        self._login, self._password = tryton.login, tryton.passwords.integration
        self._context: Json = {}

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def state(self) -> dict[str, Json]:
        """Everything that handoffs leave there, by kind and id."""
        return {
            kind: {str(row["id"]): row for row in await self.rows(model, condition, *fields)}
            for kind, (model, condition, fields) in _KEPT.items()
        }

    async def rows(self, model: str, condition: Sequence[object], *fields: str) -> list[Json]:
        """Records of a model; amounts and dates as text."""
        found = await self.call(f"model.{model}.search_read", list(condition), 0, None, None, list(fields))
        return [{name.removesuffix("."): value for name, value in sorted(row.items())} for row in found]

    async def company(self) -> int:
        """The id of the company that the story is about."""
        if not self._context:
            await self._sign_in()
        return int(self._context["company"])

    async def press(self, model: str, button: str, record: int) -> None:
        """A step of a record's own process."""
        await self._meant(f"model.{model}.{button}", [record])

    async def wizard(self, name: str, model: str, records: Sequence[int], *steps: tuple[str, Json]) -> None:
        """What a person fills in, state by state; whatever Tryton asks beyond that is refused."""
        context = {"active_model": model, "active_id": records[0], "active_ids": list(records)}
        session, *_ = await self.call(f"wizard.{name}.create", **context)
        given: Json = {}
        said: Json = {}
        for state, values in steps:
            given |= values
            said = await self._meant(f"wizard.{name}.execute", session, given, state, **context)
        await self.call(f"wizard.{name}.delete", session, **context)
        if said.get("view"):
            raise BooksRefused(f"Tryton asks more at {name}: {said['view']}")

    async def _meant(self, method: str, *parameters: object, **context: object) -> Any:
        """What Tryton only warns of is meant."""
        for _ in range(_MOST_WARNINGS):
            try:
                return await self.call(method, *parameters, **context)
            except Warned as warned:
                await self.call("model.res.user.warning.skip", warned.name, False)
        raise BooksRefused(f"Tryton keeps warning at {method}")

    async def call(self, method: str, *parameters: object, **context: object) -> Any:
        """A method, in the context of the company."""
        if not self._context:
            await self._sign_in()
        answer = await self._asked(method, *parameters, {**self._context, **context})
        if answer.status_code == 401:
            await self._sign_in()
            answer = await self._asked(method, *parameters, {**self._context, **context})
        return _result(method, answer)

    async def _sign_in(self) -> None:
        """A session, in the one company that the story is about."""
        self._http.headers.pop("Authorization", None)
        given = {"password": self._password}
        user, token, *_ = _result("common.db.login", await self._asked("common.db.login", self._login, given))
        proof = base64.b64encode(f"{self._login}:{user}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {proof}"
        where = [["party.code", "=", self._entity]]
        found = _result("search", await self._asked("model.company.company.search", where, 0, None, None, {}))
        self._context = {"company": found[0], "companies": found}

    async def _asked(self, method: str, *parameters: object) -> httpx.Response:
        return await self._http.post(self._path, json={"id": 1, "method": method, "params": list(parameters)})


def _result(method: str, answer: httpx.Response) -> Any:
    if answer.is_error:
        raise BooksRefused(f"Tryton answered {method} with {answer.status_code}: {answer.text[:300]}")
    said = json.loads(answer.content, object_hook=_plain)
    if said.get("error") and said["error"][0] == "UserWarning":
        raise Warned(said["error"][1][0], f"Tryton warns at {method}: {said['error'][1][1]}")
    if said.get("error"):
        raise BooksRefused(f"Tryton refused {method}: {said['error']}")
    return said["result"]


def _plain(found: Json) -> Any:
    """Tryton's marked values as text, which JSON and people can read."""
    match found.get("__class__"):
        case "Decimal":
            return found["decimal"]
        case "date":
            return f"{found['year']:04}-{found['month']:02}-{found['day']:02}"
        case "datetime":
            return f"{found['year']:04}-{found['month']:02}-{found['day']:02}T{found['hour']:02}:{found['minute']:02}"
        case "timedelta":
            return str(found["seconds"])
        case _:
            return found
