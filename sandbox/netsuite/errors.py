"""Refusals in NetSuite's own form: an ``nsError`` body with ``o:errorDetails``."""

from typing import Any

from starlette.responses import JSONResponse

_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10"
_TITLES = {
    400: ("Bad Request", f"{_RFC}.4.1"),
    401: ("Unauthorized", f"{_RFC}.4.2"),
    403: ("Forbidden", f"{_RFC}.4.4"),
    404: ("Not Found", f"{_RFC}.4.5"),
    405: ("Method Not Allowed", f"{_RFC}.4.6"),
    409: ("Conflict", f"{_RFC}.4.10"),
    415: ("Unsupported Media Type", f"{_RFC}.4.16"),
    429: ("Too Many Requests", "https://datatracker.ietf.org/doc/html/rfc6585#section-4"),
    500: ("Internal Server Error", f"{_RFC}.5.1"),
    503: ("Service Unavailable", f"{_RFC}.5.4"),
    504: ("Gateway Timeout", f"{_RFC}.5.5"),
}
MEDIA_TYPE = "application/vnd.oracle.resource+json; type=error"


class Refusal(Exception):
    """Why a call was refused; ``o:errorCode`` decides, the detail is for people."""

    def __init__(self, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **where: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}
        self.where = {f"o:error{name.title().replace('_', '')}": value for name, value in where.items()}

    @property
    def body(self) -> dict[str, Any]:
        """The ``nsError`` document."""
        title, kind = _TITLES.get(self.status, ("Error", f"{_RFC}.5.1"))
        # Oracle's own sample of a repeated idempotency key says 400 and yet "Conflict".
        if self.code == "IDEMPOTENCY_ERROR":
            title, kind = _TITLES[409]
        details = [{"detail": self.detail, **self.where, "o:errorCode": self.code}]
        return {"type": kind, "title": title, "status": self.status, "o:errorDetails": details}

    def response(self) -> JSONResponse:
        """The answer over HTTP."""
        return JSONResponse(self.body, status_code=self.status, headers=self.headers, media_type=MEDIA_TYPE)


def user_error(detail: str) -> Refusal:
    """What the business rules of the account refuse: permanent until a person changes the record."""
    return Refusal(400, "USER_ERROR", f"Error while accessing a resource. {detail}")


def invalid_content(path: str, detail: str) -> Refusal:
    """A body that is not of the record's shape."""
    return Refusal(400, "INVALID_CONTENT", detail, path=path)


def invalid_parameter(name: str, detail: str) -> Refusal:
    """A query parameter that the service does not understand."""
    return Refusal(400, "INVALID_PARAMETER", detail, query_param=name)


def invalid_reference(field: str, given: str) -> Refusal:
    """A reference to a record that is not there, or may not be used here."""
    return Refusal(
        400, "INVALID_KEY_OR_REF", f"Error while accessing a resource. Invalid {field} reference key {given}.", path=field
    )


def invalid_login() -> Refusal:
    """What a wrong key, a wrong signature and, under overload, a right one are told."""
    detail = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
        "Setup > Users/Roles > User Management > View Login Audit Trail."
    )
    challenge = {"WWW-Authenticate": 'OAuth realm="netsuite", error="token_rejected", error_description="Invalid Login Attempt"'}
    return Refusal(401, "INVALID_LOGIN", detail, headers=challenge)


def too_many_requests() -> Refusal:
    """The account's concurrency limit is reached; NetSuite sends no Retry-After."""
    return Refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
