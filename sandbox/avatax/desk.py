"""What the calls share: the vendor's state and clock, bodies, and the company that an address names."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.avatax.documents import Documents
from sandbox.avatax.refusals import Refusal, not_found
from sandbox.vendor import SimulatedVendor

Record = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
Call = tuple[str, str, Handler]
# In an address a code's special characters are written in a way of their own.
_WRITTEN = {"_-ava2f-_": "/", "_-ava2b-_": "+", "_-ava3f-_": "?", "_-ava25-_": "%", "_-ava23-_": "#"}


class Desk:
    """A part of the API, over the same state."""

    def __init__(self, vendor: SimulatedVendor) -> None:
        self._vendor = vendor

    @property
    def state(self) -> Record:
        """The account's records."""
        return self._vendor.state

    def documents(self) -> Documents:
        """The documents on record as of now."""
        return Documents(self.state, self._vendor.now())

    def company_named(self, request: Request) -> Record:
        """The company whose code is in the address."""
        code = code_in(request, "company_code")
        found = next((c for c in self.state["companies"].values() if c["companyCode"] == code), None)
        if found is None:
            raise not_found("Company", code)
        return found  # type: ignore[no-any-return]

    def company_numbered(self, request: Request) -> Record:
        """The company whose number is in the address."""
        number = request.path_params["company_id"]
        if number not in self.state["companies"]:
            raise not_found("Company", number)
        return self.state["companies"][number]  # type: ignore[no-any-return]

    def new_id(self) -> int:
        """A number that nothing has yet."""
        self.state["next_id"] += 1
        return int(self.state["next_id"])


def code_in(request: Request, name: str) -> str:
    """A code of the address as it is."""
    code = str(request.path_params[name])
    for written, meant in _WRITTEN.items():
        code = code.replace(written, meant)
    return code


async def body_of(request: Request) -> Any:
    """The JSON of a request, its amounts exact."""
    try:
        body = json.loads(await request.body() or b"null", parse_float=Decimal)
    except ValueError as error:
        raise Refusal(400, "JsonFormatError", "The request body is not valid JSON.") from error
    if not body:
        raise Refusal(400, "ModelRequiredException", "The request body is empty.")
    return body
