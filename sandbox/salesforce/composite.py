"""Many requests in one call: ``/composite`` with references between them, ``/composite/sobjects`` for collections of records."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.salesforce import automation
from sandbox.salesforce.objects import BY_PREFIX
from sandbox.salesforce.query import attributes, value_of
from sandbox.salesforce.records import Record, named_object
from sandbox.salesforce.refusals import Refusal, no_column, not_found
from sandbox.salesforce.rest import Answer, Call, Rest

MOST_SUBREQUESTS, MOST_RECORDS = 25, 200
_REFERENCE = re.compile(r"@\{([^}]+)\}")


class Composite:
    """The composite resources, over the single ones."""

    def __init__(self, rest: Rest) -> None:
        self.rest, self.records = rest, rest.records

    def answer(self, call: Call) -> Answer:
        """Carry the call out."""
        try:
            return self._found(call)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.listed())

    def _found(self, call: Call) -> Answer:
        match call.method, call.path.rstrip("/").split("/")[4:]:
            case "POST", ["composite"]:
                return self._composite(call)
            case "POST", ["composite", "sobjects"]:
                return self._collection(call, lambda record: self._created(record))
            case "PATCH", ["composite", "sobjects"]:
                return self._collection(call, lambda record: self._updated(record))
            case "PATCH", ["composite", "sobjects", name, key]:
                return self._collection(call, lambda record: self._upserted(call, name, key, record))
            case "DELETE", ["composite", "sobjects"]:
                return self._deletion(call)
            case (("GET" | "POST"), ["composite", "sobjects", name]):
                return self._retrieval(call, name)
        raise not_found()

    # /composite

    def _composite(self, call: Call) -> Answer:
        given = call.record()
        requests, all_or_none = given.get("compositeRequest") or [], bool(given.get("allOrNone"))
        if len(requests) > MOST_SUBREQUESTS:
            error = Refusal("LIMIT_EXCEEDED", f"The request can’t contain more than {MOST_SUBREQUESTS} operations.")
            return Answer(200, {"compositeResponse": [_shown(Answer(400, error.listed()), None)]})
        if not all(isinstance(r, dict) and {"method", "url", "referenceId"} <= r.keys() for r in requests):
            raise Refusal("JSON_PARSER_ERROR", "Each compositeRequest needs a method, a url and a referenceId")
        mark, answers = self.records.mark(), dict[str, Answer]()
        for request in requests:
            answers[request["referenceId"]] = self._one(request, answers)
        if all_or_none and any(answer.status >= 400 for answer in answers.values()):
            self.records.roll_back(mark)
            answers = {name: answer if answer.status >= 400 else _halted() for name, answer in answers.items()}
        return Answer(200, {"compositeResponse": [_shown(answer, name) for name, answer in answers.items()]})

    def _one(self, request: Record, answers: dict[str, Answer]) -> Answer:
        try:
            url, body = _resolved(request["url"], answers), _resolved(request.get("body"), answers)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.listed())
        inner = Call(request["method"], url, body, request.get("httpHeaders") or {})
        is_nested = "/composite/" in inner.path
        return self.answer(inner) if is_nested else self.rest.answer(inner)

    # /composite/sobjects

    def _collection(self, call: Call, save: Callable[[Record], Record]) -> Answer:
        given = call.record()
        records, all_or_none = given.get("records") or [], bool(given.get("allOrNone"))
        _refuse_too_many(len(records))
        mark = self.records.mark()
        kept = len(records) if call.partial is None else call.partial
        results = [self._saved(save, record) for record in records[:kept]]
        interrupted = Refusal("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")
        results += [interrupted.saved() for _ in records[kept:]]
        if all_or_none and not all(result["success"] for result in results):
            self.records.roll_back(mark)
            results = [_rolled_back() if result["success"] else result for result in results]
        automation.settle(self.records)
        return Answer(200, results)

    def _saved(self, save: Callable[[Record], Record], record: Record) -> Record:
        mark = self.records.mark()
        try:
            return save(record)
        except Refusal as refusal:
            self.records.roll_back(mark)
            return refusal.saved()

    def _created(self, record: Record) -> Record:
        identifier = self.records.create(named_object(_type(record)), record)
        return {"id": identifier, "success": True, "errors": []}

    def _updated(self, record: Record) -> Record:
        named = {name.lower(): value for name, value in record.items()}
        identifier = named.get("id")
        if not identifier:
            raise Refusal("MISSING_ARGUMENT", "Id not specified in an update call", fields=("Id",))
        self.records.update(named_object(_type(record)), identifier, {n: v for n, v in record.items() if n.lower() != "id"})
        return {"id": identifier, "success": True, "errors": []}

    def _upserted(self, call: Call, name: str, key: str, record: Record) -> Record:
        body = {given: value for given, value in record.items() if given.lower() != key.lower()}
        value = next((value for given, value in record.items() if given.lower() == key.lower()), None)
        if value is None:
            raise Refusal("MISSING_ARGUMENT", f"{key} not specified", fields=())
        address = f"/services/data/{call.version}/sobjects/{name}/{key}/{value}"
        answer = self.rest.answer(Call("PATCH", address, body))
        if answer.status == 300:
            raise Refusal("DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found for external id field: {answer.body}")
        if answer.status >= 400:
            error = answer.body[0]
            raise Refusal(error["errorCode"], error["message"], fields=tuple(error.get("fields", ())))
        result: Record = answer.body
        return result

    def _deletion(self, call: Call) -> Answer:
        identifiers = [one for one in (call.argument("ids") or "").split(",") if one]
        _refuse_too_many(len(identifiers))
        results = [self._saved(self._deleted, {"id": identifier}) for identifier in identifiers]
        automation.settle(self.records)
        return Answer(200, results)

    def _deleted(self, record: Record) -> Record:
        object_ = BY_PREFIX.get(record["id"][:3])
        if object_ is None:
            raise Refusal("MALFORMED_ID", f"malformed id {record['id']}", fields=())
        self.records.delete(object_, record["id"])
        return {"id": record["id"], "success": True, "errors": []}

    def _retrieval(self, call: Call, name: str) -> Answer:
        object_ = named_object(name)
        asked = call.body or {
            "ids": (call.argument("ids") or "").split(","),
            "fields": (call.argument("fields") or "").split(","),
        }
        unknown = [field for field in asked["fields"] if field.lower() not in object_.by_lower_name]
        if unknown:
            raise no_column(unknown[0], object_.name)
        fields = [object_.by_lower_name[field.lower()] for field in asked["fields"]]
        return Answer(200, [self._row(call, name, identifier, fields) for identifier in asked["ids"]])

    def _row(self, call: Call, name: str, identifier: str, fields: list[Any]) -> Record | None:
        object_ = named_object(name)
        try:
            record = self.records.get(object_, identifier)
        except Refusal:
            return None
        return {"attributes": attributes(object_, record["Id"], call.version)} | {f.name: value_of(record, f) for f in fields}


def _resolved(value: Any, answers: dict[str, Answer]) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(inner, answers) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, answers) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _referred(whole[1], answers)
    return _REFERENCE.sub(lambda match: str(_referred(match[1], answers)), value)


def _referred(path: str, answers: dict[str, Answer]) -> Any:
    name, *steps = re.split(r"\.|\[(\d+)\]", path)
    answer = answers.get(name)
    value = answer.body if answer and answer.status < 400 else None
    for step in (step for step in steps if step):
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        field = path.partition(".")[2]
        raise Refusal("PROCESSING_HALTED", f"Invalid reference specified. No value for {field} found in {name}")
    return value


def _shown(answer: Answer, name: str | None) -> Record:
    return {"body": answer.body, "httpHeaders": answer.headers, "httpStatusCode": answer.status, "referenceId": name}


def _halted() -> Answer:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    return Answer(400, Refusal("PROCESSING_HALTED", message).listed())


def _rolled_back() -> Record:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return Refusal("ALL_OR_NONE_OPERATION_ROLLED_BACK", message).saved()


def _refuse_too_many(count: int) -> None:
    if count > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise Refusal("EXCEEDED_ID_LIMIT", message)


def _type(record: Record) -> str:
    name = (record.get("attributes") or {}).get("type")
    if not name:
        raise Refusal("INVALID_INPUT", "Must send an object type in the attributes of each record", fields=())
    return str(name)
