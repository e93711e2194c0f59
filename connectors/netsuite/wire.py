"""What goes over the wire exactly: amounts as JSON numbers without losing a digit, and external ids that fit into an address."""

import json
import re
from decimal import Decimal
from typing import Any

from connectors.http import Json

_MARK = "\ue000"  # of the private use area, so that no text of a person holds it
_MARKED = re.compile(r'"\\ue000(-?[0-9.]+)\\ue000"')
_PLAIN = re.compile(r"[^A-Za-z0-9-]")
_ESCAPED = re.compile(r"__|_([0-9A-F]{2})")


def encoded(body: Json) -> bytes:
    """JSON with every Decimal written out digit by digit."""
    return _MARKED.sub(r"\1", json.dumps(body, default=_marked)).encode()


def decoded(content: bytes) -> Json:
    """JSON with every number that has decimals read as Decimal; an empty answer is an empty object."""
    found: Any = json.loads(content, parse_float=Decimal) if content else {}
    return found if isinstance(found, dict) else {}


def external_id(reference: str) -> str:
    """Our reference as an external id: in ``eid:`` addresses only letters, digits, '-' and '_' are safe; others are escaped."""
    return _PLAIN.sub(lambda found: "__" if found[0] == "." else f"_{ord(found[0]):02X}", reference)


def reference_of(external: str) -> str:
    """The reference that an external id stands for."""
    return _ESCAPED.sub(lambda found: "." if found[0] == "__" else chr(int(found[1], 16)), external)


def reference_in(key: str) -> str:
    """What a business key is about: ``CUST-1.US01`` of ``create_customer/CUST-1.US01``."""
    return key.partition("/")[2].replace("/", ".") or key


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}{_MARK}"
    raise TypeError(f"{type(value).__name__} has no place in a NetSuite record")
