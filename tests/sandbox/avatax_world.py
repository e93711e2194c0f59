"""The small world of AvaTax tests: two companies that round differently, a state with a city, Germany, one exempt customer."""

from typing import Any

ACCOUNT, KEY = "2000000001", "avatax-sandbox-key"
US, DE = 1001, 1002


def a_world() -> dict[str, Any]:
    """Fresh records of every type; US01 has no nexus in Texas yet."""
    return {
        "companies": {
            str(US): {
                "companyCode": "US01",
                "name": "Firm Inc.",
                "defaultCountry": "US",
                "baseCurrencyCode": "USD",
                "isDefault": True,
            },
            str(DE): {
                "companyCode": "DE01",
                "name": "Firm GmbH",
                "defaultCountry": "DE",
                "baseCurrencyCode": "EUR",
                "roundingLevelId": "Document",
            },
        },
        "jurisdictions": {
            "TX": {
                "country": "US",
                "region": "TX",
                "jurisdictionType": "State",
                "jurisCode": "48",
                "jurisName": "TEXAS",
                "taxName": "TX STATE TAX",
                "rate": "0.0625",
                "nontaxable": ["SP"],
            },
            "AUSTIN": {
                "country": "US",
                "region": "TX",
                "city": "Austin",
                "jurisdictionType": "City",
                "jurisCode": "05000",
                "jurisName": "AUSTIN",
                "taxName": "TX CITY TAX",
                "rate": "0.02",
                "nontaxable": ["SP"],
            },
            "DE": {
                "country": "DE",
                "jurisdictionType": "Country",
                "jurisCode": "DE",
                "jurisName": "GERMANY",
                "taxName": "STANDARD VAT",
                "taxType": "Output",
                "rate": "0.19",
            },
        },
        "nexus": {
            "501": german_nexus(501, US),
            "502": german_nexus(502, DE),
        },
        "customers": {"601": {"companyId": US, "customerCode": "CUST-EXEMPT"}},
        "certificates": {
            "701": {
                "companyId": US,
                "customers": [{"companyId": US, "customerCode": "CUST-EXEMPT"}],
                "signedDate": "2020-01-01",
                "expirationDate": "2099-12-31",
                "exemptionReason": {"name": "RESALE"},
                "exposureZone": {"country": "US", "region": "TX"},
                "ecmsId": 9701,
            }
        },
    }


def german_nexus(number: int, company: int) -> dict[str, Any]:
    """A declaration for all of Germany."""
    return {
        "id": number,
        "companyId": company,
        "country": "DE",
        "region": "DE",
        "jurisdictionTypeId": "Country",
        "jurisCode": "DE",
        "jurisName": "GERMANY",
    }


def texan_nexus() -> dict[str, Any]:
    """What Texas wants to be declared."""
    return {"country": "US", "region": "TX", "jurisdictionTypeId": "State", "jurisCode": "48", "jurisName": "TEXAS"}


AUSTIN = {"line1": "500 W 2nd St", "city": "Austin", "region": "TX", "postalCode": "78701", "country": "US"}
SEATTLE = {"line1": "1100 2nd Ave", "city": "Seattle", "region": "WA", "postalCode": "98101", "country": "US"}
BERLIN = {"line1": "Torstr. 1", "city": "Berlin", "postalCode": "10119", "country": "DE"}


def a_model(**fields: Any) -> dict[str, Any]:
    """The model of an invoice of 20,000 to Austin."""
    return {
        "type": "SalesInvoice",
        "companyCode": "US01",
        "code": "INV-1",
        "date": "2026-07-31",
        "customerCode": "CUST-1",
        "currencyCode": "USD",
        "addresses": {"shipFrom": dict(SEATTLE), "shipTo": dict(AUSTIN)},
        "lines": [{"number": "1", "amount": 20000, "taxCode": "P0000000", "description": "Consulting in July"}],
        **fields,
    }
