"""Kantata's own shapes: only the fields we use; what it adds breaks nothing, what it lacks is a named failure."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Ids come as strings or as integers, by record type (2026-11); here they are strings."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)
    id: str


class Result(Shape):
    """One entry of ``results``: the only place that says what matched, and in which order."""

    key: str


class Meta(BaseModel):
    """Where a page stands."""

    page_count: int = 1
    page_number: int = 1


class Envelope(BaseModel):
    """Every answer; beside these it has a map by id for each record type, associations of the same type mixed in."""

    count: int
    results: tuple[Result, ...]
    meta: Meta = Meta()


class ExternalReference(Shape):
    """Our name for one of their records; of one record the ``service_name`` is unique, across records nothing is."""

    service_name: str
    service_model: str
    service_model_ref: str
    subject_id: str
    status: str = ""
    external_message: str | None = None


class Referenced(Shape):
    """A record that may have external references (asked for with ``include``)."""

    external_reference_ids: tuple[str, ...] = ()


class Status(BaseModel):
    """A project's status; the key came as an integer in 2018 and is documented as a string today."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    color: str
    key: str


class Workspace(Referenced):
    """A project. ``price_in_cents`` is in the currency's subunits, but only whole units can be set."""

    title: str
    description: str | None = None
    archived: bool
    currency: str | None = None
    price_in_cents: int | None = None
    status: Status
    time_trackable: bool | None = None


class Story(Referenced):
    """A task, deliverable or milestone."""

    title: str
    story_type: str
    description: str | None = None


class MilestoneStory(Referenced):
    """A milestone of the plan, and the project it belongs to."""

    story_type: str
    workspace_id: str
    state: str
    description: str | None = None


class StoryStateChange(Shape):
    """A line of the audit trail of a story's states; nobody can change it."""

    state: str
    user_id: str | None = None
    created_at: datetime


class CustomFieldValue(Shape):
    """What a custom field of a record says."""

    custom_field_id: str
    value: Any = None


class BillingMilestone(Referenced):
    """An item of the project's billing schedule."""

    amount_in_cents: int


class WorkspaceResource(Referenced):
    """A role, named or not, wanted or working on a project."""

    created_at: datetime


class WorkspaceAllocation(Referenced):
    """Minutes of a resource over a time."""


class ResourceRequest(Shape):
    """The wish to staff a resource, on its approver's desk."""

    resource_id: str | None = None
    status: str


class WorkspaceGroup(Referenced):
    """A client company."""

    name: str


class Role(Shape):
    """A role of the account."""

    name: str


class SubscribedEvent(Shape):
    """Something changed; may come late, out of order, and twice."""

    event_type: str
    subject_type: str
    subject_id: str
    subject_changed_at: datetime
    created_at: datetime


Body = dict[str, Any]
