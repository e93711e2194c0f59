"""What a field takes: each value is checked and brought to the form in which the platform keeps it, or refused as it refuses."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.identifiers import is_id, whole
from sandbox.salesforce.objects import LENGTHS, OBJECTS, Field
from sandbox.salesforce.refusals import Refusal

_SCALE = {"currency": Decimal("0.01"), "percent": Decimal("0.0001"), "double": Decimal("0.000001")}


def stamp(moment: datetime) -> str:
    """A datetime as the API writes it. Whole seconds: two changes within one second bear the same SystemModstamp."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def moment(text: str) -> datetime:
    """A datetime as the API or SOQL writes it."""
    return datetime.fromisoformat(text)


def kept(field: Field, value: Any) -> Any:
    """The value as it is kept."""
    if value is None or value == "":
        return False if field.type == "boolean" else None
    match field.type:
        case "boolean":
            return _boolean(field, value)
        case "currency" | "percent" | "double":
            return _number(field, value)
        case "date":
            return _date(field, value)
        case "datetime":
            return _datetime(field, value)
        case "reference" | "id":
            return _reference(field, value)
        case _:
            return _text(field, value)


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(field, value)
    return value


def _number(field: Field, value: Any) -> float:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        raise _unreadable(field, value) from None
    if not number.is_finite():
        raise _unreadable(field, value)
    return float(number.quantize(_SCALE[field.type], rounding=ROUND_HALF_UP))


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _unreadable(field, value) from None


def _datetime(field: Field, value: Any) -> str:
    try:
        read = moment(str(value))
    except ValueError:
        raise _unreadable(field, value) from None
    return stamp(read if read.tzinfo else read.replace(tzinfo=UTC))


def _reference(field: Field, value: Any) -> str:
    prefixes = tuple(OBJECTS[target].prefix for target in field.targets if target in OBJECTS)
    if not is_id(value):
        raise Refusal("MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", fields=(field.name,))
    if prefixes and value[:3] not in prefixes:
        raise Refusal("FIELD_INTEGRITY_EXCEPTION", f"{field.name}: id value of incorrect type: {value}", fields=(field.name,))
    return whole(str(value))


def _text(field: Field, value: Any) -> str:
    if isinstance(value, dict | list):
        raise _unreadable(field, value)
    text = str(value)
    if field.values and text not in field.values:
        message = f"{field.name}: bad value for restricted picklist field: {text}"
        raise Refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=(field.name,))
    longest = LENGTHS.get(field.type)
    if longest and len(text) > longest:
        message = f"{field.name}: data value too large: {text[:80]} (max length={longest})"
        raise Refusal("STRING_TOO_LONG", message, fields=(field.name,))
    return text


def _unreadable(field: Field, value: Any) -> Refusal:
    message = f"Cannot deserialize instance of {field.type} from value {value} or request may be missing a required field"
    return Refusal("JSON_PARSER_ERROR", f"{message} at [{field.name}]")
