"""A simulated Kantata OX (Mavenlink) account: the v1 API as its official Swagger documents it.

Paths are under ``/api/v1`` (with or without ``.json``), plus ``/oauth/authorize`` and ``/oauth/token``. A new account has
the bearer token ``kantata-sandbox-token`` of user 1, an administrator. The seed is JSON by record type; records are in the
vendor's own shape, keyed by id (``id``, ``created_at`` and ``updated_at`` may be left out)::

    {
      "account": {"default_currency": "EUR",
                  "subscribed_events": true,                      // the paid add-on; false answers 403
                  "default_status": "100",
                  "project_statuses": {"310": {"color": "green", "message": "In Progress"}},
                  "event_manners": {"lags": [0, 40, 5], "duplicate_every": 3},
                  "require_approvals": true,                      // of projects that say nothing themselves
                  "approvals_touch_line_items": false,            // true: approving also changes updated_at of its items
                  "rates": {"21": {"11": 15000}}},                // cents an hour by rate card and role
      "tokens": {"a-token": {"user_id": "2", "permission": "project_lead"}},   // administrator, project_lead ...; "revoked": true
      "applications": {"client-id": {"client_secret": "...", "redirect_uri": "http://..."}},
      "users": {"2": {"full_name": "Rhea Staff", "email_address": "rhea@firm.example"}},
      "roles": {"11": {"name": "Consultant"}},
      "rate_cards": {"21": {"title": "EMEA 2026", "currency": "EUR"}},
      "custom_fields": {"31": {"name": "Practice", "subject_type": "Workspace", "value_type": "string"}},
      "workspace_groups": {"41": {"name": "Acme GmbH", "company": true}},
      "workspaces": {"51": {"title": "Old project", "archived": true, "budgeted": false}},
      "stories": {"61": {"workspace_id": "51", "title": "A task", "story_type": "task"}},
      "external_references": {"71": {"subject_type": "Workspace", "subject_id": "51", "service_name": "Other",
                                     "service_model": "Project", "service_model_ref": "P-1"}}
    }

Further types: ``billing_milestones``, ``workspace_resources``, ``workspace_allocations``, ``resource_requests``,
``custom_field_values``, ``subscribed_events``, ``time_entries`` and ``expenses`` (with ``recent_submission_id``),
``timesheet_submissions`` and ``expense_report_submissions`` (with ``status``), ``vendors``, ``attachments``. A firm's month comes
from a few words: ``"generated": {"people": 500, "projects": 40, "days": 20, "a_day": 2, "first_day": "2026-04-01",
"changed_from": "2026-05-01T00:00:00Z", "changed_until": "2026-05-02T00:00:00Z"}`` makes 500 x 20 x 2 entries on timesheets
(``on``: of projects that are there; ``undecided_every``: how many timesheets wait).

Where the documentation is silent, the strictest reading is simulated: approving a timesheet changes the timesheet, not the
``updated_at`` of its entries; deleted entries are told by events only; included records bring no associations of their own.
The status keys 310 (In Progress) and 501 (Cancelled) are documented; 100 and 600 stand in for an account's own gray and blue
ones, whose numbers are in Kantata's knowledge base only. ``partial`` with ``quantity`` n commits the first n of a bulk call;
of a single creation it keeps the record (1) without its inline external reference, or nothing (0). ``invisible`` hides a new
record from lists, filters and searches, not from its own address.
"""

from sandbox.kantata.vendor import Kantata

VENDOR = Kantata
