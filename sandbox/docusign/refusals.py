"""How DocuSign refuses: one exception that carries the error code, and the answer it becomes."""

from starlette.responses import JSONResponse


class Refusal(Exception):
    """A request that is refused with DocuSign's error body."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def answer(self, headers: dict[str, str] | None = None) -> JSONResponse:
        """The answer as the API gives it."""
        return JSONResponse({"errorCode": self.code, "message": self.message}, status_code=self.status, headers=headers)


def invalid_parameter(message: str) -> Refusal:
    """A parameter or body that the API does not accept."""
    return Refusal("INVALID_REQUEST_PARAMETER", f"The request contained at least one invalid parameter. {message}")


def unknown_envelope() -> Refusal:
    """An envelope that is not there, or not this user's to see."""
    return Refusal("ENVELOPE_DOES_NOT_EXIST", "The envelope specified either does not exist or you have no rights to it.")


BY_STATUS = {
    400: Refusal("INVALID_REQUEST_BODY", "The request body is missing or improperly formatted.", 400),
    401: Refusal(
        "AUTHORIZATION_INVALID_TOKEN",
        "The access token provided is expired, revoked or malformed. Authentication for System Application failed.",
        401,
    ),
    403: Refusal("USER_LACKS_PERMISSIONS", "This user lacks sufficient permissions to access this resource.", 403),
    404: Refusal("RESOURCE_NOT_FOUND", "The URL provided does not resolve to a resource.", 404),
    429: Refusal("HOURLY_APIINVOCATION_LIMIT_EXCEEDED", "The maximum number of hourly API invocations has been exceeded.", 429),
}


def by_status(status: int) -> Refusal:
    """What the API says with that status when a fault tells it to."""
    return BY_STATUS.get(status) or Refusal("UNSPECIFIED_ERROR", "An unspecified error has occurred.", status)
