"""Our customers, projects and documents <-> Tryton's records. Pure: no I/O, no clock, no settings."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from stdnum.eu.vat import MEMBER_STATES

from canonical.billable import BillableKind
from canonical.errors import Rejected
from canonical.invoice import DocumentLine, DocumentRecord, DocumentState
from canonical.money import Money, Rounding
from canonical.party import Address, Customer, TaxRegistration
from canonical.project import Phase, Project, Task
from connectors.tryton.schemas import InvoiceShape
from connectors.tryton.wire import Quantity, Values, aware, new, reference_in

OURS = "Handoff "  # how the comment of every record begins that we made
_STEM_WORDS = 2
_LEGAL_FORM = re.compile(
    r"(?i)ab|ag|asa?|bv|co|company|corp(oration)?|gmbh|group|holdings?|inc(orporated)?|kg|limited|ll[cp]|lp|ltd|nv|oyj?|plc|pt[ey]|"
    r"pvt|sa|sarl|sas|se|spa|srl|the"
)
_STATES = {
    "draft": DocumentState.DRAFT,
    "validated": DocumentState.DRAFT,
    "posted": DocumentState.OPEN,
    "paid": DocumentState.PAID,
    "cancelled": DocumentState.VOID,
}


# Customers.


def party_values(customer: Customer, *, countries: Mapping[str, int], key: str) -> Values:
    """A new party; its code is our key, which Tryton keeps unique."""
    values: Values = {
        "name": customer.legal_name,
        "code": reference_in(key),
        "addresses": new(*(_address(address, countries) for address in customer.addresses)),
        "identifiers": new(*(_identifier(found) for found in customer.tax_registrations)),
    }
    if customer.email:
        values["contact_mechanisms"] = new({"type": "email", "value": customer.email})
    return values


def _address(address: Address, countries: Mapping[str, int]) -> Values:
    street = "\n".join(line for line in (address.line1, address.line2) if line)
    parts = {"street_unstructured": street, "city": address.city, "postal_code": address.postal_code}
    return {**{name: part for name, part in parts.items() if part}, "country": countries[address.country], "invoice": True}


def _identifier(registration: TaxRegistration) -> Values:
    """Tryton checks a VAT number of the European Union and wants its country in front; others it only keeps."""
    prefix = "EL" if registration.country == "GR" else registration.country
    if prefix.lower() not in MEMBER_STATES and registration.country.lower() not in MEMBER_STATES:
        return {"type": None, "code": registration.number}
    number = registration.number if registration.number.upper().startswith(prefix) else f"{prefix}{registration.number}"
    return {"type": "eu_vat", "code": number}


def name_stem(legal_name: str) -> str:
    """What is left of a name without legal form and punctuation: enough to find the ones that might be the same."""
    words = re.findall(r"\w+", legal_name)
    telling = [word for word in words if not _LEGAL_FORM.fullmatch(word)]
    return " ".join((telling or words)[:_STEM_WORDS])


# Projects.


def work_comment(project: str, reference: str, key: str) -> str:
    """By which a project, phase or task is found again."""
    return f"{OURS}{project}:{reference} {key}" if reference else f"{OURS}{project} {key}"


def is_marked_work(comment: str | None, key: str) -> bool:
    """Whether a project was made under this key."""
    return (comment or "").partition("\n")[0].endswith(f" {key}")


def work_reference(comment: str | None) -> tuple[str, str]:
    """Project and part that a comment of ours names; the part is empty for the project itself."""
    if not (comment or "").startswith(OURS):
        return "", ""
    named = str(comment).removeprefix(OURS).partition("\n")[0].partition(" ")[0]
    project, _, reference = named.partition(":")
    return project, reference


def project_values(project: Project, *, company: int, party: int, key: str) -> Values:
    """The project with everything below it: Tryton makes it in one transaction or not at all."""
    facts = project.dimensions.model_dump()
    said = [f"value: {project.value}", f"period: {project.period}", *(f"{name}: {fact}" for name, fact in facts.items() if fact)]
    return {
        "type": "project",
        "name": project.title,
        "company": company,
        "party": party,
        "timesheet_available": False,
        "comment": "\n".join([work_comment(project.reference, "", key), *said]),
        "children": new(*(phase_values(phase, project.reference, company=company, key=key) for phase in project.phases)),
    }


def phase_values(phase: Phase, project: str, *, company: int, key: str) -> Values:
    """A phase with its tasks."""
    return {
        "type": "task",
        "name": phase.title,
        "company": company,
        "comment": work_comment(project, phase.reference, key),
        "children": new(*(task_values(task, project, company=company, key=key) for task in phase.tasks)),
    }


def task_values(task: Task, project: str, *, company: int, key: str) -> Values:
    """A task, with the hours that were planned."""
    return {
        "type": "task",
        "name": task.title,
        "company": company,
        "comment": work_comment(project, task.reference, key),
        "timesheet_available": True,
        "effort_duration": None if not task.hours else _duration(task.hours),
    }


def _duration(hours: Decimal) -> timedelta:
    return timedelta(seconds=int(hours * 3600))


# Documents.


def line_values(
    line: DocumentLine, *, account: int, taxes: Sequence[int], currency: int, company: int, gives_back: bool
) -> Values:
    """One line of a document. Its amount is ours: where hours times rate do not come to it, it is one piece at that price."""
    quantity, price = _priced(line)
    return {
        "type": "line",
        "company": company,
        "currency": currency,
        "account": account,
        "description": _described(line),
        "quantity": Quantity(-quantity if gives_back else quantity),
        "unit_price": price,
        "taxes": [["add", list(taxes)]] if taxes else [],
    }


def _priced(line: DocumentLine) -> tuple[Decimal, Decimal]:
    exact = line.rate * line.quantity if line.rate else None
    if line.rate and exact and exact.rounded() == line.amount == exact.rounded(Rounding.HALF_EVEN):  # Tryton's own rounding
        return line.quantity, line.rate.amount
    return Decimal(1), line.amount.amount


def commercial(base: Money, rate: Decimal, theirs: Money) -> Money:
    """Tryton rounds a tax half to even: where it stands just between two cents, it is rounded up instead, as we round."""
    exact = base * rate
    is_between = exact.rounded() != exact.rounded(Rounding.HALF_EVEN)
    return exact.rounded() if is_between and theirs == exact.rounded(Rounding.HALF_EVEN) else theirs


def _described(line: DocumentLine) -> str:
    kind = f" ({line.billing})" if line.billing and line.billing is not BillableKind.TIME else ""
    period = f", {line.service}" if line.service else ""
    return f"{line.description}{kind}{period}"


def document_record(found: InvoiceShape, *, url: str) -> DocumentRecord:
    """An invoice or a credit memo as Tryton holds it; amounts are positive either way."""
    if found.state not in _STATES:
        raise Rejected(f"An invoice of Tryton is in the unknown state '{found.state}'", evidence={"invoice": found.id})
    sign, zero = (-1 if found.is_memo else 1), Decimal(0)
    posted = found.state in {"posted", "paid"}
    money = {
        "net": found.net,
        "tax": found.tax,
        "total": found.total,
        "open": (found.open or zero) if posted else zero,
    }
    return DocumentRecord(
        target_id=str(found.id),
        number=found.number or "",
        reference=found.reference or "",
        state=_STATES[found.state],
        posted_on=(found.accounting_date or found.invoice_date) if posted else None,
        journal=f"account.move,{found.move}" if found.move else "",
        url=url,
        version=(found.changed or found.created).isoformat(),
        changed_at=aware(found.changed or found.created),
        **{name: Money.of(amount * sign + zero, found.currency) for name, amount in money.items()},
    )
