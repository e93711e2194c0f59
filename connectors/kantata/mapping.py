"""Canonical project <-> Kantata workspace, stories and billing milestones. Pure: no I/O, no clock, no settings."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from canonical.money import Money
from canonical.project import Milestone, Phase, Project, ProjectRecord, ProjectState, StaffingNeed, Task
from canonical.quote import BillingKind
from connectors.kantata.schemas import BillingMilestone, Body, ExternalReference, Referenced, Story, Workspace

PROJECT, PHASE, TASK, MILESTONE, NEED, CUSTOMER = "Project", "Phase", "Task", "Milestone", "StaffingNeed", "Customer"
PENDING, WHOLE = "pending", "successful"
MODELS = {"deliverable": PHASE, "task": TASK, "milestone": MILESTONE}
_KEY, _REFERENCE, _VALUE = "Handoff key", "Handoff reference", "Contract value"
_CANCELLED = "501"
_STATES = {
    "gray": ProjectState.PLANNED,
    "green": ProjectState.ACTIVE,
    "yellow": ProjectState.ACTIVE,
    "red": ProjectState.ACTIVE,
    "blue": ProjectState.COMPLETED,
}

References = Mapping[str, ExternalReference]


def reference_body(service: str, model: str, reference: str, *, key: str, status: str = WHOLE) -> Body:
    """An external reference; the business key goes into its message."""
    named = {"service_name": service, "service_model": model, "service_model_ref": reference}
    return {**named, "status": status, "external_message": key}


def workspace_body(project: Project, *, key: str, group_id: str, fields: Iterable[tuple[str, str]]) -> Body:
    """What a project says of itself, new or taken up again; its reference and its doors are the caller's."""
    values = {**project.dimensions.model_dump(), "entity": project.entity}
    return {
        "title": project.title,
        "description": described({_VALUE: f"{project.value.amount:f} {project.currency}", _KEY: key}),
        "start_date": project.period.start.isoformat(),
        "due_date": project.period.last.isoformat(),
        "budgeted": True,
        "currency": project.currency,
        "price": whole_units(project.value),
        "stories_are_fixed_fee_by_default": {term.kind for term in project.billing} == {BillingKind.FIXED_FEE},
        "workspace_group_ids": [int(group_id)],
        "primary_workspace_group_id": int(group_id),
        "custom_fields": [{"custom_field_id": int(n), "value": values[name]} for name, n in fields if values[name]],
    }


def value_body(workspace: Workspace, value: Money) -> Body:
    """Another value of a project that is there; people may have written more into its description."""
    told = f"{_VALUE}: {value.amount:f} {value.currency}"
    lines = (workspace.description or "").splitlines()
    others = [line for line in lines if not line.startswith(f"{_VALUE}: ")]
    return {"description": "\n".join([told, *others]), "budgeted": True, "price": whole_units(value)}


def phase_body(phase: Phase, project_id: str, *, reference: Body, kind: BillingKind | None = None) -> Body:
    """A phase: a deliverable at the top level; its line says whether its work is paid by fee."""
    body = _story(phase.title, "deliverable", project_id, reference, {})
    body |= {"start_date": phase.period.start.isoformat(), "due_date": phase.period.last.isoformat()}
    return body if kind is None else body | {"fixed_fee": kind is BillingKind.FIXED_FEE}


def task_body(task: Task, project_id: str, parent_id: str, *, reference: Body, kind: BillingKind | None = None) -> Body:
    """A task under its phase."""
    body = _story(task.title, "task", project_id, reference, {"Role": task.role})
    body |= {"parent_id": int(parent_id), "billable": task.is_billable, "time_estimate_in_minutes": minutes(task.hours)}
    return body if kind is None else body | {"fixed_fee": kind is BillingKind.FIXED_FEE}


def milestone_body(milestone: Milestone, project_id: str, *, reference: Body) -> Body:
    """A milestone on the plan. Dependencies can be read but not written there, so they are told in words."""
    body = _story(milestone.title, "milestone", project_id, reference, {"After": ", ".join(milestone.after)})
    return body | ({"due_date": milestone.due.isoformat()} if milestone.due else {})


