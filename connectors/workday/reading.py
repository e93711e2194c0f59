"""An answer's XML as shapes; what cannot be read is named by worker and field, never by its value."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from canonical.errors import Malformed
from connectors.workday.envelope import WD
from connectors.workday.schemas import Job, Page, Pay, Worker

_ENDS = (
    "Worker_Status_Data/Termination_Date",
    "Worker_Status_Data/End_Employment_Date",
    "Worker_Contract_Data/Contract_End_Date",
)


def page_of(answer: Element) -> Page:
    """One page of workers, with the days on which something of theirs takes effect."""
    try:
        return _page(answer)
    except ValueError:
        raise Malformed(
            "Workday tells a date or a number in a form that cannot be read",
            remedy="Name a version of the service that is current.",
        ) from None  # what could not be read may be what somebody earns


def _page(answer: Element) -> Page:
    found = _every(answer, "Response_Data/Worker")
    return Page(
        workers=tuple(_worker(each) for each in found),
        log={_id(each, "Worker_Reference", "WID"): _log_days(each) for each in found},
        moment=_moment(_text(answer, "Response_Filter/As_Of_Entry_DateTime")),
        pages=int(_text(answer, "Response_Results/Total_Pages") or 0),
        total=int(_text(answer, "Response_Results/Total_Results") or 0),
    )


def _worker(element: Element) -> Worker:
    wid = _id(element, "Worker_Reference", "WID")
    contingent = _id(element, "Worker_Reference", "Contingent_Worker_ID")
    number = contingent or _id(element, "Worker_Reference", "Employee_ID")
    if not wid or not number:
        raise Malformed(
            "A worker of Workday comes without its ids", remedy="Let the integration system user see worker references."
        )
    employment = _one(element, "Worker_Data/Employment_Data")
    is_active = _is_true(_text(employment, "Worker_Status_Data/Active"))
    hired = _day(_text(employment, "Worker_Status_Data/Hire_Date"))
    return Worker(
        wid=wid,
        number=number,
        is_contingent=bool(contingent),
        name=_name(element) or number,
        email=_work_email(element),
        hired=hired,
        ended=None if is_active or hired is None else _ended(employment, number),
        job=_job(element, number) if is_active else None,
    )


def _job(element: Element, number: str) -> Job:
    jobs = _every(element, "Worker_Data/Employment_Data/Worker_Job_Data")
    primary = next((j for j in jobs if _is_true(j.get(WD + "Primary_Job", ""))), jobs[0] if jobs else None)
    position = _one(primary, "Position_Data")
    organizations = {
        **_organizations(_every(element, "Worker_Data/Organization_Data/Worker_Organization_Data")),
        **_organizations(_every(primary, "Position_Organizations_Data/Position_Organization_Data")),
    }
    return Job(
        job_since=_day("" if position is None else position.get(WD + "Effective_Date", "")),
        pay_since=_day(_text(element, "Worker_Data/Compensation_Data/Compensation_Effective_Date")),
        company=organizations.get("COMPANY", ""),
        cost_center=organizations.get("COST_CENTER", ""),
        profile=_text(position, "Job_Profile_Summary_Data/Job_Profile_Name"),
        profile_id=_id(position, "Job_Profile_Summary_Data/Job_Profile_Reference", "Job_Profile_ID"),
        pay=_pay(element, number),
    )


def _pay(element: Element, number: str) -> Pay | None:
    summary = _one(element, "Worker_Data/Compensation_Data/Employee_Compensation_Summary_Data")
    hourly, annual = _one(summary, "Summary_Data_in_Hourly_Frequency"), _one(summary, "Annualized_Summary_Data")
    contract = _one(element, "Worker_Data/Employment_Data/Worker_Contract_Data")
    for told in (hourly, annual):
        if told is not None and (amount := _amount(_text(told, "Total_Base_Pay"), number)) is not None:
            currency = _id(told, "Currency_Reference", "Currency_ID")
            return Pay(amount, None, currency) if told is hourly else Pay(None, amount, currency)
    rate = _amount(_text(contract, "Contract_Pay_Rate"), number)
    if rate is None or _id(contract, "Frequency_Reference", "Frequency_ID").casefold() != "hourly":
        return None
    return Pay(rate, None, _id(contract, "Currency_Reference", "Currency_ID"))


def _organizations(memberships: list[Element]) -> dict[str, str]:
    """The first of each type: with several jobs, those of the primary one come first."""
    told: dict[str, str] = {}
    for membership in memberships:
        kind = _id(membership, "Organization_Data/Organization_Type_Reference", "Organization_Type_ID").upper()
        ids = {each.get(WD + "type"): each.text or "" for each in _every(membership, "Organization_Reference/ID")}
        named = ids.get("Company_Reference_ID") or ids.get("Cost_Center_Reference_ID") or ids.get("Organization_Reference_ID")
        told.setdefault(kind, named or _text(membership, "Organization_Data/Organization_Reference_ID"))
    return told


def _ended(employment: Element | None, number: str) -> date:
    for path in _ENDS:
        if day := _day(_text(employment, path)):
            return day
    if changed := _day(_text(employment, "Worker_Status_Data/Active_Status_Date")):
        return changed - timedelta(days=1)
    raise Malformed(
        f"Workday shows worker {number} as having left, but not when",
        remedy="Give the integration system user the worker's status data, or complete the end of employment there.",
    )


def _log_days(element: Element) -> frozenset[date]:
    paths = _every(element, "Worker_Data/Transaction_Log_Entry_Data/Transaction_Log_Entry/Transaction_Log_Data")
    return frozenset(day for each in paths if (day := _day(_text(each, "Transaction_Effective_Moment"))))


def _name(element: Element) -> str:
    for kind in ("Preferred", "Legal"):
        detail = _one(element, f"Worker_Data/Personal_Data/Name_Data/{kind}_Name_Data/Name_Detail_Data")
        if detail is not None and (name := detail.get(WD + "Formatted_Name")):
            return name
    reference = _one(element, "Worker_Reference")
    return "" if reference is None else reference.get(WD + "Descriptor", "")


def _work_email(element: Element) -> str:
    """The address at work; the one at home is nobody's business."""
    found = [(is_primary, address) for usage, is_primary, address in _emails(element) if usage == "WORK"]
    return max(found, key=lambda each: each[0])[1] if found else ""


