"""The account as a server: an empty one, its seed, and the routes."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.kantata.answers import envelope, single
from sandbox.kantata.events import events_to_show
from sandbox.kantata.generator import generate
from sandbox.kantata.index import Record
from sandbox.kantata.kinds import BY_SUBJECT, KINDS, Kind
from sandbox.kantata.line_item_kinds import SUBMISSIONS
from sandbox.kantata.lists import Lists
from sandbox.kantata.queries import shown
from sandbox.kantata.records import Writer, dated, seeded
from sandbox.kantata.refusals import Invalid, Refusal
from sandbox.kantata.tokens import authorize, caller, exchange
from sandbox.kantata.values import broken_fields
from sandbox.vendor import SimulatedVendor

_FIRST_ID = 10_000_000
_STATUSES = {
    "100": {"color": "gray", "message": "Not Started"},
    "310": {"color": "green", "message": "In Progress"},
    "501": {"color": "red", "message": "Cancelled"},
    "600": {"color": "blue", "message": "Done"},
}
Handler = Callable[[Request], Awaitable[Response]]


class Kantata(SimulatedVendor):
    """One Kantata OX account."""

    name = "kantata"

    def __init__(self, *, state_dir: Path | None = None) -> None:
        self._lists = Lists()
        super().__init__(state_dir=state_dir)
        account = {**self.empty()["account"], **self.state["account"]}
        self.state = {**self.empty(), **self.state, "account": account}  # a state of an earlier release lacks newer types

    def reset(self) -> None:
        """Forget everything, also what was last answered."""
        self._lists = Lists()
        super().reset()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_sandbox/kantata/records/{plural:str}/{number:str}", self._edit, methods=["POST"]),
            Route("/oauth/authorize", self._guarded(self._authorize, public=True)),
            Route("/oauth/token", self._guarded(self._token, public=True), methods=["POST"]),
            Route("/api/v1/external_references/create_or_update", self._guarded(self._create_or_update), methods=["POST"]),
            Route("/api/v1/{plural:str}", self._guarded(self._collection), methods=["GET", "POST", "DELETE"]),
            Route("/api/v1/{plural:str}/{number:str}", self._guarded(self._member), methods=["GET", "PUT", "DELETE"]),
            Route("/api/v1/{plural:str}/{number:str}/{action:str}", self._guarded(self._resolve), methods=["PUT"]),
        ]

    def empty(self) -> dict[str, Any]:
        user = {"id": "1", "full_name": "API User", "_subject_type": "User", **dated(self.now())}
        return {
            "account": {
                "default_currency": "USD",
                "default_status": "100",
                "subscribed_events": True,
                "require_approvals": True,
                "approvals_touch_line_items": False,
                "rates": {},
                "event_manners": {"lags": [0], "duplicate_every": 10},
                "project_statuses": {key: dict(status) for key, status in _STATUSES.items()},
            },
            "tokens": {"kantata-sandbox-token": {"user_id": "1", "permission": "administrator"}},
            "applications": {},
            "codes": {},
            "hidden_until": {},
            "index": {},
            "next_id": _FIRST_ID,
            **{plural: {} for plural in KINDS},
            "users": {"1": user},
        }

    def seed(self, world: dict[str, Any]) -> None:
        """Add records; what they leave out is filled in. References must name records that come first or are there."""
        for name, records in world.items():
            if name == "generated":
                generate(self.state, records)
                continue
            if name not in KINDS:
                self.state[name].update(records)
                continue
            for number, record in records.items():
                seeded(self.state, KINDS[name], number, record, self.now())

    def error(self, status: int, headers: dict[str, str]) -> Response:
        return Refusal(status).answer(headers)

    async def _edit(self, request: Request) -> Response:
        """An administrator approves a timesheet, takes an item back from one to delete or change it, or changes a record."""
        kind, given = KINDS[request.path_params["plural"]], await request.json()
        record, writer = self.state[kind.plural][request.path_params["number"]], self._people()
        if given["does"] == "approve":
            writer.resolve(kind, record, "approve", "")
            return JSONResponse({"id": record["id"]})
        if kind not in SUBMISSIONS.values():
            writer.update(kind, record, given["to"])
            return JSONResponse({"id": record["id"]})
        sheet, record["recent_submission_id"] = record.get("recent_submission_id"), None
        if given["does"] == "delete":
            writer.delete(kind, record)
        else:
            writer.update(kind, record, given["to"])["recent_submission_id"] = sheet
        return JSONResponse({"id": request.path_params["number"]})

    def _people(self) -> Writer:
        return Writer(self.state, {"user_id": "1"}, self.now(), None)

    # The calls.

    async def _authorize(self, request: Request) -> Response:
        return authorize(self.state, request, self.now())

    async def _token(self, request: Request) -> Response:
        is_form = "form" in request.headers.get("Content-Type", "")
        form = dict((await request.form()).items()) if is_form else await _json(request)
        return exchange(self.state, form, self.now())

    async def _collection(self, request: Request) -> Response:
        kind = _kind(request)
        if request.method == "POST":
            return await self._create(kind, request)
        query = dict(request.query_params)
        if request.method == "DELETE":
            return await self._delete_all(kind, request, query)
        page, meta = self._lists.page(self.state, kind, query, self._events(kind, request), request.state.user, self.now())
        return envelope(self.state, kind, page, meta, query.get("include", ""))

    async def _member(self, request: Request) -> Response:
        kind, number = _kind(request), request.path_params["number"].removesuffix(".json")
        verb = {"GET": "show", "PUT": "update", "DELETE": "delete"}.get(request.method, "show")
        record = self.state[kind.plural].get(number)
        if verb not in kind.may or record is None:
            raise Refusal(404)
        if verb == "delete":
            self._writer(request).delete(kind, record)
            return Response(status_code=204)
        if verb == "show" and not shown(self.state, kind, record, dict(request.query_params)):
            raise Refusal(404)
        if verb == "update":
            record = self._writer(request).update(kind, record, _checked(kind, await _json(request), creating=False))
        return self._answer(kind, [record], request)

    async def _resolve(self, request: Request) -> Response:
        kind, record = _kind(request), None
        if kind.plural in SUBMISSIONS:
            record = self.state[kind.plural].get(request.path_params["number"])
        if record is None:
            raise Refusal(404)
        told = (await _json(request)).get("resolution") or {}
        action = request.path_params["action"].removesuffix(".json")
        self._writer(request).resolve(kind, record, action, str(told.get("description", "")))
        return self._answer(kind, [record], request)

    async def _delete_all(self, kind: Kind, request: Request, query: dict[str, str]) -> Response:
        """Documented for time entries: up to 100 at once, all of them or none."""
        if kind.plural != "time_entries":
            raise Refusal(404)
        given = query.get("ids") or str((await _json(request)).get("ids", ""))
        numbers = [number for number in given.split(",") if number]
        if not 0 < len(numbers) <= kind.bulk or any(n not in self.state[kind.plural] for n in numbers):
            raise Refusal(400, "ids must name 1 to 100 time entries", field="ids")
        writer = self._writer(request)
        for record in [self.state[kind.plural][number] for number in numbers]:
            writer.may_change(kind, record)
        for number in numbers:
            writer.delete(kind, self.state[kind.plural][number])
        return Response(status_code=204)

    def _events(self, kind: Kind, request: Request) -> list[Record] | None:
        is_wanted = kind.plural == "subscribed_events"
        return events_to_show(self.state, request.state.user, self.now()) if is_wanted else None

    async def _create(self, kind: Kind, request: Request) -> Response:
        if "create" not in kind.may:
            raise Refusal(404)
        body, partial = await _json(request), request.state.partial
        if kind.bulk == 0 or kind.plural not in body:
            given = _checked(kind, body, creating=True)
            kept = [] if partial == 0 else [given]
            made = self._writer(request).create_all(kind, kept, without_reference=partial is not None)
            return self._answer(kind, made, request)
        made = self._writer(request).create_all(kind, _several(kind, body)[:partial])
        in_order = made[::-1] if kind.default_order.endswith(":desc") else made  # the kind's order, not that of the request
        return self._answer(kind, in_order, request)

    async def _create_or_update(self, request: Request) -> Response:
        references = KINDS["external_references"]
        given = _checked(references, await _json(request), creating=True)
        subject, number = BY_SUBJECT.get(given["subject_type"]), str(given["subject_id"])
        if subject is None or number not in self.state[subject.plural]:
            raise Refusal(404)
        return self._answer(references, [self._writer(request).refer(subject, number, given)], request)

    def _answer(self, kind: Kind, records: list[Record], request: Request) -> Response:
        return envelope(self.state, kind, records, single(len(records)), request.query_params.get("include", ""))

    def _writer(self, request: Request) -> Writer:
        return Writer(self.state, request.state.user, self.now(), request.state.invisible_seconds)

    def _guarded(self, handler: Handler, *, public: bool = False) -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                if not public:
                    request.state.user = caller(self.state, request)
                return await handler(request)
            except Refusal as refusal:
                return refusal.answer()

        return guarded


def _kind(request: Request) -> Kind:
    kind = KINDS.get(request.path_params["plural"].removesuffix(".json"))
    if kind is None:
        raise Refusal(404)
    return kind


async def _json(request: Request) -> Record:
    try:
        body = await request.json()
    except ValueError as error:
        raise Refusal(400, "The request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object")
    return body


def _checked(kind: Kind, body: Record, *, creating: bool) -> Record:
    given = body.get(kind.singular)
    if not isinstance(given, dict) or not given:
        raise Refusal(400, f"param is missing or the value is empty: {kind.singular}")
    if broken := broken_fields(kind, given, creating=creating):
        raise Invalid(broken)
    return given


def _several(kind: Kind, body: Record) -> list[Record]:
    given = body[kind.plural]
    if not isinstance(given, list) or not given:
        raise Refusal(400, f"param is missing or the value is empty: {kind.plural}")
    if len(given) > kind.bulk:
        raise Refusal(400, f"at most {kind.bulk} {kind.plural} can be created in one request")
    return [_checked(kind, {kind.singular: each}, creating=True) for each in given]
