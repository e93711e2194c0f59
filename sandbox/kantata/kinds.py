"""The record types of the API as data; those of time and expenses are in line_item_kinds."""

from sandbox.kantata.kind import COMMON_INCLUDES, READ_ONLY, REFERENCE, Kind, reference_data
from sandbox.kantata.line_item_kinds import LINE_ITEM_KINDS

__all__ = ["BY_SUBJECT", "KINDS", "Kind"]

_WORKSPACES = Kind(
    "workspaces",
    "workspace",
    "Workspace",
    fields={
        "title": "text",
        "description": "text",
        "start_date": "date",
        "due_date": "date",
        "budgeted": "bool",
        "currency": "text",
        "price": "int",
        "access_level": "text",
        "rate_card_id": "id",
        "stories_are_fixed_fee_by_default": "bool",
        "tasks_default_non_billable": "bool",
        "change_orders_enabled": "bool",
        "require_time_approvals": "bool",
        "require_expense_approvals": "bool",
        "status_key": "int",
        "workspace_group_ids": "ids",
        "primary_workspace_group_id": "id",
        "target_margin": "int",
        "custom_fields": "custom_fields",
        "invoice_preference": "object",
        "stage": "text",
        "time_trackable": "bool",
        "archived": "bool",
    }
    | REFERENCE,
    required=("title",),
    bulk=100,
    includes={
        "workspace_groups": ("workspace_group_ids", "workspace_groups"),
        "primary_workspace_group": ("primary_workspace_group_id", "workspace_groups"),
        "billing_milestones": ("billing_milestone_ids", "billing_milestones"),
        "custom_field_values": ("custom_field_value_ids", "custom_field_values"),
        "workspace_resources": ("workspace_resource_ids", "workspace_resources"),
        "workspace_resources_with_unnamed": ("workspace_resources_with_unnamed_ids", "workspace_resources"),
    }
    | COMMON_INCLUDES,
    orders=("created_at", "updated_at", "title", "start_date", "due_date", "price", "status"),
)

_STORIES = Kind(
    "stories",
    "story",
    "Story",
    fields={
        "workspace_id": "id",
        "title": "text",
        "story_type": "text",
        "description": "text",
        "start_date": "date",
        "due_date": "date",
        "state": "text",
        "parent_id": "id",
        "archived": "bool",
        "budget_estimate_in_cents": "int",
        "time_estimate_in_minutes": "int",
        "percentage_complete": "int",
        "fixed_fee": "bool",
        "billable": "bool",
        "weight": "int",
        "priority": "text",
        "time_trackable": "bool",
        "tag_list": "text",
    }
    | REFERENCE,
    required=("workspace_id", "title"),
    bulk=300,
    includes={
        "workspace": ("workspace_id", "workspaces"),
        "parent": ("parent_id", "stories"),
        "sub_stories": ("sub_story_ids", "stories"),
        "descendants": ("descendant_ids", "stories"),
    }
    | COMMON_INCLUDES,
    orders=("created_at", "updated_at", "start_date", "due_date", "position"),
)

_GROUPS = Kind(
    "workspace_groups",
    "workspace_group",
    "WorkspaceGroup",
    fields={
        "name": "text",
        "company": "bool",
        "notes": "text",
        "contact_name": "text",
        "email": "text",
        "phone_number": "text",
        "address": "text",
        "website": "text",
    }
    | REFERENCE,
    required=("name",),
    includes={"workspaces": ("workspace_ids", "workspaces")} | COMMON_INCLUDES,
)

_MILESTONES = Kind(
    "billing_milestones",
    "billing_milestone",
    "BillingMilestone",
    fields={
        "title": "text",
        "amount_in_cents": "int",
        "date_to_invoice": "date",
        "workspace_id": "id",
        "story_id": "id",
        "billing_type": "text",
    }
    | REFERENCE,
    required=("title", "amount_in_cents", "workspace_id", "billing_type"),
    bulk=100,
    includes={"story": ("story_id", "stories"), "workspace": ("workspace_id", "workspaces")} | COMMON_INCLUDES,
    orders=("created_at",),
    default_order="created_at:desc",
    event=False,
)

