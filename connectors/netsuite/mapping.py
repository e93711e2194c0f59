"""Our customers, projects and schedules <-> NetSuite's records. Pure: no I/O, no clock."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from canonical.billing_schedule import BillingRule, BillingSchedule, ScheduledItem
from canonical.money import Money
from canonical.party import Address, Customer, CustomerRecord
from canonical.project import Dimensions, Phase, Project, ProjectState, Task
from canonical.quote import BillingKind
from connectors.http import Json
from connectors.netsuite.schemas import CustomerShape, JobShape, MilestoneLine
from connectors.netsuite.settings import DimensionField, Settings
from connectors.netsuite.wire import external_id, reference_in

_LEGAL_FORM = re.compile(
    r"(?i)ab|ag|asa?|bv|co|company|corp(oration)?|gmbh|group|holdings?|inc(orporated)?|kg|limited|ll[cp]|lp|ltd|nv|oyj?|plc|pt[ey]|"
    r"pvt|sa|sarl|sas|se|spa|srl|the"
)
_STEM_WORDS = 2
OURS = "Handoff "  # how the comment of every record begins that we made


def marked(key: str, text: str = "") -> str:
    """A comment that carries our business key."""
    return f"{OURS}{key}: {text}" if text else f"{OURS}{key}"


# Customers.


def customer_body(
    customer: Customer, *, subsidiary: str, currency: str, parent: str | None, key: str, has_suite_tax: bool
) -> Json:
    """A new customer; ``isPerson`` must be said, or the account asks a company for its first name."""
    body: Json = {
        "externalId": external_id(reference_in(key)),
        "companyName": customer.legal_name,
        "isPerson": False,
        "subsidiary": {"id": subsidiary},
        "currency": {"id": currency},
        "comments": marked(key, customer.trading_name),
        "addressBook": {"items": [_address(address, is_bill_to=n == 0) for n, address in enumerate(customer.addresses)]},
    }
    if customer.email:
        body["email"] = customer.email
    if customer.credit_limit is not None:
        body["creditLimit"] = customer.credit_limit.amount
    if parent:
        body["parent"] = {"id": parent}
    return {**body, **_tax_numbers(customer, has_suite_tax=has_suite_tax)}


def _tax_numbers(customer: Customer, *, has_suite_tax: bool) -> Json:
    registrations = customer.tax_registrations
    if not registrations:
        return {}
    if not has_suite_tax:
        return {"vatRegNumber": registrations[0].number}
    lines = [{"nexusCountry": {"id": found.country}, "taxRegistrationNumber": found.number} for found in registrations]
    return {"taxRegistration": {"items": lines}}


def _address(address: Address, *, is_bill_to: bool) -> Json:
    parts = {
        "addr1": address.line1,
        "addr2": address.line2,
        "city": address.city,
        "state": address.region,
        "zip": address.postal_code,
        "country": {"id": address.country},
    }
    given = {name: part for name, part in parts.items() if part}
    return {"defaultBilling": is_bill_to, "defaultShipping": False, "addressBookAddress": given}


def customer_record(
    found: CustomerShape, *, entities: Mapping[str, str], currencies: Mapping[str, str], reference: str
) -> CustomerRecord:
    """A customer as the ERP holds it; what it owes is its balance and what is ordered and not yet billed."""
    currency = currencies.get(found.currency.id) if found.currency else None
    numbers = (found.vat_number, found.default_tax_number, *(line.number for line in found.tax_lines.items))
    limit, owed = found.credit_limit, found.balance + found.unbilled
    return CustomerRecord(
        target_id=found.id,
        reference=reference,
        legal_name=found.company_name,
        entity=entities.get(found.subsidiary.id, found.subsidiary.ref_name),
        tax_numbers=tuple(dict.fromkeys(number for number in numbers if number)),
        country=_country(found),
        is_active=not found.is_inactive,
        credit_limit=Money.of(limit, currency) if currency and limit is not None else None,
        exposure=Money.of(owed, currency) if currency else None,
    )


def _country(found: CustomerShape) -> str:
    lines = sorted(found.address_book.items, key=lambda line: not line.default_billing)
    return next((line.address.country.id for line in lines if line.address and line.address.country), "")


def name_stem(legal_name: str) -> str:
    """What is left of a name without legal form and punctuation: enough to find the ones that might be the same."""
    words = re.findall(r"\w+", legal_name)
    telling = [word for word in words if not _LEGAL_FORM.fullmatch(word)]
    return " ".join((telling or words)[:_STEM_WORDS])


# Projects.


def project_body(project: Project, customer_id: str, *, settings: Settings, subsidiary: str, key: str) -> Json:
    """A new project, pending until all its phases are there."""
    return {
        "externalId": external_id(project.reference),
        "companyName": project.title,
        "parent": {"id": customer_id},
        "subsidiary": {"id": subsidiary},
        "entityStatus": {"id": settings.statuses.pending},
        "startDate": project.period.start.isoformat(),
        "projectedEndDate": project.period.last.isoformat(),
        "jobBillingType": {"id": billing_type(project, settings)},
        "jobPrice": project.value.amount,
        "comments": marked(key),
        **dimension_fields(project.dimensions, settings.dimensions),
    }


def billing_type(project: Project, settings: Settings) -> str:
    """Milestones if anything is billed by schedule, time and materials if nothing is."""
    only_time = project.billing and all(term.kind is BillingKind.TIME_AND_MATERIALS for term in project.billing)
    return settings.billing_types.time if only_time else settings.billing_types.milestones


def dimension_fields(dimensions: Dimensions, fields: Mapping[str, DimensionField]) -> Json:
    """The dimensions in the account's own custom fields."""
    body: Json = {}
    for name, where in fields.items():
        value = getattr(dimensions, name, "")
        if value:
            body[where.field] = {"externalId": external_id(value)} if where.holds == "reference" else value
    return body


