"""AvaTax's refusals and their wire form: ``{"error": {"code", "message", "target", "details": [...]}}``."""

from starlette.responses import JSONResponse, Response

# The number and the sentence of each code, as Avalara's list of errors has them.
_STATED: dict[str, tuple[int, str]] = {
    "EntityNotFoundError": (4, "The entity was not found."),
    "ValueRequiredError": (5, "A required value was not provided."),
    "StringLengthError": (13, "A text is too long."),
    "DateFormatError": (26, "A date could not be read."),
    "AuthenticationException": (30, "Authentication failed."),
    "ModelRequiredException": (38, "A model is required for this request."),
    "JsonFormatError": (47, "The JSON of the request could not be read."),
    "PermissionRequired": (49, "You do not have permission to do this."),
    "DuplicateNexusError": (144, "The nexus is already declared."),
    "InvalidEnumValue": (164, "The value is not one of those that are allowed."),
    "IncorrectFieldValue": (174, "A field has a value that cannot be used."),
    "MalformedFilterException": (182, "The $filter could not be understood."),
    "TransactionAlreadyCancelled": (198, "The transaction has already been cancelled."),
    "InternalServerError": (209, "The server could not finish this request."),
    "GetTaxError": (300, "DocStatus is invalid for this operation."),
    "MissingAddress": (304, "The address value was incomplete."),
    "MissingLine": (311, "A document needs at least one line."),
    "DocumentNotCommitted": (313, "The document is not committed."),
    "ServerUnreachable": (500, "A server of the tax service could not be reached."),
    "InvalidDocumentTypeForRefund": (702, "A document of this type cannot be refunded."),
    "RefundLinesRequired": (704, "A partial refund names its lines."),
    "InvalidRefundType": (705, "The type of the refund is not known."),
    "LineNoOutOfRange": (707, "The document has no such line."),
    "RefundPercentageMissing": (709, "A refund by percentage needs its percentage."),
    "CannotModifyLockedTransaction": (1100, "Modifying a locked document is not allowed."),
    "CertificatesNotSetup": (1205, "Exemption certificates are not set up for this company."),
    "InvalidDocumentStatus": (1314, "The document is in a status that does not allow this."),
    "RateLimitExceededError": (1723, "The rate limit was exceeded."),
}
_BY_STATUS = {
    400: "IncorrectFieldValue",
    401: "AuthenticationException",
    403: "PermissionRequired",
    404: "EntityNotFoundError",
    429: "RateLimitExceededError",
    500: "InternalServerError",
}


class Refusal(Exception):
    """A call that is not carried out."""

    def __init__(self, status: int, code: str, description: str, *, refers_to: str = "", subcode: str = "") -> None:
        super().__init__(description)
        self.status, self.code, self.description = status, code, description
        self._refers_to, self._subcode = refers_to, subcode

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        """The refusal on the wire."""
        number, message = _STATED[self.code]
        detail = {
            "code": self.code,
            "number": number,
            "message": message,
            "description": self.description,
            "faultCode": "Server" if self.status >= 500 else "Client",
            **({"faultSubCode": self._subcode} if self._subcode else {}),
            "helpLink": f"http://developer.avalara.com/avatax/errors/{self.code}",
            **({"refersTo": self._refers_to} if self._refers_to else {}),
            "severity": "Error",
        }
        error = {"code": self.code, "message": message, "target": "HttpRequest", "details": [detail]}
        return JSONResponse({"error": error}, status_code=self.status, headers=headers)


def by_status(status: int) -> Refusal:
    """What the API says with that status when a fault tells it to."""
    code = _BY_STATUS.get(status, "ServerUnreachable" if status >= 500 else "IncorrectFieldValue")
    return Refusal(status, code, _STATED[code][1])


def required(field: str) -> Refusal:
    """A field that has to be there."""
    return Refusal(400, "ValueRequiredError", f"Field {field} is required.", refers_to=field)


def not_found(what: str, name: object) -> Refusal:
    """A record that does not exist."""
    return Refusal(404, "EntityNotFoundError", f"The {what} with code or id '{name}' was not found.", refers_to=what)
