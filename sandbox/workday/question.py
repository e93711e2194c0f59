"""What a Get_Workers request asks, with the rules that the service's description gives for it."""

from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element

from sandbox.workday.envelope import WD, invalid

_DEFAULTS = {"Reference", "Personal_Information", "Employment_Information", "Compensation", "Organizations"}
_DEFAULT_COUNT, _MOST = 100, 999


@dataclass(frozen=True)
class Range:
    """One criterion on the transaction log."""

    updated: tuple[datetime, datetime] | None
    effective: tuple[date, date] | None
    kinds: frozenset[str]


@dataclass(frozen=True)
class Question:
    """A request, read."""

    references: tuple[tuple[str, str], ...]
    skips_missing: bool
    ranges: tuple[Range, ...]
    excludes: frozenset[str]
    day: date
    moment: datetime
    page: int
    count: int
    groups: frozenset[str]


def read(request: Element, now: datetime) -> Question:
    """The question; a rule that is broken is a validation fault."""
    references, criteria = request.find(WD + "Request_References"), request.find(WD + "Request_Criteria")
    filtered = request.find(WD + "Response_Filter")
    moment = _text(filtered, "As_Of_Entry_DateTime")
    known_at = min(_moment(moment), now) if moment else now
    count = int(_text(filtered, "Count") or _DEFAULT_COUNT)
    if not 1 <= count <= _MOST:
        raise invalid("Count must be between 1 and 999.", "/wd:Response_Filter/wd:Count")
    return Question(
        references=tuple(_references(references)),
        skips_missing=references is not None and references.get(WD + "Skip_Non_Existing_Instances") in {"1", "true"},
        ranges=tuple(
            _range(r, now) for r in ([] if criteria is None else criteria.findall(WD + "Transaction_Log_Criteria_Data"))
        ),
        excludes=_excludes(criteria),
        day=_day(_text(filtered, "As_Of_Effective_Date")) or now.date(),
        moment=known_at,
        page=int(_text(filtered, "Page") or 1),
        count=count,
        groups=_groups(request.find(WD + "Response_Group")),
    )


def _references(given: Element | None) -> list[tuple[str, str]]:
    found = [] if given is None else given.findall(f"{WD}Worker_Reference/{WD}ID")
    for each in found:
        if each.get(WD + "type") not in {"WID", "Employee_ID", "Contingent_Worker_ID"}:
            raise invalid(f"Invalid ID type. '{each.get(WD + 'type')}' is not valid for a Worker.", "/wd:Worker_Reference/wd:ID")
    return [(each.get(WD + "type", ""), each.text or "") for each in found]


def _excludes(criteria: Element | None) -> frozenset[str]:
    excluded = {"Exclude_Inactive_Workers"}  # the strictest reading of a flag that is not given
    for child in [] if criteria is None else list(criteria):
        name = child.tag.removeprefix(WD)
        if name.startswith("Exclude_"):
            excluded = excluded | {name} if child.text in {"1", "true"} else excluded - {name}
    return frozenset(excluded)


def _range(given: Element, now: datetime) -> Range:
    dates = given.find(WD + "Transaction_Date_Range_Data")
    told = {name: _text(dates, name) for name in ("Updated_From", "Updated_Through", "Effective_From", "Effective_Through")}
    for kind in ("Updated", "Effective"):
        first, last = told[f"{kind}_From"], told[f"{kind}_Through"]
        if bool(first) != bool(last):
            raise invalid(f"If one of {kind} From or {kind} Through contains a value, both are Required!")
        if first and _moment(first) > _moment(last):
            raise invalid(f"{kind} From must be less than or equal to {kind} Through!")
    if told["Updated_Through"] and _moment(told["Updated_Through"]) > now:
        raise invalid("Updated Through must be less than or equal to Current Moment!")
    updated = (_moment(told["Updated_From"]), _moment(told["Updated_Through"])) if told["Updated_From"] else None
    effective = None
    if told["Effective_From"]:
        effective = (_moment(told["Effective_From"]).date(), _moment(told["Effective_Through"]).date())
    ids = given.findall(f"{WD}Transaction_Type_References/{WD}Transaction_Type_Reference/{WD}ID")
    return Range(updated, effective, frozenset(each.text or "" for each in ids))


def _groups(given: Element | None) -> frozenset[str]:
    if given is None or not len(given):
        return frozenset(_DEFAULTS)
    return frozenset(
        child.tag.removeprefix(WD).removeprefix("Include_") for child in given if (child.text or "").strip() in {"1", "true"}
    )


def _text(parent: Element | None, name: str) -> str:
    return "" if parent is None else (parent.findtext(WD + name) or "").strip()


def _day(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as broken:
        raise invalid(f"'{text}' is not a valid date and time") from broken
    if moment.tzinfo is None:
        raise invalid(f"'{text}' has no time zone; this tenant takes none for granted")
    return moment
