"""The vendor's refusals and their wire form: ``{"errors": [{"type", "message", "field"}]}``."""

from typing import Any

from starlette.responses import JSONResponse, Response

_STATED: dict[int, tuple[str, str]] = {
    400: ("system", "Bad Request"),
    401: ("oauth", "Invalid OAuth 2 Request"),
    403: ("system", "You are not authorized to perform this action"),
    404: ("system", "Page Not Found"),
    422: ("validation", "The record is not valid"),
    429: ("system", "Too Many Requests"),
    503: ("system", "Service is unavailable"),
    504: ("system", "The request timed out"),
}


class Refusal(Exception):
    """A call that is not carried out."""

    def __init__(self, status: int, message: str = "", *, field: str | None = None, kind: str | None = None) -> None:
        stated = _STATED.get(status, ("system", "Something went wrong"))
        self.status = status
        self.errors: list[dict[str, Any]] = [{"type": kind or stated[0], "message": message or stated[1]}]
        if field:
            self.errors[0]["field"] = field

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        """The refusal on the wire."""
        return JSONResponse({"errors": self.errors}, status_code=self.status, headers=headers)


class Invalid(Refusal):
    """A record that fails validation: every broken field is named."""

    def __init__(self, broken: list[tuple[str, str]]) -> None:
        super().__init__(422)
        self.errors = [{"type": "validation", "message": message, "field": field} for field, message in broken]
