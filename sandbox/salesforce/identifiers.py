"""Salesforce's record ids: 15 characters that mind capitals, or 18 whose last three say which are capitals."""

import hashlib
import string

_SYMBOLS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = string.ascii_uppercase + "012345"


def numbered(prefix: str, number: int) -> str:
    """The id of the n-th record of an object."""
    return whole(prefix + "Ws" + _written(number).rjust(10, "0"))


def named(prefix: str, handle: str) -> str:
    """The id that a seeded record of this handle always has."""
    digest = int.from_bytes(hashlib.sha256(handle.encode()).digest()[:7])
    return whole(prefix + "Sd" + _written(digest).rjust(10, "0")[-10:])


def whole(identifier: str) -> str:
    """The 18-character form."""
    if len(identifier) == 18:
        return identifier[:15] + _checked(identifier[:15])
    return identifier + _checked(identifier)


def is_id(value: object, prefixes: tuple[str, ...] = ()) -> bool:
    """Whether this has the shape of a record id, of one of these objects if any are named."""
    if not isinstance(value, str) or len(value) not in {15, 18} or not value.isalnum() or not value.isascii():
        return False
    return not prefixes or value[:3] in prefixes


def _written(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, len(_SYMBOLS))
        digits = _SYMBOLS[rest] + digits
    return digits or "0"


def _checked(fifteen: str) -> str:
    parts = (fifteen[n : n + 5] for n in (0, 5, 10))
    return "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(part) if letter in string.ascii_uppercase)] for part in parts
    )
