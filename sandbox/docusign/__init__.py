"""Simulated DocuSign: account server (JWT grant), eSignature REST v2.1, and Connect webhooks.

What a world seeds (``POST /_sandbox/seed``; everything is optional, records are by id)::

    {
      "apps":     {"<integration key>": {"public_keys": ["<PEM>"], "consent_required": false, "token_seconds": 3600}},
      "users":    {"<user id>": {"name": "Handoff", "email": "handoff@example.com", "accounts": ["<account id>"]}},
      "accounts": {"<account id>": {"account_name": "Acme", "base_uri": null,
                                    "rate_limit": 3000, "burst_limit": 500, "envelope_polling_limit": null, "limit_status": 400}},
      "connect":  {"<connect id>": {"urlToPublishTo": "http://...", "events": ["envelope-completed"], "includeHMAC": "true",
                                    "allowEnvelopePublish": "true",
                                    "eventData": {"includeData": ["custom_fields", "recipients", "tabs"]}}},
      "connect_keys": {"1": "<HMAC key>", "2": "<HMAC key>"},
      "envelopes": {"<envelope id>": {"status": "completed", "emailSubject": "Statement of work",
                                      "custom_fields": {"ContractReference": "C-100"},
                                      "signers": [{"name": "Ann", "email": "ann@example.com"}],
                                      "terms": {"total": "100000.00", "line.L1.amount": "60000.00"},
                                      "documents": ["SOW.pdf"], "at": "2026-03-31T16:00:00Z"}}
    }

An envelope may also be seeded exactly as a client would post it (``customFields``, ``recipients``, ``documents`` of an
``envelopeDefinition``); the short forms above stand for these. ``at`` is when its status was reached (default: now).
``account`` names its account where there are several. ``base_uri`` of an account is this server unless given.
``limit_status`` is how a limit is answered: 400, the classic way, or 429. ``envelope_polling_limit`` is how many GETs an hour
one envelope allows (null: any). Seeding sends no webhooks.

Beside the common control paths there are, under ``/_sandbox/envelopes/{id}``: ``deliver``; ``sign`` with
``{"tabs": {"total": "120000.00"}, "at": "..."}`` (both optional), which completes it, or, done again on a completed one, makes
a new version of it with a later completedDateTime; ``decline`` and ``void`` with ``{"reason": "..."}``. They send Connect
events, whose delivery label is ``<event>/<envelope id>``. Visiting ``/oauth/auth`` gives the consent that an app is waiting for.
"""

from sandbox.docusign.server import DocuSign

VENDOR = DocuSign