def _emails(element: Element) -> Iterator[tuple[str, bool, str]]:
    for email in _every(element, "Worker_Data/Personal_Data/Contact_Data/Email_Address_Data"):
        for kind in _every(email, "Usage_Data/Type_Data"):
            is_primary = _is_true(kind.get(WD + "Primary", ""))
            yield _id(kind, "Type_Reference", "Communication_Usage_Type_ID"), is_primary, _text(email, "Email_Address")


def _amount(text: str, number: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Malformed(
            f"The pay that Workday shows of worker {number} is not a number", remedy="Correct it in Workday, then run it again."
        )
    return amount


def _path(path: str) -> str:
    return "/".join(WD + name for name in path.split("/"))


def _one(element: Element | None, path: str) -> Element | None:
    return None if element is None else element.find(_path(path))


def _every(element: Element | None, path: str) -> list[Element]:
    return [] if element is None else element.findall(_path(path))


def _text(element: Element | None, path: str) -> str:
    return "" if element is None else (element.findtext(_path(path)) or "").strip()


def _id(element: Element | None, path: str, kind: str) -> str:
    return next((each.text or "" for each in _every(element, f"{path}/ID") if each.get(WD + "type") == kind), "")


def _is_true(text: str) -> bool:
    return text in {"1", "true"}


def _day(text: str) -> date | None:
    """The day as written: it is the tenant's, and another time zone could make it the day before."""
    return date.fromisoformat(text[:10]) if text else None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
