"""Writes records and pages of them as NetSuite answers them: links, references with their names, sublists folded or expanded."""

from collections.abc import Mapping
from typing import Any

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.fields import ADDRESS, Field, RecordType
from sandbox.netsuite.records import Records

SERVICES = "/services/rest"


class Rendering:
    """Answers for one request: links carry the address by which the caller reached the account."""

    def __init__(self, records: Records, origin: str) -> None:
        self._records, self._origin = records, origin

    def link(self, path: str, rel: str = "self") -> Json:
        """A link to a path of the services."""
        return {"rel": rel, "href": f"{self._origin}{SERVICES}{path}"}

    def record(self, kind: RecordType, record: Json, *, expanded: bool, only: frozenset[str] = frozenset()) -> Json:
        """One record in full."""
        path = f"/record/v1/{kind.name}/{record['id']}"
        fields = self._records.fields(kind)
        answer: Json = {"links": [self.link(path)], "id": record["id"], "refName": self._records.named(kind.name, record)}
        for name, field in fields.items():
            if record.get(name) is not None and (not only or name in only):
                answer[name] = self._value(field, record[name])
        for name, sublist in self._records.sublists(kind).items():
            if not only or name in only:
                answer[name] = self.sublist(f"{path}/{name}", sublist.lines, record.get(name, []), expanded=expanded)
        return answer

    def sublist(self, path: str, lines: Mapping[str, Field], items: list[Json], *, expanded: bool) -> Json:
        """The lines of a record, or only the link to them."""
        if not expanded:
            return {"links": [self.link(path)]}
        shown = [{"links": [self.link(f"{path}/{n}")], **self._fields(lines, item)} for n, item in enumerate(items, 1)]
        counts = {"count": len(shown), "hasMore": False, "offset": 0, "totalResults": len(shown)}
        return {"links": [self.link(path)], "items": shown, **counts}

    def page(self, path: str, items: list[Json], *, limit: int, offset: int, total: int, query: str = "") -> Json:
        """One page of a collection."""
        at = f"{path}?{query}limit={limit}&offset="
        links = [self.link(f"{at}{offset}")]
        if offset + limit < total:
            links = [self.link(f"{at}{offset + limit}", "next"), self.link(f"{at}{(total - 1) // limit * limit}", "last"), *links]
        if offset:
            links = [self.link(f"{at}0", "first"), self.link(f"{at}{max(offset - limit, 0)}", "previous"), *links]
        more = offset + limit < total
        return {"links": links, "count": len(items), "hasMore": more, "items": items, "offset": offset, "totalResults": total}

    def _fields(self, fields: Mapping[str, Field], values: Json) -> Json:
        return {name: self._value(field, values[name]) for name, field in fields.items() if values.get(name) is not None}

    def _value(self, field: Field, stored: Any) -> Any:
        if field.kind == "address":
            return self._fields(ADDRESS, stored)
        if field.kind in {"choice", "country"}:
            return {"id": stored["id"], "refName": field.choices.get(stored["id"], stored["id"])}
        if field.kind != "reference":
            return stored
        for name in field.to:
            found = self._records.find(name, stored["id"])
            if found:
                link = self.link(f"/record/v1/{name}/{found['id']}")
                return {"links": [link], "id": found["id"], "refName": self._records.named(name, found)}
        return {"id": stored["id"]}
