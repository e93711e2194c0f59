"""Telling a defect from a fault that passes: what fails the same way however often it is tried, named without its values."""

from json import JSONDecodeError
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

from pydantic import ValidationError

from canonical.errors import Defect

_HOME = Path(__file__).parents[1]
_OF_THE_PROGRAM = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NameError,
    NotImplementedError,
)
_OF_THE_MOMENT = (OSError, JSONDecodeError, UnicodeError)
"""Kinds of ValueError that come from outside: a certificate that does not hold, an answer that is no JSON (an outage's page)."""
_CANNOT_BE_KEPT = ("22", "23502", "23514")
"""What PostgreSQL refuses by its own look at the values (SQLSTATE): data exceptions, NOT NULL, CHECK. Other refusals may pass."""
_MOST_FIELDS = 5


def defect_of(error: Exception) -> Defect | None:
    """The defect that an error means; None for whatever may pass by itself. Values are left out: they may be rates or costs."""
    is_programs = isinstance(error, _OF_THE_PROGRAM) and not isinstance(error, _OF_THE_MOMENT)
    if not is_programs and not str(getattr(error, "sqlstate", None) or "").startswith(_CANNOT_BE_KEPT):
        return None
    name, place, fields = type(error).__name__, where(error.__traceback__), _fields(error)
    told = f"Something is not as it must be: {fields}" if fields else f"A program of Handoff failed with {name}"
    evidence = {"error": name, "where": place, "fields": fields}
    defect = Defect(f"{told} ({place})", evidence={key: value for key, value in evidence.items() if value})
    return defect.with_traceback(error.__traceback__)


def where(traceback: TracebackType | None) -> str:
    """The last place in code of ours, from the folder of the product: ``connectors/netsuite/mapping.py:41``."""
    places = [frame for frame in extract_tb(traceback) if _HOME in Path(frame.filename).parents and ".venv" not in frame.filename]
    return f"{Path(places[-1].filename).relative_to(_HOME)}:{places[-1].lineno}" if places else "outside of our code"


def _fields(error: Exception) -> str:
    """Which fields of which model are wrong, and what must hold of them."""
    if not isinstance(error, ValidationError):
        return ""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join((error.title, *map(str, one['loc'])))}: {one['msg']}" for one in found[:_MOST_FIELDS]]
    return "; ".join(said)
