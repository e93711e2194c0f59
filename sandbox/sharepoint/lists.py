"""The list behind a library: its columns, and the fields of each folder and file, with ``$filter`` over them."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused, page
from sandbox.sharepoint.call import ITEM, Call, Entry, answer
from sandbox.sharepoint.tree import Item

_COMPARISON = re.compile(r"fields/(?P<name>\w+) (?P<operator>eq|ne) (?:'(?P<text>(?:[^']|'')*)'|(?P<null>null))", re.IGNORECASE)
_STARTS = re.compile(r"startswith\(fields/(?P<name>\w+),\s*'(?P<text>(?:[^']|'')*)'\)", re.IGNORECASE)
_JOINED = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_HONOR = "honornonindexedquerieswarningmayfailrandomly"


def _drive(call: Call) -> str:
    """The library whose list the path names, by id, by name or by title."""
    for identifier, library in call.state["drives"].items():
        if library["site"] == call.at["site"] and call.at["list"] in {library["list"], library["name"], library["path"]}:
            return str(identifier)
    raise Refused(404, "The specified list was not found")


def _row(call: Call) -> Item:
    rows = (i for i in call.tree.all(_drive(call)) if i["list_item"] == call.at["row"])
    found = next(rows, None)
    if not found:
        raise Refused(404, "The specified item was not found")
    return found


async def read_list(call: Call) -> Response:
    """The list itself."""
    call.allowed(call.at["site"], "read")
    return answer(shapes.list_of(call, _drive(call)))


async def list_lists(call: Call) -> Response:
    """The lists of a site: here, one for each library."""
    call.allowed(call.at["site"], "read")
    drives = [i for i, d in call.state["drives"].items() if d["site"] == call.at["site"]]
    return answer(page(drives, call.query, call.link, lambda i: shapes.list_of(call, i)))


async def list_columns(call: Call) -> Response:
    """The columns that people added."""
    call.allowed(call.at["site"], "read")
    columns = list(call.state["drives"][_drive(call)]["columns"].items())
    return answer(page(columns, call.query, call.link, lambda c: shapes.column(*c)))


async def add_column(call: Call) -> Response:
    """One more column, of text; the application must be allowed to manage the site."""
    call.allowed(call.at["site"], "manage")
    given, columns = await call.body(), call.state["drives"][_drive(call)]["columns"]
    name = given.get("name", "")
    if not re.fullmatch(r"\w+", name) or "text" not in given:
        raise Refused(400, "Invalid request")
    if name in columns:
        raise Refused(409, f"A column with the name {name} exists already.")
    kept = {key: given[key] for key in ("displayName", "description", "indexed", "enforceUniqueValues") if key in given}
    columns[name] = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.at['list']}/{name}"))} | kept
    return answer(shapes.column(name, columns[name]), 201)


async def list_rows(call: Call) -> Response:
    """The rows of the list that meet the filter, as far as the index knows them yet."""
    call.allowed(call.at["site"], "read")
    drive = _drive(call)
    meets = _filter(call, drive)
    rows = [i for i in call.tree.all(drive) if meets(i) and call.tree.visible(i, call.now)]
    expand = call.query.get("$expand", "")

    def shape(row: Item) -> dict[str, Any]:
        shown = shapes.list_item(call, row, fields="fields" in expand)
        return shown | ({"driveItem": shapes.item(call, row)} if "driveItem" in expand else {})

    return answer({"@odata.context": f"{call.base}/v1.0/$metadata#listItems", **page(rows, call.query, call.link, shape)})


def _filter(call: Call, drive: str) -> Callable[[Item], bool]:
    text = call.query.get("$filter", "").strip()
    conditions = [_condition(call, drive, part.strip()) for part in _JOINED.split(text)] if text else []
    return lambda item: all(condition(item) for condition in conditions)


def _condition(call: Call, drive: str, part: str) -> Callable[[Item], bool]:
    found = _COMPARISON.fullmatch(part) or _STARTS.fullmatch(part)
    if not found:
        raise Refused(400, "Invalid filter clause")
    name, text = found["name"], (found["text"] or "").replace("''", "'").casefold()
    _check_indexed(call, drive, name)
    operator = found.groupdict().get("operator", "starts").casefold()

    def value(item: Item) -> str:
        return str(item["fields"].get(name) or "").casefold()  # SharePoint compares text without regard to case

    if operator == "starts":
        return lambda item: value(item).startswith(text)
    return lambda item: (value(item) == text) is (operator == "eq")


def _check_indexed(call: Call, drive: str, name: str) -> None:
    column = call.state["drives"][drive]["columns"].get(name)
    if column is None:
        raise Refused(400, f"Field '{name}' is not recognized", code="invalidRequest")
    if not column.get("indexed") and _HONOR not in call.request.headers.get("prefer", "").casefold():
        raise Refused(
            400,
            f"Field '{name}' cannot be referenced in filter or orderby as it is not indexed. Provide the "
            "'Prefer: HonorNonIndexedQueriesWarningMayFailRandomly' header to allow this, but be warned that such queries "
            "may fail on large lists.",
        )


async def read_row(call: Call) -> Response:
    """One row."""
    call.allowed(call.at["site"], "read")
    return answer(shapes.list_item(call, _row(call), fields=True))


async def row_item(call: Call) -> Response:
    """The folder or file of a row."""
    call.allowed(call.at["site"], "read")
    return answer(shapes.item(call, _row(call)))


async def read_fields(call: Call) -> Response:
    """The fields of a row, or of a folder or file."""
    return answer(shapes.field_values(call, _fields_of(call, "read")))


async def write_fields(call: Call) -> Response:
    """Set some fields and leave the others; the eTag changes."""
    row, given = _fields_of(call, "write"), await call.body()
    call.unchanged(row)
    columns = call.state["drives"][row["drive"]]["columns"]
    for name, value in given.items():
        _check_value(call, row, columns, name, value)
    row["fields"] |= given
    call.tree.touch(row, call.by, call.now)
    call.hide(row)
    return answer(shapes.field_values(call, row))


def _fields_of(call: Call, level: str) -> Item:
    if "row" in call.at:
        call.allowed(call.at["site"], level)
        return _row(call)
    call.allowed(call.drive["site"], level)
    return call.item()


def _check_value(call: Call, row: Item, columns: dict[str, Any], name: str, value: object) -> None:
    if name not in columns:
        raise Refused(400, f"Field '{name}' is not recognized")
    if value is not None and (not isinstance(value, str) or len(value) > 255):
        raise Refused(400, f"The value of field '{name}' is not a text of at most 255 characters")
    if not columns[name].get("enforceUniqueValues") or value is None:
        return
    if any(i is not row for i in call.tree.valued(row["drive"], name, value)):
        raise Refused(
            400,
            "The list item could not be added or updated because duplicate values were found in the following field(s) "
            f"in the list: [{name}].",
        )


async def read_item_row(call: Call) -> Response:
    """The row of a folder or file."""
    return answer(shapes.list_item(call, call.item(), fields="fields" in call.query.get("$expand", "")))


_LIST = r"sites/(?P<site>[^/:]+)/lists/(?P<list>[^/]+)"

PATHS = [
    Entry("GET", r"sites/(?P<site>[^/:]+)/lists", list_lists),
    Entry("GET", _LIST, read_list),
    Entry("GET", rf"{_LIST}/columns", list_columns),
    Entry("POST", rf"{_LIST}/columns", add_column),
    Entry("GET", rf"{_LIST}/items", list_rows),
    Entry("GET", rf"{_LIST}/items/(?P<row>\d+)", read_row),
    Entry("GET", rf"{_LIST}/items/(?P<row>\d+)/driveItem", row_item),
    Entry("GET", rf"{_LIST}/items/(?P<row>\d+)/fields", read_fields),
    Entry("PATCH", rf"{_LIST}/items/(?P<row>\d+)/fields", write_fields),
    Entry("GET", rf"{ITEM}/listItem", read_item_row),
    Entry("GET", rf"{ITEM}/listItem/fields", read_fields),
    Entry("PATCH", rf"{ITEM}/listItem/fields", write_fields),
]
