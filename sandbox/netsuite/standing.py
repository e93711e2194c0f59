"""What every new account holds already: a chart of accounts, items to bill, a tax code, accounting periods, custom fields."""

import calendar
from collections.abc import Iterator
from datetime import date

from sandbox.netsuite.bodies import Json

_ACCOUNTS = (
    ("1000", "Cash", "Bank"),
    ("1100", "Accounts Receivable", "AcctRec"),
    ("1120", "Withholding Tax Receivable", "OthCurrAsset"),
    ("1150", "Contract Asset (Unbilled)", "OthCurrAsset"),
    ("1300", "Intercompany Receivable", "OthCurrAsset"),
    ("2000", "Payables", "AcctPay"),
    ("2100", "Intercompany Payable", "OthCurrLiab"),
    ("2200", "Tax Payable", "OthCurrLiab"),
    ("2300", "Contract Liability (Deferred)", "DeferRevenue"),
    ("2350", "Customer Deposits (Retainers)", "OthCurrLiab"),
    ("4000", "Revenue T&M", "Income"),
    ("4010", "Revenue Fixed Fee", "Income"),
    ("4020", "Revenue Subscription", "Income"),
    ("4030", "Reimbursed Expenses", "Income"),
    ("4900", "Intercompany Revenue", "Income"),
    ("4910", "Breakage", "Income"),
    ("5000", "Labor", "COGS"),
    ("5100", "Project Expenses", "COGS"),
    ("5900", "Intercompany Cost", "COGS"),
    ("6900", "Write-offs", "Expense"),
    ("7000", "FX Gain/Loss", "OthExpense"),
    ("7010", "Rounding", "OthExpense"),
    ("1090", "Customer Credit Clearing", "Bank"),
)
_SERVICES = ("4000", "4010", "4020", "4030", "4900", "4910")
_OTHER_CHARGES = ("1120", "1150", "2300", "2350", "5900", "6900", "7010")
_CATEGORIES = ("SVC-SENIOR", "SVC-CONSULT", "SVC-ADVISOR", "SVC-ARCHITECT")  # the firm's labor categories, as items
_YEARS = range(2024, 2032)
_TEXTS = ("contract", "correlation", "mapping", "rate_version", "actor", "certificate", "source")
_COLUMNS = ("practice", "region", "revenue_treatment", "cost_center", "contract_line", "billables")
_WITH_LINES = {"invoice": "item", "creditMemo": "item", "journalEntry": "line"}


def custom_fields() -> Json:
    """What a firm adds for its dimensions and its references; without these a record that carries them is refused."""
    dimensions = ("practice", "region", "revenue_treatment", "cost_center")
    found: Json = {"job": {f"custentity_handoff_{name}": "text" for name in dimensions}}
    body = {f"custbody_handoff_{name}": "text" for name in _TEXTS} | {"custbody_handoff_prior_period": "flag"}
    for kind in (*_WITH_LINES, "customerPayment", "customerDeposit", "depositApplication"):
        found[kind] = dict(body)
    dates = dict.fromkeys(("custcol_handoff_service_start", "custcol_handoff_service_end"), "date")
    for kind, sublist in _WITH_LINES.items():
        found[f"{kind}.{sublist}"] = {f"custcol_handoff_{name}": "text" for name in _COLUMNS} | dates
    return found


def records() -> dict[str, dict[str, Json]]:
    """Records by type and internal id. Internal ids are not the numbers of accounts, as they are not in a real account."""
    accounts = {str(200 + n): _account(*given) for n, given in enumerate(_ACCOUNTS)}
    ids = {record["acctNumber"]: key for key, record in accounts.items()}
    tax = {"externalId": "TAX", "itemId": "TAX", "taxType": "TAX", "rate": 0, "taxAccount": {"id": ids["2200"]}}
    return {
        "account": accounts,
        "serviceSaleItem": {
            **{str(300 + n): _item(number, ids) for n, number in enumerate(_SERVICES)},
            **{str(320 + n): _category(code, ids) for n, code in enumerate(_CATEGORIES)},
        },
        "otherChargeSaleItem": {str(350 + n): _item(number, ids) for n, number in enumerate(_OTHER_CHARGES)},
        "salesTaxItem": {"390": tax},
        "accountingPeriod": {record["id"]: record for record in _periods()},
    }


def _account(number: str, name: str, kind: str) -> Json:
    shown = {"fullName": name, "accountSearchDisplayName": f"{number} {name}"}
    return {"externalId": number, "acctNumber": number, "acctName": name, "acctType": {"id": kind}, **shown}


def _item(number: str, ids: dict[str, str]) -> Json:
    name = next(name for found, name, _ in _ACCOUNTS if found == number)
    return {"externalId": f"ITEM-{number}", "itemId": f"{number} {name}", "incomeAccount": {"id": ids[number]}}


def _category(code: str, ids: dict[str, str]) -> Json:
    return {"externalId": code, "itemId": code, "incomeAccount": {"id": ids["4000"]}}


def _periods() -> Iterator[Json]:
    """Years with their quarters with their months; only months are posted to."""
    for year in _YEARS:
        whole = str((year - _YEARS[0]) * 17 + 1)
        yield _period(whole, f"FY {year}", year, 1, 12, isYear=True, isPosting=False)
        for quarter in range(4):
            part, first = str(int(whole) + 1 + quarter * 4), quarter * 3 + 1
            above = {"parent": {"id": whole}}
            yield _period(part, f"Q{quarter + 1} {year}", year, first, first + 2, isQuarter=True, isPosting=False, **above)
            for month in range(first, first + 3):
                name, key = f"{calendar.month_abbr[month]} {year}", str(int(part) + month - first + 1)
                yield _period(key, name, year, month, month, parent={"id": part})


def _period(key: str, name: str, year: int, first: int, last: int, **more: object) -> Json:
    start, end = date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
    return {"id": key, "periodName": name, "startDate": start.isoformat(), "endDate": end.isoformat(), **more}
