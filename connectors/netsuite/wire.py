"""What goes over the wire exactly: amounts as JSON numbers without losing a digit, and external ids that fit into an address."""

import re

from connectors.http import decoded, encoded

__all__ = ["decoded", "encoded", "external_id", "reference_in", "reference_of"]

_PLAIN = re.compile(r"[^A-Za-z0-9-]")
_ESCAPED = re.compile(r"__|_([0-9A-F]{2})")


def external_id(reference: str) -> str:
    """Our reference as an external id: in ``eid:`` addresses only letters, digits, '-' and '_' are safe; others are escaped."""
    return _PLAIN.sub(lambda found: "__" if found[0] == "." else f"_{ord(found[0]):02X}", reference)


def reference_of(external: str) -> str:
    """The reference that an external id stands for."""
    return _ESCAPED.sub(lambda found: "." if found[0] == "__" else chr(int(found[1], 16)), external)


def reference_in(key: str) -> str:
    """What a business key is about: ``CUST-1.US01`` of ``create_customer/CUST-1.US01``."""
    return key.partition("/")[2].replace("/", ".") or key
