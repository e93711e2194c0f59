"""A simulated Salesforce org with the CPQ package (SBQQ): REST data API, SOQL, composite calls, quotes, outbound messages.

``POST /_sandbox/seed`` takes the records by object in Salesforce's own shapes, and a few things beside them::

    {
      "Account":     {"acme": {"Name": "Acme Industries", "AccountNumber": "10001", "BillingCountry": "US"}},
      "Opportunity": {"C-100": {"Name": "Rollout", "AccountId": "acme", "StageName": "Closed Won", "CloseDate": "2026-11-20"}},
      "SBQQ__Quote__c": {...}, "SBQQ__QuoteLine__c": {...}, "Contract": {...}, "Product2": {...},

      "_deals":  [{"contract": "C-100", "lines": [{"reference": "L1", "name": "Rollout", "price": "120000"}]}],
      "_change": {"Opportunity": {"C-100": {"StageName": "Closed Won"}}},
      "_org":    {"outbound_messages": [{"object": "Opportunity", "url": "http://127.0.0.1:8080/webhooks/salesforce/..."}],
                  "session_seconds": 7200, "daily_limit": 1000000, "cpq_calculation_seconds": 0},
      "_expire_sessions": true
    }

A record's key is an id of its object, or any handle; a handle always gets the same id (``identifier_of``), and a reference may
name a handle. Seeded records send nothing and may set ``SystemModstamp``. ``_deals`` are whole deals
by parameters (``world.DealWorld``); their opportunity, quote and contract have the contract's reference as handle, accounts are
``account NUMBER``. ``_change`` is an edit by a user of the org: stamps move and outbound messages go out. ``_org`` sets the org:

* ``outbound_messages``: object, url, and if wanted the fields watched (``on``) and sent (``fields``);
* ``session_seconds``: how long an idle session lives; ``_expire_sessions`` ends all of them now;
* ``daily_limit``: after so many calls everything is refused with 403 REQUEST_LIMIT_EXCEEDED;
* ``cpq_calculation_seconds``: how long a quote stays uncalculated after a change to its lines (null: until ``_change`` sets
  ``SBQQ__Uncalculated__c`` to false);
* ``public_key``: PEM of the key that JWT bearer assertions must be signed with; ``client_id``, ``client_secret``, ``username``.
"""

from sandbox.salesforce.org import Salesforce
from sandbox.salesforce.seeding import identifier_of

VENDOR = Salesforce

__all__ = ["VENDOR", "Salesforce", "identifier_of"]
