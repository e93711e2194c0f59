"""Who holds which unique key: an index over the records, built anew whenever the state was exchanged."""

from typing import Any

from sandbox.netsuite.bodies import Json

_UNIQUE = ("externalId", "entityId", "name", "symbol", "acctNumber", "itemId", "periodName", "tranId")


class Keys:
    """Answers which record holds a value in a field that must be unique, without walking through them all."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Json]] | None = None
        self._holders: dict[tuple[str, str, str], str] = {}

    def holder(self, records: dict[str, dict[str, Json]], kind: str, field: str, value: Any) -> str | None:
        """The internal id of the record that has this value, if there is one still."""
        self._follow(records)
        found = self._holders.get((kind, field, value)) if isinstance(value, str) else None
        record = records.get(kind, {}).get(found) if found else None
        return found if record and record.get(field) == value else None

    def note(self, records: dict[str, dict[str, Json]], kind: str, record: Json) -> None:
        """Remember the keys of a record that was created or changed."""
        self._follow(records)
        for field in _UNIQUE:
            if isinstance(record.get(field), str):
                self._holders[kind, field, record[field]] = record["id"]

    def _follow(self, records: dict[str, dict[str, Json]]) -> None:
        if self._of is records:
            return
        self._of, self._holders = records, {}
        for kind, held in records.items():
            for record in held.values():
                self.note(records, kind, record)
