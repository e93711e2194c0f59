"""What stands between the connector and the real Tryton in tests: it passes every call on, and loses answers when told to.

Tryton has no simulated vendor, because the real one runs here; only its faults are ours.
"""

import base64
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx

from rehearsal.tryton import relay as rehearsed
from runtime.embedded.tryton.server import Tryton

_PATIENCE_SECONDS = 120.0


class Books:
    """What Tryton holds, asked for behind the connector's back: plain HTTP, and none of our code for it."""

    def __init__(self, tryton: Tryton) -> None:
        self._http = httpx.Client(base_url=tryton.url, timeout=_PATIENCE_SECONDS, trust_env=False)
        self._path = f"/{tryton.database}/rpc/"
        user, token, _ = self._call("common.db.login", [tryton.login, {"password": tryton.passwords.integration}])
        proof = base64.b64encode(f"{tryton.login}:{user}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {proof}"
        (company,) = self.call("company.company", "search", [["party.code", "=", "DE01"]])
        self.context = {"company": company, "companies": [company]}

    context: dict[str, Any] = {}

    def call(self, model: str, method: str, *parameters: object) -> Any:
        return self._call(f"model.{model}.{method}", [*parameters, self.context])

    def rows(self, model: str, domain: Sequence[object], *fields: str) -> list[dict[str, Any]]:
        """Records as Tryton answers them."""
        return list(self.call(model, "search_read", list(domain), 0, None, None, list(fields)))

    def count(self, model: str, *domain: object) -> int:
        return int(self.call(model, "search_count", list(domain)))

    def wizard(self, name: str, model: str, record: int, steps: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """What a person does in Tryton's client."""
        context = {**self.context, "active_model": model, "active_id": record, "active_ids": [record]}
        session, _, _ = self._call(f"wizard.{name}.create", [context])
        said: dict[str, Any] = {}
        for state, values in steps:
            said |= values
            self._meant(f"wizard.{name}.execute", [session, said, state, context])
        self._call(f"wizard.{name}.delete", [session, context])

    def _meant(self, method: str, parameters: list[object]) -> None:
        """What Tryton warns of is answered with yes."""
        said = self._asked(method, parameters)
        while said.get("error") and said["error"][0] == "UserWarning":
            self.call("res.user.warning", "skip", said["error"][1][0], False)
            said = self._asked(method, parameters)
        assert "error" not in said, f"{method}: {said['error']}"

    def _call(self, method: str, parameters: list[object]) -> Any:
        said = self._asked(method, parameters)
        assert "error" not in said, f"{method}: {said['error']}"
        return said["result"]

    def _asked(self, method: str, parameters: list[object]) -> dict[str, Any]:
        answer = self._http.post(self._path, json={"id": 1, "method": method, "params": parameters})
        answer.raise_for_status()
        return dict(answer.json())


class Relay(rehearsed.Relay):
    """The rehearsals' own; ``state`` leads to what the real books hold."""

    def __init__(self, tryton: Tryton) -> None:
        super().__init__(tryton)
        self.state = {"books": Books(tryton)}


def decimal(value: dict[str, str]) -> str:
    """An amount as Tryton answers it."""
    assert value["__class__"] == "Decimal"
    return value["decimal"]
