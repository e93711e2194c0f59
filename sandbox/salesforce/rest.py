"""The data API on records and queries, as calls and answers; HTTP, sign-in and limits are around it, in ``org.py``."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.salesforce import automation
from sandbox.salesforce.objects import OBJECTS, Object
from sandbox.salesforce.query import Rows, attributes, value_of
from sandbox.salesforce.records import Record, Records, named_object
from sandbox.salesforce.refusals import Refusal, no_column, not_found
from sandbox.salesforce.values import moment

BATCH = 2_000


@dataclass
class Call:
    """One request, alone or inside a composite one. ``partial`` is how many records of a bulk call may be saved."""

    method: str
    url: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    partial: int | None = None

    @property
    def path(self) -> str:
        """The path without its query."""
        return urlsplit(self.url).path

    @property
    def version(self) -> str:
        """The API version in the path, such as v62.0."""
        return self.path.split("/")[3]

    def argument(self, name: str) -> str | None:
        """One argument of the query string."""
        return parse_qs(urlsplit(self.url).query, keep_blank_values=True).get(name, [None])[0]

    def record(self) -> Record:
        """The body, which must be a record."""
        if not isinstance(self.body, dict):
            raise Refusal("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
        return self.body


@dataclass
class Answer:
    """What a call is answered with."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Rest:
    """The resources under ``/services/data/vXX.X``."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._cursors: OrderedDict[str, tuple[Rows, list[str], int]] = OrderedDict()
        head = r"/services/data/v\d+\.\d"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (method, re.compile(head + path + "/?"), handler)
            for method, path, handler in (
                ("GET", "", self._resources),
                ("GET", "/sobjects", self._global_describe),
                ("GET", r"/sobjects/(\w+)", self._about),
                ("POST", r"/sobjects/(\w+)", self._create),
                ("GET", r"/sobjects/(\w+)/describe", self._describe),
                ("GET", r"/sobjects/(\w+)/(\w{15}|\w{18})", self._read),
                ("PATCH", r"/sobjects/(\w+)/(\w{15}|\w{18})", self._update),
                ("DELETE", r"/sobjects/(\w+)/(\w{15}|\w{18})", self._delete),
                ("GET", r"/sobjects/(\w+)/(\w+)/([^/]+)", self._read_by_key),
                ("PATCH", r"/sobjects/(\w+)/(\w+)/([^/]+)", self._upsert),
                ("DELETE", r"/sobjects/(\w+)/(\w+)/([^/]+)", self._delete_by_key),
                ("GET", r"/(query|queryAll)", self._query),
                ("GET", r"/(?:query|queryAll)/(\w+)-(\d+)", self._more),
                ("GET", "/limits", self._limits),
            )
        ]

    def answer(self, call: Call) -> Answer:
        """Carry the call out; a refusal undoes what it did and is answered in Salesforce's form."""
        mark = self.records.mark()
        try:
            answer = self._found(call)
            automation.settle(self.records)
            return answer
        except Refusal as refusal:
            self.records.roll_back(mark)
            self.records.unsettled.clear()
            return Answer(refusal.status, refusal.listed())

    def _found(self, call: Call) -> Answer:
        matches = [(method, match, handler) for method, path, handler in self._routes if (match := path.fullmatch(call.path))]
        for method, match, handler in matches:
            if method == call.method:
                return handler(call, *map(unquote, match.groups()))
        if matches:
            message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted({m for m, _, _ in matches}))}"
            raise Refusal("METHOD_NOT_ALLOWED", message, status=405)
        raise not_found()

    # What there is.

    def _resources(self, call: Call) -> Answer:
        names = ("sobjects", "query", "queryAll", "composite", "limits")
        return Answer(200, {name: f"/services/data/{call.version}/{name}" for name in names})

    def _global_describe(self, call: Call) -> Answer:
        shown = [object_.summary(call.version) for object_ in OBJECTS.values()]
        return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})

    def _about(self, call: Call, name: str) -> Answer:
        return Answer(200, {"objectDescribe": named_object(name).summary(call.version), "recentItems": []})

    def _describe(self, call: Call, name: str) -> Answer:
        return Answer(200, named_object(name).described(call.version))

    def _limits(self, call: Call) -> Answer:
        used, most = self.records.state["_org"]["used"], self.records.state["_org"]["daily_limit"]
        return Answer(200, {"DailyApiRequests": {"Max": most, "Remaining": max(most - used, 0)}})

    # Single records.

    def _create(self, call: Call, name: str) -> Answer:
        identifier = self.records.create(named_object(name), call.record())
        location = {"Location": f"{call.path.rstrip('/')}/{identifier}"}
        return Answer(201, {"id": identifier, "success": True, "errors": []}, location)

    def _read(self, call: Call, name: str, identifier: str) -> Answer:
        object_ = named_object(name)
        record = self.records.get(object_, identifier)
        changed = moment(record["LastModifiedDate"])
        since = _header(call, "If-Modified-Since")
        if since and changed <= parsedate_to_datetime(since):
            return Answer(304)
        _refuse_if_modified(call, record)
        stamped = {"Last-Modified": _http_date(record)}
        return Answer(200, self._shown(call, object_, record), stamped)

    def _update(self, call: Call, name: str, identifier: str) -> Answer:
        object_ = named_object(name)
        _refuse_if_modified(call, self.records.get(object_, identifier))
        self.records.update(object_, identifier, call.record())
        return Answer(204)

    def _delete(self, call: Call, name: str, identifier: str) -> Answer:
        self.records.delete(named_object(name), identifier)
        return Answer(204)

    # Records by External Id.

    def _read_by_key(self, call: Call, name: str, key: str, value: str) -> Answer:
        object_ = named_object(name)
        found = [n for n in self._named(object_, key, value) if not self.records.hidden(n)]
        if len(found) > 1:
            return self._several(call, object_, found)
        if not found:
            raise not_found()
        return Answer(200, self._shown(call, object_, self.records.get(object_, found[0])))

    def _upsert(self, call: Call, name: str, key: str, value: str) -> Answer:
        object_ = named_object(name)
        found = self._named(object_, key, value)
        if len(found) > 1:
            return self._several(call, object_, found)
        body = call.record()
        if key.lower() in (given.lower() for given in body):
            raise Refusal("INVALID_FIELD", f"The {key} field should not be specified in the sobject data.")
        if found:
            _refuse_if_modified(call, self.records.get(object_, found[0]))
            self.records.update(object_, found[0], body)
            return Answer(200, {"id": found[0], "success": True, "errors": [], "created": False})
        if (call.argument("updateOnly") or "").lower() == "true":
            raise not_found()
        identifier = self.records.create(object_, {**body, key: value})
        return Answer(201, {"id": identifier, "success": True, "errors": [], "created": True})

    def _delete_by_key(self, call: Call, name: str, key: str, value: str) -> Answer:
        object_ = named_object(name)
        found = self._named(object_, key, value)
        if len(found) > 1:
            return self._several(call, object_, found)
        if not found:
            raise not_found()
        self.records.delete(object_, found[0])
        return Answer(204)

    def _named(self, object_: Object, key: str, value: str) -> list[str]:
        field_ = object_.by_lower_name.get(key.lower())
        if field_ is None or not field_.is_external:
            raise Refusal("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + key, status=404)
        return self.records.matching(object_, field_.name, value)

    def _several(self, call: Call, object_: Object, found: list[str]) -> Answer:
        return Answer(300, [attributes(object_, identifier, call.version)["url"] for identifier in found])

    def _shown(self, call: Call, object_: Object, record: Record) -> Record:
        names = (call.argument("fields") or "").split(",") if call.argument("fields") else list(object_.fields)
        shown: Record = {"attributes": attributes(object_, record["Id"], call.version)}
        for name in names:
            field_ = object_.by_lower_name.get(name.strip().lower())
            if field_ is None:
                raise no_column(name, object_.name)
            shown[field_.name] = value_of(record, field_)
        return shown

    # Queries.

    def _query(self, call: Call, kind: str) -> Answer:
        text = call.argument("q")
        if not text:
            raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
        rows = Rows(self.records, text, version=call.version, with_deleted=kind == "queryAll")
        identifiers = rows.ids()
        if rows.query.fields is None:
            return Answer(200, {"totalSize": len(identifiers), "done": True, "records": []})
        cursor = f"01g{self.records.next_number('cursors'):012d}AAA"
        self._cursors[cursor] = (rows, identifiers, _batch_size(call))
        while len(self._cursors) > 200:
            self._cursors.popitem(last=False)
        return self._page(call, cursor, 0)

    def _more(self, call: Call, cursor: str, start: str) -> Answer:
        if cursor not in self._cursors:
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, cursor, int(start))

    def _page(self, call: Call, cursor: str, start: int) -> Answer:
        rows, identifiers, size = self._cursors[cursor]
        end = start + size
        page: Record = {"totalSize": len(identifiers), "done": end >= len(identifiers)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/{call.version}/query/{cursor}-{end}"
        return Answer(200, page | {"records": rows.shown(identifiers[start:end])})


def parsed(body: bytes) -> Any:
    """A request's JSON, or the API's refusal."""
    try:
        return json.loads(body) if body else None
    except ValueError as mistake:
        raise Refusal("JSON_PARSER_ERROR", f"Unexpected character at [line:1, column:1]: {mistake}") from None


def _batch_size(call: Call) -> int:
    match = re.search(r"batchSize=(\d+)", _header(call, "Sforce-Query-Options") or "")
    return min(max(int(match[1]), 200), BATCH) if match else BATCH


def _header(call: Call, name: str) -> str | None:
    return next((value for given, value in call.headers.items() if given.lower() == name.lower()), None)


def _http_date(record: Record) -> str:
    return moment(record["LastModifiedDate"]).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _refuse_if_modified(call: Call, record: Record) -> None:
    since = _header(call, "If-Unmodified-Since")
    if since is None:
        return
    try:
        limit = parsedate_to_datetime(since)
    except ValueError:
        raise Refusal("INVALID_HEADER", f"Invalid value for header If-Unmodified-Since: {since}") from None
    if moment(record["LastModifiedDate"]) > limit:
        message = "The resource has been modified since the timestamp in the If-Unmodified-Since header"
        raise Refusal("PRECONDITION_FAILED", message, status=412)
