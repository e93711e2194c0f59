"""Workers in Workday's XML, in the order of elements that the service's description gives."""

import hashlib
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from sandbox.workday.envelope import WD
from sandbox.workday.history import LogEntry, Standing, standing
from sandbox.workday.question import Question
from sandbox.workday.selection import ID_TYPES, entries

_ORGANIZATIONS = (
    ("company", "COMPANY", "Company_Reference_ID", "Exclude_Companies"),
    ("cost_center", "COST_CENTER", "Cost_Center_Reference_ID", "Exclude_Cost_Centers"),
)


def worker_element(
    number: str, worker: dict[str, Any], question: Question, tenant: dict[str, Any], hidden: Sequence[str]
) -> Element:
    """One worker as of the question's dates, with the groups it asks for and the caller may see."""
    element, groups = Element(WD + "Worker"), question.groups
    now = standing(worker, question.day, question.moment)
    if "Reference" in groups:
        _reference(element, "Worker_Reference", [("WID", worker["wid"]), (ID_TYPES[worker["kind"]], number)], worker["name"])
    data = SubElement(element, WD + "Worker_Data")
    _told(data, Worker_ID=number, User_ID=worker.get("email", "").partition("@")[0])
    has_job = now.is_active or (now.ended is not None and tenant["keeps_job_after_end"])
    if "Personal_Information" in groups:
        _personal(data, worker)
    if "Employment_Information" in groups:
        _employment(data, worker, now, has_job)
    if "Compensation" in groups and has_job and "Compensation_Data" not in hidden and worker["kind"] == "employee":
        _compensation(data, now)
    if "Organizations" in groups and has_job and "Organization_Data" not in hidden:
        _organizations(data, now, question)
    if "Transaction_Log_Data" in groups and (lines := entries(worker, question)):
        _log(data, worker, lines)
    return element


def wid(*words: str) -> str:
    """A Workday id: 32 hexadecimal digits."""
    return hashlib.md5("/".join(words).encode(), usedforsecurity=False).hexdigest()


def _personal(data: Element, worker: dict[str, Any]) -> None:
    personal = SubElement(data, WD + "Personal_Data")
    legal = SubElement(SubElement(personal, WD + "Name_Data"), WD + "Legal_Name_Data")
    detail = SubElement(legal, WD + "Name_Detail_Data", {WD + "Formatted_Name": worker["name"]})
    _reference(detail, "Country_Reference", [("WID", wid("country")), ("ISO_3166-1_Alpha-2_Code", worker.get("country", "GB"))])
    first, _, last = worker["name"].partition(" ")
    _told(detail, First_Name=first, Last_Name=last)
    contact = SubElement(personal, WD + "Contact_Data")
    for usage, address in (("HOME", worker.get("private_email")), ("WORK", worker.get("email"))):
        if address:
            _email(contact, usage, address)


def _email(contact: Element, usage: str, address: str) -> None:
    email = SubElement(contact, WD + "Email_Address_Data")
    _told(email, Email_Address=address)
    use = SubElement(email, WD + "Usage_Data", {WD + "Public": "1" if usage == "WORK" else "0"})
    kind = SubElement(use, WD + "Type_Data", {WD + "Primary": "1"})
    _reference(kind, "Type_Reference", [("WID", wid("usage", usage)), ("Communication_Usage_Type_ID", usage)])


def _employment(data: Element, worker: dict[str, Any], now: Standing, has_job: bool) -> None:
    employment = SubElement(data, WD + "Employment_Data")
    if has_job:
        _position(employment, worker, now)
    status = SubElement(employment, WD + "Worker_Status_Data")
    _told(status, Active="1" if now.is_active else "0", Hire_Date=now.hired, Original_Hire_Date=now.first_hired)
    if worker["kind"] == "employee":
        _told(status, Terminated="1" if now.ended else "0", Termination_Date=now.ended)
    elif now.hired:
        _contract(employment, now)


