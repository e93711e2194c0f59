"""The simulated Workday tenant: Get_Workers of the SOAP service Human_Resources, and the two ways to sign in.

Paths: ``POST /ccx/service/{tenant}/Human_Resources/{version}`` and ``POST /ccx/oauth2/{tenant}/token``. Tenant ``firm`` has
no worker, the API client ``workday-client`` with secret ``sandbox`` and refresh token ``workday-refresh``, and the integration
system user ``ISU_Handoff`` with password ``sandbox``. All that is known of a worker are transactions, each with an effective date
and an entry moment; an answer is what was known at one moment of one day. Seed (``POST /_sandbox/seed``), every part optional::

    {
      "tenant": {"id": "firm",
                 "echoes_entry_moment": true,       whether an answer repeats the entry moment it holds for
                 "keeps_job_after_end": true},      whether a leaver's last job is still told
      "clients": {"an-id": {"secret": "...", "refresh_tokens": {"a-token": "ISU_Handoff"}}},
      "users": {"ISU_Handoff": {"password": "...", "hidden": ["Compensation_Data"]}},   outside its security domains
      "workers": {
        "21001": {"kind": "employee",               or "contingent"
                  "wid": "...",                     32 hexadecimal digits, made from the id if not given
                  "name": "Priya Shah", "email": "priya@firm.example", "private_email": "p@home.example",
                  "transactions": [
                    {"type": "Hire Employee", "effective": "2024-01-08", "entered": "2023-12-01T09:00:00+00:00",
                     "company": "UK01", "cost_center": "CC-100", "job_profile": "Senior Consultant",
                     "hourly": "62", "currency": "GBP"},
                    {"type": "Transfer Employee", "effective": "2026-05-16", "company": "DE01",
                     "hourly": "78", "currency": "EUR"},
                    {"type": "Terminate Employee", "effective": "2026-12-31", "rescinded": "2026-06-01T09:00:00+00:00"}
                  ]}
      }
    }

A transaction was entered at midnight (UTC) of its effective date if it does not say when; one for a worker who is there
already, when it is seeded. ``Hire Employee`` and ``Contract Contingent Worker`` begin; ``Terminate Employee`` and ``End
Contingent Worker Contract`` end, and their effective date is the last day; any other type changes what it names: ``company``,
``cost_center``, ``job_profile``, ``hourly``, ``annual``, ``weekly_hours``, ``currency``. A seed with ``transactions`` for a
worker who is there adds them. Answers tell since when a job and a pay hold, not since when a company or a cost center does;
so does the real service.

Where the documentation is silent the strictest reading is simulated: leavers are left out unless ``Exclude_Inactive_Workers`` is
false, and a filter by transaction type meets a rescind only if it names ``Rescind`` (an id that stands in for the tenant's own).
"""

from sandbox.workday.tenant import Workday

VENDOR = Workday