def billing_milestone_body(milestone: Milestone) -> Body:
    """The milestone's amount, in the billing schedule; its acceptance is the completion of its story."""
    told = {"title": milestone.title, "amount_in_cents": milestone.amount.in_minor_units(), "billing_type": "upon_completion"}
    return told | ({"date_to_invoice": milestone.due.isoformat()} if milestone.due else {})


def allocation_body(need: StaffingNeed, resource_id: str, *, reference: Body) -> Body:
    """How much of the role is wanted and when; of an unnamed resource it can only be soft."""
    return {
        "resource_id": int(resource_id),
        "start_date": need.period.start.isoformat(),
        "end_date": need.period.last.isoformat(),
        "minutes": minutes(need.hours),
        "hard": False,
        "external_reference": reference,
    }


def described(facts: Mapping[str, str]) -> str:
    """Facts as lines of a description, which people can read and we can find again."""
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value)


def carries_key(workspace: Workspace, key: str) -> bool:
    """Whether the description bears exactly this business key (their search finds words, not keys)."""
    return f"{_KEY}: {key}" in (workspace.description or "").splitlines()


def own_reference(record: Referenced, references: References, service: str) -> ExternalReference | None:
    """Our external reference of a record, if it has one."""
    own = (references[number] for number in record.external_reference_ids if number in references)
    return next((r for r in own if r.service_name == service), None)


def story_reference(story: Story, references: References, service: str) -> str:
    """What we call this story: by its external reference, else by its description; empty if it is not ours."""
    own = own_reference(story, references, service)
    return own.service_model_ref if own else _fact(story.description, _REFERENCE)


def whole_units(value: Money) -> int:
    """A budget there has no cents (``price`` is an integer of base units, 2026-11): up to the next whole unit."""
    return int(value.amount.to_integral_value(ROUND_CEILING))


def minutes(hours: Decimal) -> int:
    """Hours as whole minutes."""
    return int((hours * 60).to_integral_value(ROUND_HALF_UP))


def state_of(workspace: Workspace) -> ProjectState:
    """Archived is archived; otherwise the status's color says it: red is blocked work, except for Cancelled.

    A project of an active color that is closed for time is not active yet (R53): it was opened again after an archiving.
    """
    if workspace.archived:
        return ProjectState.ARCHIVED
    if workspace.status.key == _CANCELLED:
        return ProjectState.COMPLETED
    state = _STATES.get(workspace.status.color.lower(), ProjectState.PLANNED)
    return ProjectState.PLANNED if state is ProjectState.ACTIVE and workspace.time_trackable is False else state


def value_of(workspace: Workspace) -> Money | None:
    """The exact value we wrote as long as their whole-unit budget still agrees with it, else that budget."""
    if workspace.currency is None or workspace.price_in_cents is None:
        return None
    budget = Money.from_minor_units(workspace.price_in_cents, workspace.currency)
    amount, _, currency = _fact(workspace.description, _VALUE).partition(" ")
    written = Money.of(amount, currency) if currency == workspace.currency else None
    return written if written is not None and Money.of(whole_units(written), currency) == budget else budget


def project_record(
    workspace: Workspace,
    stories: Iterable[tuple[str, str]],
    amounts: Iterable[tuple[str, BillingMilestone]],
    *,
    reference: str,
    url: str,
) -> ProjectRecord:
    """The project as they hold it; stories and amounts come with our (model, reference) where they have one."""
    currency, named = workspace.currency, list(stories)
    return ProjectRecord(
        target_id=workspace.id,
        reference=reference,
        title=workspace.title,
        state=state_of(workspace),
        value=value_of(workspace),
        phases=tuple(name for model, name in named if model == PHASE),
        tasks=tuple(name for model, name in named if model == TASK),
        milestones={name: Money.from_minor_units(a.amount_in_cents, currency) for name, a in amounts} if currency else {},
        url=url,
    )


def _story(title: str, story_type: str, project_id: str, reference: Body, facts: Mapping[str, str]) -> Body:
    return {
        "workspace_id": int(project_id),
        "title": title,
        "story_type": story_type,
        "description": described({**facts, _REFERENCE: str(reference["service_model_ref"])}),
        "external_reference": reference,
    }


def _fact(description: str | None, name: str) -> str:
    lines = (line.partition(": ") for line in (description or "").splitlines())
    return next((value for told, _, value in lines if told == name), "")