def _position(employment: Element, worker: dict[str, Any], now: Standing) -> None:
    job = SubElement(employment, WD + "Worker_Job_Data", {WD + "Primary_Job": "1"})
    position = SubElement(job, WD + "Position_Data", {WD + "Effective_Date": str(now.job_since)})
    number = f"P-{worker['wid'][:6]}"
    _reference(position, "Position_Reference", [("WID", wid("position", number)), ("Position_ID", number)])
    _told(position, Position_ID=number, Start_Date=now.hired, Scheduled_Weekly_Hours=now.facts.get("weekly_hours"))
    if name := now.facts.get("job_profile"):
        profile = SubElement(position, WD + "Job_Profile_Summary_Data")
        identifier = name.upper().replace(" ", "_")
        _reference(profile, "Job_Profile_Reference", [("WID", wid("job", name)), ("Job_Profile_ID", identifier)])
        _told(profile, Job_Profile_Name=name)


def _contract(employment: Element, now: Standing) -> None:
    contract = SubElement(employment, WD + "Worker_Contract_Data")
    if rate := now.facts.get("hourly"):
        _told(contract, Contract_Pay_Rate=rate)
        _money_references(contract, now, "Hourly")
    _told(contract, Contract_End_Date=now.ended)


def _compensation(data: Element, now: Standing) -> None:
    if now.pay_since is None:
        return
    compensation = SubElement(data, WD + "Compensation_Data")
    _told(compensation, Compensation_Effective_Date=now.pay_since)
    summary = SubElement(compensation, WD + "Employee_Compensation_Summary_Data")
    for fact, name, frequency in (
        ("annual", "Annualized_Summary_Data", "Annual"),
        ("hourly", "Summary_Data_in_Hourly_Frequency", "Hourly"),
    ):
        if fact in now.facts:
            amounts = SubElement(summary, WD + name)
            _told(amounts, Total_Base_Pay=now.facts[fact])
            _money_references(amounts, now, frequency)


def _money_references(parent: Element, now: Standing, frequency: str) -> None:
    currency = now.facts.get("currency", "USD")
    _reference(parent, "Currency_Reference", [("WID", wid("currency", currency)), ("Currency_ID", currency)])
    _reference(parent, "Frequency_Reference", [("WID", wid("frequency", frequency)), ("Frequency_ID", frequency)])


def _organizations(data: Element, now: Standing, question: Question) -> None:
    organizations = SubElement(data, WD + "Organization_Data")
    for fact, kind, id_type, exclusion in _ORGANIZATIONS:
        code = now.facts.get(fact)
        if not code or exclusion in question.groups:
            continue
        one = SubElement(organizations, WD + "Worker_Organization_Data")
        _reference(one, "Organization_Reference", [("WID", wid(kind, code)), (id_type, code)])
        told = SubElement(one, WD + "Organization_Data")
        _told(told, Organization_Reference_ID=code, Organization_Code=code, Organization_Name=f"{code} (organization)")
        _reference(told, "Organization_Type_Reference", [("WID", wid("type", kind)), ("Organization_Type_ID", kind)])


def _log(data: Element, worker: dict[str, Any], lines: Sequence[LogEntry]) -> None:
    entry_data = SubElement(data, WD + "Transaction_Log_Entry_Data")
    for line in lines:
        entry = SubElement(entry_data, WD + "Transaction_Log_Entry")
        _reference(entry, "Transaction_Log_Reference", [("WID", wid(worker["wid"], line.kind, str(line.entered)))])
        told = SubElement(entry, WD + "Transaction_Log_Data")
        _told(told, Transaction_Log_Description=line.kind, Transaction_Effective_Moment=f"{line.effective}T00:00:00.000-08:00")
        _told(told, Transaction_Entry_Moment=line.entered.isoformat())
        _reference(told, "Transaction_Log_Type_Reference", [("WID", wid(line.kind)), ("Business_Process_Type", line.kind)])
        _told(told, Is_Rescind_Or_Rescinded="1" if line.is_rescind else "0", Is_Correction_Or_Corrected="0")


def _reference(parent: Element, name: str, ids: Sequence[tuple[str, str]], descriptor: str = "") -> None:
    reference = SubElement(parent, WD + name, {WD + "Descriptor": descriptor} if descriptor else {})
    for kind, value in ids:
        SubElement(reference, WD + "ID", {WD + "type": kind}).text = value


def _told(parent: Element, **values: object) -> None:
    for name, value in values.items():
        if value is not None and value != "":
            SubElement(parent, WD + name).text = str(value)
