"""The records of the account: kept in the vendor's state, created, changed and found by internal or external id."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.netsuite import bookkeeping, heads
from sandbox.netsuite.bodies import Json, Reader
from sandbox.netsuite.catalog import QUERY_ONLY, RECORD_TYPES, columns_of, with_custom_columns, with_custom_fields
from sandbox.netsuite.chart import ITEMS
from sandbox.netsuite.errors import Refusal, invalid_content, user_error
from sandbox.netsuite.fields import Field, RecordType, Sublist
from sandbox.netsuite.keys import Keys
from sandbox.netsuite.rules import check, check_deletion, complete, release
from sandbox.netsuite.status import status_of
from sandbox.netsuite.transactions import POSTING

_ENTITIES = {"customer", "job", "employee"}


class Records:
    """Everything the record service can do with records; what is hidden begins with an underscore in the state."""

    def __init__(self, state: Callable[[], Json], now: Callable[[], datetime]) -> None:
        self._state, self._now = state, now
        self._keys = Keys()
        self._renamed = self._exchanged = 0
        self._seen: Json | None = None

    # Reading.

    def kind(self, name: str) -> RecordType:
        """The record type of that name; names are case-sensitive, as in the URL."""
        if name not in RECORD_TYPES:
            raise Refusal(404, "NOT_FOUND", f"Record type '{name}' does not exist.", path=name)
        return RECORD_TYPES[name]

    def fields(self, kind: RecordType) -> Mapping[str, Field]:
        """The fields of a type in this account."""
        return with_custom_fields(kind, self._state()["account"]["custom_fields"].get(kind.name, {}))

    def sublists(self, kind: RecordType) -> Mapping[str, Sublist]:
        """The sublists of a type in this account."""
        return with_custom_columns(kind, self._state()["account"]["custom_fields"])

    def custom(self, declarations: tuple[str, ...]) -> Mapping[str, Field]:
        """The custom fields that these declarations have together."""
        declared = self._state()["account"]["custom_fields"]
        return {name: of for key in declarations for name, of in columns_of(declared.get(key, {})).items()}

    def setting(self, name: str) -> Any:
        """A preference of the account."""
        return self._state()["account"][name]

    def today(self) -> str:
        """The account's date."""
        return self._now().date().isoformat()

    def layout(self) -> object:
        """Changes when tables of the records must be made anew: other custom fields, a record renamed, another state."""
        if self._seen is not self._state()["records"]:
            self._seen, self._exchanged = self._state()["records"], self._exchanged + 1
        return str(self._state()["account"]["custom_fields"]), self._renamed, self._exchanged

    def all(self, name: str) -> dict[str, Json]:
        """Every record of a type by internal id."""
        found: dict[str, Json] = self._state()["records"].setdefault(name, {})
        return found

    def visible(self, name: str) -> Iterator[Json]:
        """The records that searches find already, by internal id."""
        now = self._now().isoformat()
        for record in sorted(self.all(name).values(), key=lambda r: int(r["id"])):
            if record.get("_visible_from", "") <= now:
                yield record

    def named(self, name: str, record: Json) -> str:
        """What people call a record (``refName``)."""
        kind = RECORD_TYPES.get(name) or QUERY_ONLY[name]
        return " ".join(str(record[part]) for part in kind.named_by if record.get(part))

    def find(self, name: str, key: str) -> Json | None:
        """A record by internal id, or by ``eid:`` and external id; both see it at once."""
        if key.startswith("eid:"):
            return self._by_external_id(name, key.removeprefix("eid:"))
        return self.all(name).get(key)

    def get(self, name: str, key: str) -> Json:
        """A record that must be there."""
        found = self.find(name, key)
        if found is None:
            what = f"external ID '{key[4:]}'" if key.startswith("eid:") else f"ID '{key}'"
            url = f"/services/rest/record/v1/{name}/{key}"
            raise Refusal(404, "NONEXISTENT_ID", f"The record instance for {what} does not exist. Provide a valid ID.", url=url)
        return found

    def resolve(self, names: tuple[str, ...], internal: str | None, external: str | None, inactive_allowed: bool) -> str | None:
        """The internal id of a reference to an active record, or nothing."""
        for name in names:
            found = self.find(name, internal if internal is not None else f"eid:{external}")
            if found and (inactive_allowed or not found.get("isInactive")):
                return str(found["id"])
        return None

    def account(self, role: str) -> str:
        """The internal id of the account that plays a part in every posting: receivable, cash, rounding ..."""
        number = self.setting("accounts")[role]
        found = self._keys.holder(self._state()["records"], "account", "acctNumber", number)
        if found is None:
            raise user_error(f"The account {number} ({role}) does not exist.")
        return found

    def income_account(self, item: str) -> str:
        """The account that an item posts to."""
        found = next(record for record in (self.find(name, item) for name in ITEMS) if record)
        return str(found["incomeAccount"]["id"])

    def currency(self, symbol: str) -> str:
        """The internal id of a currency by its ISO code."""
        found = self.holder("currency", "symbol", symbol)
        if found is None:
            raise user_error(f"The currency {symbol} does not exist.")
        return str(found["id"])

    def holder(self, name: str, field: str, value: str) -> Json | None:
        """The record that has a value in a field whose values are unique."""
        found = self._keys.holder(self._state()["records"], name, field, value)
        return self.all(name)[found] if found else None

    # Writing.

    def create(self, name: str, body: Any, *, strict: bool, invisible_seconds: float | None) -> Json:
        """A new record; nothing is kept if it is refused."""
        kind = self.kind(name)
        sublists = self.sublists(kind)
        values, lines = Reader(self.resolve, strict=strict).record(body, self.fields(kind), sublists)
        given = {field: value for field, value in values.items() if value is not None}
        record: Json = {"id": self._next_id(), **kind.defaults, **given, "_version": 1}
        for sublist, items in lines.items():
            record[sublist] = self._merged(sublists[sublist], [], items)
        complete(self, kind, record)
        self._checked(kind, record, before=None)
        record.update(self._stamps(kind))
        seconds = invisible_seconds if invisible_seconds is not None else self._state()["account"]["search_delay_seconds"]
        if seconds:
            record["_visible_from"] = (self._now() + timedelta(seconds=seconds)).isoformat()
        self._keep(kind, record)
        self._after(kind, record, before=None)
        return record

    def update(self, name: str, key: str, body: Any, *, strict: bool, replace: frozenset[str]) -> Json:
        """Change a record; lines are merged by their key unless their sublist is to be replaced."""
        kind, before = self.kind(name), self.get(name, key)
        sublists = self.sublists(kind)
        values, lines = Reader(self.resolve, strict=strict).record(body, self.fields(kind), sublists)
        record = {**before, **values}
        record = {field: value for field, value in record.items() if value is not None}
        for sublist, items in lines.items():
            kept = [] if sublist in replace or sublists[sublist].whole else before.get(sublist, [])
            record[sublist] = self._merged(sublists[sublist], kept, items)
        self._checked(kind, record, before=before)
        self.changed(name, record)
        self._after(kind, record, before=before)
        return record

    def delete(self, name: str, key: str) -> Json:
        """Remove a record that nothing depends on; it is kept among the deleted, for whoever checks."""
        self.kind(name)
        record = self.get(name, key)
        check_deletion(self, name, record)
        release(self, name, record)
        del self.all(name)[record["id"]]
        self._state()["deleted"].append({"type": name, "id": record["id"], "externalId": record.get("externalId")})
        return record

    def put_in(self, name: str, key: str, record: Json) -> None:
        """Add a record of the seed as it is, without the checks; a transaction is posted."""
        if name in POSTING:
            self._posted(name, str(key), record)
            return
        kind = RECORD_TYPES.get(name) or QUERY_ONLY[name]
        version = self.all(name).get(str(key), {}).get("_version", 0) + 1
        self._keep(kind, {**kind.defaults, **self._stamps(kind), "_version": version, **record, "id": str(key)})

    def add(self, name: str, values: Json) -> Json:
        """A record that NetSuite itself makes; one that brings its postings is taken as it is."""
        kind = RECORD_TYPES.get(name) or QUERY_ONLY[name]
        record: Json = {"id": self._next_id(), **kind.defaults, **values, "_version": 1, **self._stamps(kind)}
        if "_impact" not in values:
            self._booked(kind, record)
            return record
        heads.numbered(self, name, record)
        record["status"] = status_of(name, record)
        self._keep(kind, record)
        return record

    def copied(self, name: str, key: str) -> Json:
        """A person's copy of a record that posts nothing: all of it but its external id."""
        own = {"externalId", "_visible_from"}
        fields = {field: value for field, value in self.get(name, key).items() if field not in own}
        record: Json = {**fields, "id": self._next_id(), "_version": 1, **self._stamps(self.kind(name))}
        self._keep(self.kind(name), record)
        return record

    def changed(self, name: str, record: Json) -> None:
        """Keep a record that is another now than it was."""
        record.update(lastModifiedDate=_stamp(self._now()), _version=record["_version"] + 1)
        self._keep(RECORD_TYPES.get(name) or QUERY_ONLY[name], record)

    def restated(self, name: str, record: Json) -> None:
        """Keep a transaction that others applied to."""
        record["status"] = status_of(name, record)
        self.changed(name, record)

    def count(self, series: str) -> int:
        """The next number of a series."""
        numbers = self._state()["numbers"]
        numbers[series] = numbers.get(series, 0) + 1
        return int(numbers[series])

    # Inside.

    def _by_external_id(self, name: str, external: str) -> Json | None:
        found = self._keys.holder(self._state()["records"], name, "externalId", external)
        return self.all(name).get(found) if found else None

    def _keep(self, kind: RecordType, record: Json) -> None:
        before = self.all(kind.name).get(record["id"])
        if before and self.named(kind.name, before) != self.named(kind.name, record):
            self._renamed += 1
        self.all(kind.name)[record["id"]] = record
        self._keys.note(self._state()["records"], kind.name, record)

    def _next_id(self) -> str:
        state = self._state()
        state["next_id"] += 1
        return str(state["next_id"])

    def _merged(self, sublist: Sublist, kept: list[Json], items: list[Json]) -> list[Json]:
        lines = {str(line[sublist.key]): line for line in kept}
        last = 0 if sublist.named else max((int(key) for key in lines), default=0)
        for item in items:
            key = item.get(sublist.key)
            if sublist.named and key is None:
                raise user_error(f"Please enter value(s) for: {sublist.lines[sublist.key].label}.")
            if key is None:
                item[sublist.key] = last = last + 1
            elif str(key) not in lines and not sublist.named:
                raise invalid_content(sublist.key, f"There is no line with {sublist.key} {key} on this record.")
            lines[str(item[sublist.key])] = {**lines.get(str(item[sublist.key]), {}), **item}
        return [{name: value for name, value in line.items() if value is not None} for line in lines.values()]

    def _checked(self, kind: RecordType, record: Json, *, before: Json | None) -> None:
        labels = [kind.fields[name].label for name in kind.required if record.get(name) in (None, "")]
        for name, sublist in kind.sublists.items():
            for line in record.get(name, []):
                labels += [sublist.lines[f].label for f in sublist.required if line.get(f) in (None, "")]
        if labels:
            raise user_error(f"Please enter value(s) for: {', '.join(labels)}.")
        for name in (*kind.unique, "externalId"):
            holder = self._keys.holder(self._state()["records"], kind.name, name, record.get(name))
            if holder not in (None, record["id"]):
                raise user_error("This entity already exists." if kind.name in _ENTITIES else "This record already exists.")
        check(self, kind, record, before)

    def _stamps(self, kind: RecordType) -> Json:
        stamp = _stamp(self._now())
        return {"createdDate" if "createdDate" in kind.fields else "dateCreated": stamp, "lastModifiedDate": stamp}

    def _posted(self, name: str, key: str, given: Json) -> None:
        kind = RECORD_TYPES[name]
        record: Json = {**kind.defaults, **given, "id": key, "_version": 1, **self._stamps(kind)}
        for sublist in kind.sublists.keys() & given.keys():
            record[sublist] = self._merged(kind.sublists[sublist], [], [dict(line) for line in given[sublist]])
        if key not in self.all(name):
            self._booked(kind, record)

    def _booked(self, kind: RecordType, record: Json) -> None:
        bookkeeping.prepare(self, kind.name, record, None)
        self._keep(kind, record)
        bookkeeping.settle(self, kind.name, record, None)

    def _after(self, kind: RecordType, record: Json, *, before: Json | None) -> None:
        if kind.name in POSTING:
            bookkeeping.settle(self, kind.name, record, before)
        if kind.name == "job" and before is None and record.get("createChargeRule"):
            rule = {"name": f"{record['companyName']} - time", "project": {"id": record["id"]}, "chargeRuleType": "TIMEBASED"}
            self.put_in("chargeRule", self._next_id(), {**rule, "isInactive": False})


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