def task_id(project: str, reference: str) -> str:
    """The external id of a phase or task: unique over the account, since the project is in it."""
    return external_id(reference if reference.startswith(f"{project}.") else f"{project}:{reference}")


def phase_bodies(project_id: str, project: str, phases: Sequence[Phase], *, key: str) -> dict[str, Json]:
    """Phases are summary tasks."""
    return {
        task_id(project, phase.reference): {
            "title": phase.title,
            "project": {"id": project_id},
            "constraintType": {"id": "FIXEDSTART"},
            "startDateTime": f"{phase.period.start.isoformat()}T00:00:00Z",
            "finishByDate": phase.period.last.isoformat(),
            "message": marked(key, phase.workstream),
        }
        for phase in phases
    }


def task_bodies(project_id: str, project: str, phases: Sequence[Phase], *, key: str) -> dict[str, Json]:
    """Tasks lie below the task of their phase."""
    return {
        task_id(project, task.reference): _task(task, project_id, task_id(project, phase.reference), key)
        for phase in phases
        for task in phase.tasks
    }


def _task(task: Task, project_id: str, parent: str, key: str) -> Json:
    return {
        "title": task.title,
        "project": {"id": project_id},
        "parent": {"externalId": parent},
        "estimatedWork": task.hours,
        "nonBillableTask": not task.is_billable,
        "message": marked(key, task.role),
    }


def project_state(found: JobShape, settings: Settings) -> ProjectState:
    """Where the project stands."""
    if found.is_inactive:
        return ProjectState.ARCHIVED
    known = {settings.statuses.pending: ProjectState.PLANNED, settings.statuses.closed: ProjectState.COMPLETED}
    return known.get(found.status.id, ProjectState.ACTIVE)


# Billing schedules.


def schedule_bodies(schedule: BillingSchedule, project_id: str, settings: Settings) -> dict[str, Json]:
    """The records of a schedule by external id, the head first: milestones for all items, then one per rule for time.

    Charge rules cannot be written over REST (2026.1 has no such record type), and Handoff rates time itself: a rule becomes a
    schedule of type time and materials that bills actual time, so that the project's time is invoiced and not planned twice.
    """
    bodies = [_milestones(schedule.items, project_id, settings)] if schedule.items else []
    bodies += [_time(rule, project_id, settings) for rule in schedule.rules]
    named = [{"name": f"{schedule.reference} {n}/{len(bodies)}", **body} for n, body in enumerate(bodies, 1)]
    return {schedule_id(schedule.reference, n): body for n, body in enumerate(named, 1)}


def schedule_id(reference: str, number: int) -> str:
    """The external id of the n-th record of a schedule; the head has the reference itself."""
    return external_id(reference if number == 1 else f"{reference}:{number}")


def records_in(name: str) -> int:
    """How many records a schedule has, from the name of its head (``C-100 1/3``)."""
    found = re.search(r" 1/(\d+)$", name)
    return int(found[1]) if found else 1


def _milestones(items: Sequence[ScheduledItem], project_id: str, settings: Settings) -> Json:
    lines = [_milestone(item) for item in items]
    kind = {"id": settings.billing_types.milestones}
    return {"scheduleType": kind, "job": {"id": project_id}, "isInactive": False, "milestone": {"items": lines}}


def _milestone(item: ScheduledItem) -> Json:
    day = item.on or (item.period.start if item.period else None)
    more = [item.title, item.trigger.value, f"PO {item.purchase_order}" if item.purchase_order else ""]
    line: Json = {"milestoneAmount": item.amount.amount, "comments": " | ".join([item.reference, *filter(None, more)])}
    return {**line, "milestoneDate": day.isoformat()} if day else line


def _time(rule: BillingRule, project_id: str, settings: Settings) -> Json:
    kind = {"id": settings.billing_types.time}
    return {
        "scheduleType": kind,
        "job": {"id": project_id},
        "isInactive": False,
        "frequency": {"id": "MONTHLY"},
        "inArrears": True,
        "billForActuals": True,
    }


def milestone_of(line: MilestoneLine) -> tuple[str, Decimal]:
    """Our reference and the amount of a milestone."""
    return line.comments.partition(" | ")[0], line.amount
