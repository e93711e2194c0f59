"""Finding envelopes: the filters, the order and the pages of ``GET /envelopes``, with every number a string."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.docusign import shapes
from sandbox.docusign.envelopes import Envelope, field
from sandbox.docusign.refusals import invalid_parameter
from sandbox.docusign.times import over_rest, read

_TRANSACTION_LIFE = timedelta(days=7)
_MOST = 1_000
_ORDERS = {
    "last_modified": "lastModified",
    "created": "created",
    "completed": "completed",
    "sent": "sent",
    "status_changed": "statusChanged",
}


def page(envelopes: list[Envelope], query: Mapping[str, str], *, path: str, now: datetime) -> dict[str, Any]:
    """One page of what the query finds."""
    _require_window(query)
    found = _ordered([e for e in _findable(envelopes, now) if _matches(e, query, now)], query)
    start, count = _number(query, "start_position", 0), min(_number(query, "count", _MOST), _MOST)
    shown = found[start : start + count]
    include = set(query.get("include", "").split(","))
    answer: dict[str, Any] = {
        "resultSetSize": str(len(shown)),
        "startPosition": str(start),
        "endPosition": str(start + max(len(shown) - 1, 0)),
        "totalSetSize": str(len(found)),
        "previousUri": "",
        "nextUri": "",
        "envelopes": [shapes.envelope(e, include) for e in shown],
    }
    if start + len(shown) < len(found):
        answer["nextUri"] = f"{path}?{urlencode({**query, 'start_position': str(start + len(shown)), 'count': str(count)})}"
    if "transaction_ids" in query:
        answer["envelopeTransactionStatuses"] = [
            {"envelopeId": e["envelopeId"], "status": e["status"], "transactionId": e["transactionId"]} for e in shown
        ]
    return answer | {"lastQueriedDateTime": over_rest(now.isoformat(timespec="milliseconds").replace("+00:00", "Z"))}


def _findable(envelopes: list[Envelope], now: datetime) -> list[Envelope]:
    return [e for e in envelopes if "findableFrom" not in e or read(e["findableFrom"], "findableFrom") <= now]


def _matches(envelope: Envelope, query: Mapping[str, str], now: datetime) -> bool:
    if "envelope_ids" in query and envelope["envelopeId"] not in query["envelope_ids"].split(","):
        return False
    if "transaction_ids" in query and not _is_transaction(envelope, query["transaction_ids"].split(","), now):
        return False
    statuses = {status.strip().lower() for status in query.get("status", "any").split(",")}
    if "any" not in statuses and envelope["status"] not in statuses:
        return False
    name, _, value = query.get("custom_field", "").partition("=")
    if name and field(envelope, name) != value:
        return False
    return _is_within(envelope, query)


def _is_transaction(envelope: Envelope, wanted: list[str], now: datetime) -> bool:
    fresh = now - read(envelope["createdDateTime"], "createdDateTime") <= _TRANSACTION_LIFE
    return fresh and envelope.get("transactionId") in wanted


def _require_window(query: Mapping[str, str]) -> None:
    if not {"from_date", "envelope_ids", "transaction_ids"} & query.keys():
        what = "'from_date' must be set to a valid DateTime, or 'envelope_ids' or 'transaction_ids' must be specified."
        raise invalid_parameter(f"Query parameter {what}")


def _is_within(envelope: Envelope, query: Mapping[str, str]) -> bool:
    if "from_date" not in query:
        return True
    asked = query.get("from_to_status", "changed").lower()
    changed = envelope.get("statusChangedDateTime" if asked == "changed" else f"{asked}DateTime")
    if changed is None:
        return False
    at = read(changed, asked)
    return at >= read(query["from_date"], "from_date") and ("to_date" not in query or at <= read(query["to_date"], "to_date"))


def _ordered(found: list[Envelope], query: Mapping[str, str]) -> list[Envelope]:
    by = f"{_ORDERS.get(query.get('order_by', 'last_modified'), 'lastModified')}DateTime"
    return sorted(found, key=lambda e: (e.get(by, ""), e["envelopeId"]), reverse=query.get("order", "asc") == "desc")


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name)
    if given in (None, ""):
        return default
    if not str(given).isdigit():
        raise invalid_parameter(f"Query parameter '{name}' must be a whole number.")
    return int(str(given))
