"""A simulated Avalara AvaTax account: the REST v2 API as Avalara's OpenAPI describes it, with a calculation behind it.

Paths are under ``/api/v2``. A new account has the number ``2000000001`` with the licence key ``avatax-sandbox-key`` (HTTP Basic).
The seed is JSON by record type; records are in the vendor's own shape, keyed by id; ``null`` takes a record away. Only
``jurisdictions`` is a shape of ours, since Avalara's own content (rates, boundaries, taxability) is not part of its API::

    {
      "companies": {"1001": {"companyCode": "US01", "name": "Firm Inc.", "defaultCountry": "US", "baseCurrencyCode": "USD",
                             "roundingLevelId": "Line", "isDefault": true}},
      "jurisdictions": {"TX": {"country": "US", "region": "TX", "jurisdictionType": "State", "jurisCode": "48",
                               "jurisName": "TEXAS", "taxName": "TX STATE TAX", "rate": "0.0625", "nontaxable": ["SP"]},
                        "AUSTIN": {"country": "US", "region": "TX", "city": "Austin", "jurisdictionType": "City",
                                   "jurisCode": "05000", "jurisName": "AUSTIN", "taxName": "TX CITY TAX", "rate": "0.02"}},
      "nexus": {"501": {"companyId": 1001, "country": "US", "region": "TX", "jurisCode": "48", "jurisName": "TEXAS"}},
      "customers": {"601": {"companyId": 1001, "customerCode": "CUST-7"}},
      "certificates": {"701": {"companyId": 1001, "customers": [{"customerCode": "CUST-7"}], "signedDate": "2026-01-01",
                               "expirationDate": "2028-12-31", "exemptionReason": {"name": "RESALE"},
                               "exposureZone": {"country": "US", "region": "TX"}}},
      "uses": {"G": "Resale"},                    // entity use codes that exempt
      "without_certificates": [1001]              // companies that have no certificate storage
    }

A jurisdiction may also have ``postalCodes`` (prefixes), ``effectiveDate``, ``endDate``, ``taxType`` and ``isSelfAdministered`` (a
city that wants nexus of its own). Nexus, customers and certificates can be made and changed by the API's own calls as well.

Simulated as the strictest reading: nexus is judged before any exemption; a transaction that is read shows its lines only when
``$include`` asks; ``create`` refuses a code that is committed, ``createoradjust`` makes a revision of it; what is locked is not
touched. Refused because not simulated: discounts, tax-included amounts, overrides other than of the tax date.
``invisible`` hides a recorded transaction from reads for a while.
"""

from sandbox.avatax.vendor import AvaTax

VENDOR = AvaTax
