"""The requests of the operation Get_Workers, with their elements in the order that the service's schema demands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, register_namespace

from connectors.workday.envelope import WD

register_namespace("wd", WD[1:-1])
STATE = ("Reference", "Personal_Information", "Employment_Information", "Compensation", "Organizations")
LOG = ("Reference", "Transaction_Log_Data")
_UNUSED_ORGANIZATIONS = (
    "Exclude_Organization_Support_Role_Data",
    "Exclude_Location_Hierarchies",
    "Exclude_Cost_Center_Hierarchies",
    "Exclude_Company_Hierarchies",
    "Exclude_Matrix_Organizations",
    "Exclude_Pay_Groups",
    "Exclude_Regions",
    "Exclude_Region_Hierarchies",
    "Exclude_Supervisory_Organizations",
    "Exclude_Teams",
    "Exclude_Custom_Organizations",
)
_ORDER = (*STATE, "Transaction_Log_Data")


@dataclass(frozen=True)
class Changed:
    """Transactions by when they were entered, by the days they take effect, and by type."""

    entered: tuple[datetime, datetime] | None = None
    effective: tuple[date, date] | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class AsOf:
    """The day whose state is asked for (none: Workday's today), the entry moment that keeps pages in place, and which page."""

    day: date | None
    moment: datetime | None
    page: int
    count: int


def listing(changes: Sequence[Changed], as_of: AsOf, groups: Iterable[str], *, only_employees: bool = False) -> Element:
    """Everybody, leavers too; or whom any of these changes concerns."""
    request = Element(WD + "Get_Workers_Request")
    criteria = SubElement(request, WD + "Request_Criteria")
    for change in changes:
        _change(criteria, change)
    _tell(criteria, "Exclude_Inactive_Workers", "true" if only_employees else "false")
    _tell(criteria, "Exclude_Employees", "false")
    _tell(criteria, "Exclude_Contingent_Workers", "true" if only_employees else "false")
    return _with_response(request, as_of, groups)


def by_reference(wids: Sequence[str], as_of: AsOf, groups: Iterable[str]) -> Element:
    """These workers by their Workday ids."""
    request = Element(WD + "Get_Workers_Request")
    references = SubElement(request, WD + "Request_References", {WD + "Skip_Non_Existing_Instances": "true"})
    for wid in wids:
        worker = SubElement(references, WD + "Worker_Reference")
        SubElement(worker, WD + "ID", {WD + "type": "WID"}).text = wid
    return _with_response(request, as_of, groups)


def _change(criteria: Element, change: Changed) -> None:
    one = SubElement(criteria, WD + "Transaction_Log_Criteria_Data")
    dates = SubElement(one, WD + "Transaction_Date_Range_Data")
    if change.entered:
        _tell(dates, "Updated_From", change.entered[0].isoformat())
        _tell(dates, "Updated_Through", change.entered[1].isoformat())
    if change.effective:  # a day more on both sides: days begin in the tenant's time zone
        _tell(dates, "Effective_From", f"{change.effective[0] - timedelta(days=1)}T00:00:00Z")
        _tell(dates, "Effective_Through", f"{change.effective[1] + timedelta(days=1)}T00:00:00Z")
    if change.types:
        types = SubElement(one, WD + "Transaction_Type_References")
        for name in change.types:
            reference = SubElement(types, WD + "Transaction_Type_Reference")
            SubElement(reference, WD + "ID", {WD + "type": "Business_Process_Type"}).text = name


def _with_response(request: Element, as_of: AsOf, groups: Iterable[str]) -> Element:
    filtered = SubElement(request, WD + "Response_Filter")
    if as_of.day is not None:
        _tell(filtered, "As_Of_Effective_Date", as_of.day.isoformat())
    if as_of.moment is not None:
        _tell(filtered, "As_Of_Entry_DateTime", as_of.moment.isoformat())
    _tell(filtered, "Page", str(as_of.page))
    _tell(filtered, "Count", str(as_of.count))
    group, wanted = SubElement(request, WD + "Response_Group"), set(groups)
    for name in _ORDER:
        _tell(group, f"Include_{name}", "true" if name in wanted else "false")
        if name == "Organizations" and name in wanted:
            for unused in _UNUSED_ORGANIZATIONS:
                _tell(group, unused, "true")
    return request


def _tell(parent: Element, name: str, text: str) -> None:
    SubElement(parent, WD + name).text = text
