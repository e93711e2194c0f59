"""A Salesforce org over HTTP: sign-in, sessions, limits, and what goes out when records change."""

from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import automation, oauth, outbound, seeding, service_router
from sandbox.salesforce.composite import Composite
from sandbox.salesforce.records import Records
from sandbox.salesforce.refusals import BY_STATUS, Refusal
from sandbox.salesforce.rest import Answer, Call, Rest, parsed
from sandbox.salesforce.world import DealWorld, merged
from sandbox.vendor import SimulatedVendor

VERSIONS = {
    "60.0": "Spring '24",
    "61.0": "Summer '24",
    "62.0": "Winter '25",
    "63.0": "Spring '25",
    "64.0": "Summer '25",
    "65.0": "Winter '26",
}


class Salesforce(SimulatedVendor):
    """One org with the CPQ package."""

    name: ClassVar[str] = "salesforce"

    def __init__(self, *, state_dir: Path | None = None) -> None:
        super().__init__(state_dir=state_dir)
        self.reopen()

    def empty(self) -> dict[str, Any]:
        org: dict[str, Any] = {
            "id": "00D5g00000SndbxEAA",
            "user_id": "0055g00000HndffAAC",
            "username": "handoff@sandbox.example",
            "client_id": "handoff-sandbox",
            "client_secret": "handoff-sandbox-secret",
            "public_key": None,
            "session_seconds": 7_200,
            "daily_limit": 1_000_000,
            "used": 0,
            "currency": "USD",
            "cpq_calculation_seconds": 0,
            "outbound_messages": [],
        }
        return {"_org": org, "_sessions": {}, "_counters": {}, "_invisible": {}, "_calculations": {}}

    def reset(self) -> None:
        super().reset()
        self.reopen()

    def seed(self, world: dict[str, Any]) -> None:
        """See the package's first lines for what a world holds."""
        world = dict(world)
        self.state["_org"].update(world.pop("_org", {}))
        if world.pop("_expire_sessions", False):
            self.state["_sessions"].clear()
        edits = world.pop("_change", {})
        deals = [DealWorld.model_validate(given).records() for given in world.pop("_deals", [])]
        seeding.plant(self.records, merged([*deals, world]))
        self.records.commit()
        seeding.change(self.records, edits)
        self._announce(self._instance)

    def error(self, status: int, headers: dict[str, str]) -> Response:
        code, message = BY_STATUS.get(status, ("UNKNOWN_EXCEPTION", f"An unexpected error occurred ({status})"))
        return JSONResponse(Refusal(code, message).listed(), status_code=status, headers=headers)

    def routes(self) -> list[BaseRoute]:
        methods = ["GET", "POST", "PATCH", "DELETE", "PUT"]
        return [
            Route("/services/oauth2/token", self._token, methods=["POST"]),
            Route("/services/data", self._versions),
            Route("/services/data/{rest:path}", self._data, methods=methods),
            Route(service_router.PATH, self._data, methods=methods),
        ]

    def reopen(self) -> None:
        """Read the state as it is now (after it was replaced, or changed from outside)."""
        self.records = Records(self.state, self.now)
        self.rest = Rest(self.records)
        self.composite = Composite(self.rest)
        self._instance = "https://handoff.my.salesforce.com"

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        authorization = request.headers.get("Authorization", "")
        self._instance = str(request.base_url).rstrip("/")
        try:
            answer = oauth.issued(self.state["_org"], self.state["_sessions"], form, authorization, self._instance, self.now())
        except oauth.OAuthRefusal as refusal:
            return JSONResponse(refusal.body, status_code=400)
        return JSONResponse(answer)

    async def _versions(self, request: Request) -> Response:
        return JSONResponse([{"label": label, "url": f"/services/data/v{v}", "version": v} for v, label in VERSIONS.items()])

    async def _data(self, request: Request) -> Response:
        org = self.state["_org"]
        token = request.headers.get("Authorization", "").partition(" ")[2]
        if not oauth.is_live(org, self.state["_sessions"], token, self.now()):
            return self.error(401, {"WWW-Authenticate": "Token"})
        if org["used"] >= org["daily_limit"]:
            return self.error(403, _usage(org))
        org["used"] += 1
        try:
            body = parsed(await request.body())
        except Refusal as refusal:
            return JSONResponse(refusal.listed(), status_code=refusal.status)
        answer = self._answered(request, body)
        return _response(answer, _usage(org))

    def _answered(self, request: Request, body: Any) -> Answer:
        url = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
        call = Call(request.method, url, body, dict(request.headers), request.state.partial)
        automation.finish_calculations(self.records)
        if call.path.startswith(service_router.PATH):
            answer = service_router.answer(self.records, call)
        elif "/composite" in call.path:
            answer = self.composite.answer(call)
        else:
            answer = self.rest.answer(call)
        automation.finish_calculations(self.records)
        self._announce(str(request.base_url).rstrip("/"), hidden_seconds=request.state.invisible_seconds)
        return answer

    def _announce(self, instance: str, *, hidden_seconds: float | None = None) -> None:
        changes = self.records.commit()
        if hidden_seconds is not None:
            self.records.hide([change.id for change in changes if not change.before], hidden_seconds)
        for delivery in outbound.messages(self.records, changes, instance):
            self.deliveries.post(delivery)


def _usage(org: dict[str, Any]) -> dict[str, str]:
    return {"Sforce-Limit-Info": f"api-usage={org['used']}/{org['daily_limit']}"}


def _response(answer: Answer, headers: dict[str, str]) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers | headers)
    return JSONResponse(answer.body, status_code=answer.status, headers=answer.headers | headers)
