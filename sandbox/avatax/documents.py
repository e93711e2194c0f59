"""The documents that are on record: found by company, code and type, in revisions, from Saved to Committed to Cancelled."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.avatax.new_transaction import RECORDED
from sandbox.avatax.refusals import Refusal, not_found

Record = dict[str, Any]


class Documents:
    """The transactions of one account."""

    def __init__(self, state: Record, now: datetime) -> None:
        self._state, self._now = state, now

    def current(self, company: Record, code: str, kind: str = "", *, visible_only: bool = False) -> Record | None:
        """The newest revision; of several types a sales invoice, unless one is named."""
        for each in (kind,) if kind else RECORDED:
            number = self._state["index"].get(_place(company, each, code))
            if number is not None and not (visible_only and self.is_hidden(self._state["transactions"][number])):
                return self._state["transactions"][number]  # type: ignore[no-any-return]
        return None

    def named(self, company: Record, code: str, kind: str = "") -> Record:
        """The same, refused where there is none."""
        found = self.current(company, code, kind, visible_only=True)
        if found is None:
            raise not_found("Transaction", code)
        return found

    def is_hidden(self, record: Record) -> bool:
        """Whether it cannot be read yet."""
        return str(record.get("_hidden_until", "")) > self._now.isoformat()

    def keep(self, company: Record, record: Record, *, invisible_seconds: float | None = None) -> Record:
        """Put a new revision on record under an id of its own."""
        number = self._state["next_id"]
        self._state["next_id"] = number + 100
        record = {**record, "id": number}
        if invisible_seconds:
            record["_hidden_until"] = (self._now + timedelta(seconds=invisible_seconds)).isoformat()
        for offset, line in enumerate(record["lines"], 1):
            line |= {"id": number + offset, "transactionId": number}
        self._state["transactions"][str(number)] = record
        self._state["index"][_place(company, record["type"], record["code"])] = str(number)
        return record

    def change(self, record: Record, **fields: Any) -> Record:
        """The same revision with other facts."""
        self._state["transactions"][str(record["id"])] = changed = {**record, **fields}
        return changed

    def delete(self, company: Record, record: Record) -> None:
        """Take a document away, as if it had never been."""
        del self._state["transactions"][str(record["id"])]
        del self._state["index"][_place(company, record["type"], record["code"])]

    def step_back(self, company: Record, record: Record) -> Record:
        """Undo the last adjustment."""
        earlier = [
            each
            for each in self._state["transactions"].values()
            if (each["companyId"], each["code"], each["type"]) == (record["companyId"], record["code"], record["type"])
            and each["version"] == record["version"] - 1
        ]
        if not earlier:
            raise wrong_status(record, "Adjusted")
        self.delete(company, record)
        before = self.change(earlier[-1], status="Committed")
        self._state["index"][_place(company, before["type"], before["code"])] = str(before["id"])
        return before


def wrong_status(record: Record, expected: str) -> Refusal:
    """What AvaTax says when a document's status does not allow the call."""
    described = f"Expected {expected}; {record['code']} is {record['status']}."
    return Refusal(400, "GetTaxError", described, refers_to="DocStatus", subcode="DocStatusError")


def require_unlocked(record: Record | None) -> None:
    """Refuse to touch what was reported to an authority."""
    if record is not None and record.get("locked"):
        described = f"Document {record['code']} is locked. Modification is not allowed."
        raise Refusal(400, "CannotModifyLockedTransaction", described)


def _place(company: Record, kind: str, code: str) -> str:
    return f"{company['id']}/{kind}/{code}"
