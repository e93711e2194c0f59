"""The simulated Oracle NetSuite account: SuiteTalk REST record service, SuiteQL, asynchronous jobs, both ways to sign in.

Seed (``POST /_sandbox/seed``), every part optional::

    {
      "account": {
        "id": "TSTDRV0000001_SB1",            the realm: upper case with an underscore
        "tba": [{"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}],
        "m2m": [{"client_id": "ci", "certificate_id": "kid", "public_key": "PEM of a certificate or public key"}],
        "concurrency_limit": 15,              requests at once, for the whole account
        "used_by_others": 0,                  of these, taken by other integrations
        "overload_answer": "429",             or "401": a good signature is called an invalid login
        "call_seconds": 0,                    how long a synchronous write takes, so that two can collide
        "job_seconds": 0,                     how long an asynchronous job stays pending
        "search_delay_seconds": 0,            when SuiteQL and collection filters find what is new
        "suiteql_row_limit": 100000,
        "time_zone": "UTC",                   of the integration user: SuiteQL speaks its time, REST answers UTC
        "invoice_approval": false,            true: a new invoice waits for approval, and posts nothing before
        "tax_rounding": "line",               or "document": tax of a code, where the caller does not override the amounts
        "date_outside_period": "allow",       or "disallow": tranDate may lie outside postingPeriod
        "line_limit": 10000,
        "accounts": {"receivable": "1100"},   numbers of the accounts: receivable, cash, deposits, tax, exchange, rounding
        "custom_fields": {"job": {"custentity_practice": "classification"}, "invoice": {"custbody_x": "text"},
                          "invoice.item": {"custcol_y": "date"}}    replaces what standing.py gives that type
      },
      "currency":   {"1": {"name": "US Dollar", "symbol": "USD"}},
      "subsidiary": {"1": {"externalId": "US01", "name": "US01", "currency": {"id": "1"}, "country": {"id": "US"}}},
      "customer":   {"17": {"entityId": "C-17", "companyName": "Harbor", "isPerson": false, "subsidiary": {"id": "1"},
                            "creditLimit": 50000, "balance": 12000}}
    }

Records are by type and internal id, in the stored shape: references as ``{"id": ...}``, sublists as plain lists. What the
seed gives is not checked, so read-only fields (``balance``, ``unbilledOrders``) can be set. Types: ``subsidiary``,
``currency``, ``term``, ``department``, ``classification``, ``location``, ``billingSchedule``, ``customer``, ``employee``,
``job``, ``projectTask``, ``chart`` (records of type ``account``), ``serviceSaleItem``, ``otherChargeSaleItem``,
``salesTaxItem``, ``accountingPeriod``, ``timeBill``, ``charge``; and ``invoice`` and the others that post, which are checked
and post as they are seeded. Every account begins with the chart of accounts of the acceptance stories (``externalId`` is the
number), an item ``ITEM-<number>`` for each account that document lines post to, the tax code ``TAX`` and monthly periods from
2024 to 2031. A custom field is ``text``, ``flag``, ``number``, ``date``, ``department``, ``classification``, ``location`` or
``employee``. ``GET /_sandbox/state`` has the records under ``records``, by type and internal id, and what was deleted under
``deleted``.

What people do there is under ``/_sandbox/netsuite``: ``POST payments`` ``{customer, amount, on, apply: [{invoice, amount}],
withheld: [{invoice, amount, certificate}]}``, ``POST transactions/{id}/void`` ``{on}`` (a bounced payment), ``POST
invoices/{id}/approve``, ``GET|PUT periods`` ``{period: "2026-06", subsidiary, state: "open" | "ar_locked" | "closed"}``, ``GET
trial-balance?subsidiary=&until=``, ``GET journals?transaction=``.
"""

from sandbox.netsuite.account import NetSuite

VENDOR = NetSuite
