"""The simulated DocuSign itself: its state, and what every call goes through before it is answered."""

from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.docusign import envelopes, oauth
from sandbox.docusign.calls import EnvelopeCalls
from sandbox.docusign.desk import Handler
from sandbox.docusign.limits import Exceeded, Meter
from sandbox.docusign.parts import PartCalls
from sandbox.docusign.people import PeopleCalls
from sandbox.docusign.refusals import Refusal, by_status
from sandbox.vendor import SimulatedVendor


class DocuSign(SimulatedVendor):
    """One DocuSign account server with the accounts it serves."""

    name = "docusign"

    def __init__(self, *, state_dir: Path | None = None) -> None:
        super().__init__(state_dir=state_dir)
        self.meter = Meter()

    def empty(self) -> dict[str, Any]:
        return {kind: {} for kind in ("apps", "users", "accounts", "connect", "connect_keys", "envelopes", "tokens")}

    def seed(self, world: dict[str, Any]) -> None:
        super().seed({kind: records for kind, records in world.items() if kind != "envelopes"})
        first_user, first_account = (next(iter(self.state[kind]), "") for kind in ("users", "accounts"))
        for envelope_id, given in world.get("envelopes", {}).items():
            account = given.get("account", first_account)
            self.state["envelopes"][envelope_id] = envelopes.seeded(
                given, account=account, sender=self._user(first_user, account), now=self.now(), envelope_id=envelope_id
            )

    def reset(self) -> None:
        super().reset()
        self.meter = Meter()

    def error(self, status: int, headers: dict[str, str]) -> Response:
        return by_status(status).answer(headers)

    def routes(self) -> list[BaseRoute]:
        api = [*EnvelopeCalls(self).calls(), *PartCalls(self).calls()]
        return [
            *self._account_server(),
            *(Route(path, self._admitted(handler), methods=[method]) for method, path, handler in api),
            *(Route(path, _refusing(handler), methods=[method]) for method, path, handler in PeopleCalls(self).calls()),
        ]

    def _account_server(self) -> list[BaseRoute]:
        async def token(request: Request) -> Response:
            return await oauth.token(request, self.state, self.now())

        async def consent(request: Request) -> Response:
            return oauth.consent(request, self.state)

        async def user_info(request: Request) -> Response:
            return oauth.user_info(request, self.state, self.now())

        return [
            Route("/oauth/token", token, methods=["POST"]),
            Route("/oauth/auth", consent),
            Route("/oauth/userinfo", user_info),
        ]

    def _admitted(self, handler: Handler) -> Handler:
        @wraps(handler)
        async def admitted(request: Request) -> Response:
            headers: dict[str, str] = {}
            try:
                headers = self._admit(request)
                answer = await handler(request)
            except Exceeded as exceeded:
                return exceeded.answer(exceeded.headers)
            except Refusal as refusal:
                return refusal.answer(headers)
            answer.headers.update(headers)
            return answer

        return admitted

    def _admit(self, request: Request) -> dict[str, str]:
        """The token, the account, the limits; gives the headers that tell what is left of them."""
        now, account_id = self.now(), request.path_params["account_id"]
        user = oauth.bearer(request, self.state, now)
        if account_id not in self.state["users"][user]["accounts"]:
            raise Refusal(
                "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT", "The specified User is not a member of the specified Account.", 401
            )
        request.state.user = self._user(user, account_id)
        account = self.state["accounts"][account_id]
        headers = self.meter.count(account_id, account, now)
        if request.method == "GET" and "envelope_id" in request.path_params:
            self.meter.poll(request.path_params["envelope_id"], account, now, headers)
        return headers

    def _user(self, user_id: str, account_id: str) -> dict[str, str]:
        user = self.state["users"].get(user_id, {})
        return {"userId": user_id, "userName": user.get("name", ""), "email": user.get("email", ""), "accountId": account_id}


def _refusing(handler: Handler) -> Handler:
    @wraps(handler)
    async def refusing(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()

    return refusing
