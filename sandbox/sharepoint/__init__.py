"""SharePoint through Microsoft Graph v1.0, simulated: sites, libraries, folders, files, fields, changes, sharing.

The world to seed (``POST /_sandbox/seed``) is JSON; every part may be left out::

    {
      "tenant": {"anonymousLinks": true},                       what the tenant allows; also "id" and "domain"
      "applications": {"<client id>": {                         who may ask for a token
          "displayName": "Handoff",
          "secrets": [{"value": "...", "expires": "2027-01-01T00:00:00+00:00"}],
          "certificates": ["-----BEGIN CERTIFICATE-----..."],
          "roles": ["Sites.ReadWrite.All"],                     or Sites.Read.All, Sites.Manage.All, Sites.Selected ...
          "grants": {"<site id>": "write"}}},                   for Sites.Selected: which sites, how much
      "sites": {"<site id>": {"hostname": "firm.sharepoint.com", "path": "/sites/audits", "displayName": "Audits"}},
      "drives": {"<drive id>": {"site": "<site id>", "name": "Documents", "quota": 1099511627776,
          "columns": {"ContractReference": {"indexed": true}, "HandoffKey": {"indexed": true, "enforceUniqueValues": true}}}},
      "folders": {"<drive id>:Engagements/Acme": {"by": "Ann Arbor", "fields": {"ContractReference": "C-1"}}},
      "files": {"<drive id>:Engagements/Acme/note.txt": {"text": "hello", "by": "Ann Arbor", "fields": {}}}
    }

A place without a drive id means the library that a new tenant has. A file has ``text`` or ``base64``. A new tenant holds the
application ``CLIENT`` with the secret ``sandbox``, the site ``firm.sharepoint.com:/sites/engagements`` and its library
``Documents`` with the columns ContractReference and HandoffKey (indexed; the latter unique) and Status (not indexed).

A ``partial`` fault cuts a ``$batch`` after that many parts (the others are answered 429) and an upload after that many bytes.
SharePoint rewrites Office files; here .docx, .xlsx and .pptx grow by a few bytes.

Where this is stricter or plainer than the real service: a fragment that carries a token is always refused, one that is no
multiple of 320 KiB is refused at once, and a notification URL may be plain HTTP if it is on this machine.
"""

from sandbox.sharepoint.vendor import CLIENT, DRIVE, SITE, TENANT, SharePoint

VENDOR = SharePoint

__all__ = ["CLIENT", "DRIVE", "SITE", "TENANT", "VENDOR", "SharePoint"]
