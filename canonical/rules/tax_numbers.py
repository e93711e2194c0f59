"""Whether a tax number can be real: format and check digits, by country (python-stdnum)."""

from importlib import import_module

from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

_KINDS = ("vat", "ein", "gstin", "uscc", "abn")
_EUROPEAN = "EU"


def compact(number: str) -> str:
    """A tax number without spaces and punctuation, in capitals: how two of them are compared."""
    return "".join(character for character in number.upper() if character.isalnum())


def is_valid(country: str, number: str) -> bool:
    """Whether the number passes the country's own check; a country without a known check accepts any number of five or more."""
    for kind in _KINDS:
        module = get_cc_module(country.lower(), kind)
        if module is not None:
            return _passes(module, number)
    return len(compact(number)) >= 5


def _passes(module: object, number: str) -> bool:
    try:
        module.validate(number)  # type: ignore[attr-defined]
    except ValidationError:
        return False
    return True


def has_check(country: str) -> bool:
    """Whether the numbers of this country can be checked at all."""
    import_module("stdnum")
    return any(get_cc_module(country.lower(), kind) is not None for kind in _KINDS)
