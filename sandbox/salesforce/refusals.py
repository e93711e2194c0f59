"""How Salesforce refuses: a status and an array of coded messages; per record in collections, one object for OAuth."""

from typing import Any


class Refusal(Exception):
    """One coded error; REST shows it as ``[{"message", "errorCode", "fields"}]``."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields

    def listed(self) -> list[dict[str, Any]]:
        """The body of an error answer."""
        shown: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [shown if self.fields is None else shown | {"fields": list(self.fields)}]

    def saved(self) -> dict[str, Any]:
        """The result of one record in a collection."""
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}
        return {"success": False, "errors": [error]}


BY_STATUS = {
    400: ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    412: ("PRECONDITION_FAILED", "The resource has been modified since the timestamp in the header"),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support: 1480318402-11417",
    ),
    503: ("SERVER_UNAVAILABLE", "The server is temporarily unavailable. Please try again later."),
}


def not_found() -> Refusal:
    """No such address or record."""
    return Refusal("NOT_FOUND", "The requested resource does not exist", status=404)


def no_column(field: str, object_name: str) -> Refusal:
    """A field that the object does not have."""
    return Refusal("INVALID_FIELD", f"No such column '{field}' on sobject of type {object_name}")
