"""The account as a server: an empty one, its seed, and what every call goes through."""

import uuid
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.avatax.certificates import CertificateCalls, certificate_of
from sandbox.avatax.companies import CompanyCalls, nexus_of
from sandbox.avatax.credentials import caller
from sandbox.avatax.desk import Handler
from sandbox.avatax.refusals import Refusal, by_status
from sandbox.avatax.reversals import ReversalCalls
from sandbox.avatax.transactions import TransactionCalls
from sandbox.vendor import SimulatedVendor

_API = "/api/v2"
_FIRST_ID = 85_000_000_000_000
_KINDS = ("companies", "jurisdictions", "nexus", "customers", "certificates")


class AvaTax(SimulatedVendor):
    """One AvaTax account with its companies."""

    name = "avatax"

    def routes(self) -> list[BaseRoute]:
        transactions, companies = TransactionCalls(self), CompanyCalls(self)
        parts = (transactions, ReversalCalls(self), companies, CertificateCalls(self))
        calls = [call for part in parts for call in part.calls()]
        return [
            Route(f"{_API}/utilities/ping", self._answered(companies.ping, is_public=True)),
            *(Route(_API + path, self._answered(handler), methods=[method]) for method, path, handler in calls),
        ]

    def empty(self) -> dict[str, Any]:
        return {
            "accounts": {"2000000001": {"licence_key": "avatax-sandbox-key"}},
            **{kind: {} for kind in _KINDS},
            "uses": {"A": "Federal government", "C": "Tribal government", "D": "Foreign diplomat", "E": "Charitable"},
            "without_certificates": [],
            "clients": {},
            "transactions": {},
            "index": {},
            "next_id": _FIRST_ID,
        }

    def seed(self, world: dict[str, Any]) -> None:
        """Add or replace records; ``null`` takes one away. What they leave out is filled in."""
        for kind, records in world.items():
            if kind not in (*_KINDS, "accounts", "uses"):
                self.state[kind] = records
                continue
            for number, record in records.items():
                self.state[kind].pop(number, None)
                if record is not None:
                    self.state[kind][number] = _filled(kind, number, record)

    def error(self, status: int, headers: dict[str, str]) -> Response:
        return by_status(status).answer({**headers, **_correlated()})

    def _answered(self, handler: Handler, *, is_public: bool = False) -> Handler:
        @wraps(handler)
        async def answered(request: Request) -> Response:
            client = request.headers.get("X-Avalara-Client", "")
            self.state["clients"][client] = self.state["clients"].get(client, 0) + 1
            try:
                if not is_public:
                    caller(self.state, request)
                answer = await handler(request)
            except Refusal as refusal:
                return refusal.answer(_correlated())
            answer.headers.update(_correlated())
            return answer

        return answered


def _filled(kind: str, number: str, record: Any) -> Any:
    if kind in {"accounts", "uses", "jurisdictions"}:
        return record
    numbered = {"id": int(number), **record}
    match kind:
        case "nexus":
            return nexus_of(numbered)
        case "certificates":
            return certificate_of(numbered)
        case "companies":
            return {"accountId": 2_000_000_001, "isActive": True, "hasProfile": True, "roundingLevelId": "Line", **numbered}
        case _:
            return numbered


def _correlated() -> dict[str, str]:
    return {"x-correlation-id": str(uuid.uuid4())}
