"""The org's records: checked, numbered, stamped and indexed as they are saved; a call that is rolled back leaves nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce import automation
from sandbox.salesforce.identifiers import is_id, numbered, whole
from sandbox.salesforce.objects import BY_LOWER_NAME, BY_PREFIX, OBJECTS, Field, Object
from sandbox.salesforce.refusals import Refusal, no_column, not_found
from sandbox.salesforce.values import kept, moment, stamp

Record = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What a call did to one record; ``before`` is empty for a new one."""

    object: Object
    id: str
    before: Record
    after: Record


class Records:
    """Every record of the org, over a plain JSON state."""

    def __init__(self, state: dict[str, Any], now: Callable[[], datetime]) -> None:
        self.state, self.now = state, now
        self.changes: list[Change] = []
        self.unsettled: dict[str, bool] = {}
        self._undo: list[tuple[Object, str, Record | None]] = []
        self._indexes: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        for object_ in OBJECTS.values():
            for identifier, record in self.table(object_).items():
                self._index(object_, identifier, record)

    def table(self, object_: Object) -> dict[str, Record]:
        """All records of an object by id, deleted ones too."""
        found: dict[str, Record] = self.state.setdefault(object_.name, {})
        return found

    def alive(self, object_: Object) -> Iterator[Record]:
        """The records of an object that are not in the recycle bin."""
        return (record for record in self.table(object_).values() if not record["IsDeleted"])

    def get(self, object_: Object, identifier: str) -> Record:
        """One record by id, refused as the API refuses."""
        if not is_id(identifier):
            raise not_found()
        record = self.table(object_).get(whole(identifier))
        if record is None:
            raise not_found()
        if record["IsDeleted"]:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=())
        return record

    def matching(self, object_: Object, field: str, value: Any) -> list[str]:
        """Ids of records by an indexed field; capitals do not matter, deleted ones are left out."""
        ids = self._indexes.get((object_.name, field), {}).get(_key(value), {})
        return [identifier for identifier in ids if not self.table(object_)[identifier]["IsDeleted"]]

    def hidden(self, identifier: str) -> bool:
        """Whether searches do not find this record yet."""
        until = self.state["_invisible"].get(identifier)
        return bool(until and moment(until) > self.now())

    def hide(self, identifiers: list[str], seconds: float) -> None:
        """Keep these records from searches for so long."""
        until = (self.now() + timedelta(seconds=seconds)).isoformat()
        self.state["_invisible"].update(dict.fromkeys(identifiers, until))

    # Saving.

    def create(self, object_: Object, body: Record) -> str:
        """Save a new record and return its id."""
        values = self.accepted(object_, body, creating=True)
        missing = [name for name in object_.required if values.get(name) in {None, ""}]
        if missing:
            raise Refusal("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=tuple(missing))
        identifier = numbered(object_.prefix, self.next_number("ids"))
        self.put(object_, identifier, values, before={})
        return identifier

    def update(self, object_: Object, identifier: str, body: Record) -> None:
        """Change a record that exists."""
        before = self.get(object_, identifier)
        values = self.accepted(object_, body, creating=False)
        emptied = [name for name in object_.required if name in values and values[name] is None]
        if emptied:
            raise Refusal("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", fields=tuple(emptied))
        self.put(object_, before["Id"], values, before=before)

    def delete(self, object_: Object, identifier: str) -> None:
        """Put a record into the recycle bin."""
        before = self.get(object_, identifier)
        self.put(object_, before["Id"], {"IsDeleted": True}, before=before)

    def put(self, object_: Object, identifier: str, values: Record, *, before: Record) -> None:
        """Save values that were accepted: automation, uniqueness, stamps, index, and what follows from it."""
        record = {**self._fresh(object_, identifier), **before, **values}
        automation.before_save(self, object_, record, before)
        self._refuse_duplicates(object_, identifier, record)
        self._stamped(record, is_new=not before)
        self._store(object_, identifier, record)
        self.changes.append(Change(object_, identifier, before, record))
        automation.after_save(self, object_, record, before)

    def accepted(self, object_: Object, body: Record, *, creating: bool) -> Record:
        """The values of a request's body by field, each in the form that is kept."""
        values: Record = {}
        for name, value in body.items():
            if name == "attributes":
                continue
            if name.lower() == "id":
                raise _id_given(creating)
            related = object_.by_relationship.get(name.lower())
            if related and isinstance(value, dict):
                values[related.name] = self._related(related, value)
                continue
            field = object_.by_lower_name.get(name.lower())
            if field is None:
                raise no_column(name, object_.name)
            values[field.name] = self._checked(field, value)
        return values

    # Transactions.

    def mark(self) -> tuple[int, int]:
        """A point to which the call can be rolled back."""
        return len(self._undo), len(self.changes)

    def roll_back(self, mark: tuple[int, int]) -> None:
        """Undo everything since the mark."""
        while len(self._undo) > mark[0]:
            object_, identifier, before = self._undo.pop()
            self._unindex(object_, identifier)
            if before is None:
                del self.table(object_)[identifier]
            else:
                self.table(object_)[identifier] = before
                self._index(object_, identifier, before)
        del self.changes[mark[1] :]

    def commit(self) -> list[Change]:
        """End the call and return what it changed."""
        changes, self.changes = self.changes, []
        self._undo.clear()
        return changes

    def next_number(self, counter: str) -> int:
        """The next of a running number."""
        counters = self.state["_counters"]
        counters[counter] = counters.get(counter, 0) + 1
        return int(counters[counter])

    # Inside.

    def _checked(self, field: Field, value: Any) -> Any:
        if field.is_readonly:
            message = (
                f"Unable to create/update fields: {field.name}. Please check the security settings of this field and verify that "
                "it is read/write for your profile or permission set."
            )
            raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=(field.name,))
        good = kept(field, value)
        if good is not None and field.type == "reference" and field.targets != ("User",):
            self._must_exist(good)
        return good

    def _must_exist(self, identifier: str) -> None:
        target = BY_PREFIX.get(identifier[:3])
        record = self.table(target).get(identifier) if target else None
        if record is None or record["IsDeleted"]:
            raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=())

    def _related(self, field: Field, key: Record) -> str:
        named = {name: value for name, value in key.items() if name != "attributes"}
        (name, value) = next(iter(named.items()), ("", ""))
        target = OBJECTS[field.targets[0]]
        if len(named) != 1 or not (name in target.fields and target.fields[name].is_external):
            raise Refusal("INVALID_FIELD", f"Cannot reference a foreign key field {field.relationship}.", fields=())
        found = self.matching(target, name, value)
        if len(found) != 1:
            message = f"Foreign key external ID: {value} not found for field {name} in entity {target.name}"
            raise Refusal("INVALID_FIELD", message, fields=())
        return found[0]

    def _fresh(self, object_: Object, identifier: str) -> Record:
        org = self.state["_org"]
        by_default = {"OwnerId": org["user_id"], "CreatedById": org["user_id"], "CurrencyIsoCode": org["currency"]}
        known = {name: value for name, value in by_default.items() if name in object_.fields}
        return {"Id": identifier, "IsDeleted": False, "CreatedDate": stamp(self.now()), **known}

    def _stamped(self, record: Record, *, is_new: bool) -> None:
        given = record.pop("_stamp", None)
        stamped = given or stamp(self.now())
        record["SystemModstamp"] = record["LastModifiedDate"] = stamped
        record["LastModifiedById"] = self.state["_org"]["user_id"]
        if is_new and given:
            record["CreatedDate"] = given

    def _refuse_duplicates(self, object_: Object, identifier: str, record: Record) -> None:
        for name in object_.unique:
            others = [found for found in self.matching(object_, name, record.get(name)) if found != identifier]
            if record.get(name) is not None and others:
                message = f"duplicate value found: {name} duplicates value on record with id: {others[0]}"
                raise Refusal("DUPLICATE_VALUE", message, fields=())

    def _store(self, object_: Object, identifier: str, record: Record) -> None:
        table = self.table(object_)
        self._undo.append((object_, identifier, table.get(identifier)))
        self._unindex(object_, identifier)
        table[identifier] = record
        self._index(object_, identifier, record)

    def _index(self, object_: Object, identifier: str, record: Record) -> None:
        for name in object_.indexed:
            if record.get(name) is not None:
                self._indexes.setdefault((object_.name, name), {}).setdefault(_key(record[name]), {})[identifier] = None

    def _unindex(self, object_: Object, identifier: str) -> None:
        record = self.table(object_).get(identifier, {})
        for name in object_.indexed:
            if record.get(name) is not None:
                self._indexes[object_.name, name][_key(record[name])].pop(identifier, None)


def named_object(name: str) -> Object:
    """An object by its API name, or the API's refusal."""
    object_ = BY_LOWER_NAME.get(name.lower())
    if object_ is None:
        raise not_found()
    return object_


def _key(value: Any) -> str:
    return str(value).lower()


def _id_given(creating: bool) -> Refusal:
    if creating:
        return Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", fields=("Id",))
    return Refusal("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
