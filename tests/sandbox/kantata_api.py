"""The simulated Kantata's API as a stranger calls it, and the small world of its tests."""

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx

from sandbox.kantata.vendor import Kantata
from sandbox.serve import serving_in_thread

REFERENCE = {"service_name": "Handoff", "service_model": "Project", "service_model_ref": "C-100"}
WORLD: dict[str, Any] = {
    "roles": {"11": {"name": "Consultant"}},
    "users": {"2": {"full_name": "Rhea Staff"}},
    "rate_cards": {"21": {"title": "EMEA 2026", "currency": "EUR"}},
    "custom_fields": {"31": {"name": "Practice", "subject_type": "Workspace", "value_type": "string"}},
    "tokens": {
        "a-lead": {"user_id": "2", "permission": "project_lead"},
        "gone": {"user_id": "2", "permission": "x", "revoked": True},
    },
    "applications": {"app": {"client_secret": "s3", "redirect_uri": "http://localhost/back"}},
}


class Api:
    """The vendor's API as a stranger calls it."""

    def __init__(self, url: str, vendor: Kantata, token: str = "kantata-sandbox-token") -> None:
        self.vendor, self.url = vendor, url
        self.http = httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
        answer = self.http.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def post(self, path: str, body: dict[str, Any], status: int = 200, **query: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def put(self, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = self.http.put(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def made(self, plural: str, singular: str, **fields: Any) -> str:
        return str(self.post(plural, {singular: fields})["results"][0]["id"])

    def project(self, **fields: Any) -> str:
        return self.made("workspaces", "workspace", **{"title": "A project", "price": 1000, **fields})

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.url}/_sandbox/faults", json=fault).raise_for_status()

    def begin(self) -> None:
        """A fresh account with the world of these tests."""
        self.vendor.reset()
        self.vendor.seed(WORLD)

    def move_clock(self, seconds: float) -> None:
        httpx.put(f"{self.url}/_sandbox/clock", json={"offset_seconds": seconds}).raise_for_status()


def serving_kantata() -> Iterator[Api]:
    """One server for all tests of a module."""
    vendor = Kantata()
    with serving_in_thread(vendor) as url:
        api = Api(url, vendor)
        yield api
        api.http.close()


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of an answer, in its order."""
    return [result["id"] for result in page["results"]]