_RESOURCES = Kind(
    "workspace_resources",
    "workspace_resource",
    "WorkspaceResource",
    fields={"workspace_id": "id", "user_id": "id", "role_id": "id"} | REFERENCE,
    required=("workspace_id",),
    includes={"role": ("role_id", "roles"), "user": ("user_id", "users"), "workspace": ("workspace_id", "workspaces")}
    | COMMON_INCLUDES,
)

_ALLOCATIONS = Kind(
    "workspace_allocations",
    "workspace_allocation",
    "WorkspaceAllocation",
    fields={"resource_id": "id", "start_date": "date", "end_date": "date", "minutes": "int", "hard": "bool", "notes": "text"}
    | REFERENCE,
    required=("resource_id", "start_date", "end_date", "minutes"),
    includes={"workspace": ("workspace_id", "workspaces"), "workspace_resource": ("workspace_resource_id", "workspace_resources")}
    | COMMON_INCLUDES,
)

_REQUESTS = Kind(
    "resource_requests",
    "resource_request",
    "ResourceRequest",
    fields={"resource_id": "id", "resource_workspace_id": "id", "resource_role_id": "id", "approver_ids": "ids"},
    required=("approver_ids",),
    includes={
        "approvers": ("approver_ids", "users"),
        "creator": ("creator_id", "users"),
        "resource": ("resource_id", "workspace_resources"),
    },
    may=frozenset({"list", "show", "create"}),
    event=False,
)

_REFERENCES = Kind(
    "external_references",
    "external_reference",
    "ExternalReference",
    fields={
        "subject_type": "text",
        "subject_id": "id",
        "service_name": "text",
        "service_model": "text",
        "service_model_ref": "text",
        "status": "text",
        "external_link": "text",
        "external_status": "text",
        "external_message": "text",
        "locked": "bool",
    },
    required=("subject_type", "subject_id", "service_name", "service_model", "service_model_ref"),
    includes={"subject": ("subject_ref", "")},
    orders=("created_at", "last_synced_at"),
    default_order="last_synced_at:desc",
    may=frozenset({"list", "create_or_update", "delete"}),
    event=False,
)

_VALUES = Kind(
    "custom_field_values",
    "custom_field_value",
    "CustomFieldValue",
    fields={"subject_type": "text", "subject_id": "id", "custom_field_id": "id", "value": "any"},
    required=("subject_type", "subject_id", "custom_field_id"),
    bulk=100,
    includes={"custom_field": ("custom_field_id", "custom_fields"), "subject": ("subject_ref", "")},
    orders=("created_at", "updated_at", "subject_id"),
    default_order="created_at:asc",
    may=frozenset({"list", "create"}),
    event=False,
)

_EVENTS = Kind(
    "subscribed_events",
    "subscribed_event",
    "SubscribedEvent",
    includes={"subject": ("subject_ref", "")},
    orders=("created_at",),
    default_order="created_at:desc",
    may=frozenset({"list"}),
    event=False,
)

# Documented: made by itself whenever the state of a story is set; a list needs the story.
_STATE_CHANGES = Kind(
    "story_state_changes",
    "story_state_change",
    "StoryStateChange",
    includes={"story": ("story_id", "stories"), "user": ("user_id", "users")},
    orders=("created_at",),
    default_order="created_at:asc",
    may=READ_ONLY,
    event=False,
)

KINDS: dict[str, Kind] = {
    kind.plural: kind
    for kind in (
        _WORKSPACES,
        _STORIES,
        _GROUPS,
        _MILESTONES,
        _RESOURCES,
        _ALLOCATIONS,
        _REQUESTS,
        _REFERENCES,
        _VALUES,
        _EVENTS,
        _STATE_CHANGES,
        *LINE_ITEM_KINDS,
        reference_data("users", "user", "User"),
        reference_data("roles", "role", "Role"),
        reference_data("rate_cards", "rate_card", "RateCard"),
        reference_data("custom_fields", "custom_field", "CustomField"),
    )
}

BY_SUBJECT: dict[str, Kind] = {kind.subject_type: kind for kind in KINDS.values()}
