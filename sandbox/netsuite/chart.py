"""Record types that documents refer to: accounts, items, tax codes and accounting periods."""

from sandbox.netsuite.fields import STAMPS, RecordType, choice, date, flag, given, number, reference, text

ACCOUNT_TYPES = {
    "Bank": "Bank",
    "AcctRec": "Accounts Receivable",
    "OthCurrAsset": "Other Current Asset",
    "AcctPay": "Accounts Payable",
    "OthCurrLiab": "Other Current Liability",
    "DeferRevenue": "Deferred Revenue",
    "Equity": "Equity",
    "Income": "Income",
    "OthIncome": "Other Income",
    "COGS": "Cost of Goods Sold",
    "Expense": "Expense",
    "OthExpense": "Other Expense",
}
_ACCOUNT = RecordType(
    "account",
    {
        **STAMPS,
        "acctNumber": text("Number"),
        "acctName": text("Name"),
        "acctType": choice(ACCOUNT_TYPES, "Type"),
        "currency": reference("currency", label="Currency"),
        "subsidiary": reference("subsidiary", label="Subsidiary"),
        "fullName": given(text("Full Name")),
        "accountSearchDisplayName": given(text("Display Name")),
    },
    required=("acctName", "acctType"),
    named_by=("acctNumber", "acctName"),
    defaults={"isInactive": False},
    unique=("acctNumber",),
)


def _item(name: str) -> RecordType:
    fields = {
        **STAMPS,
        "itemId": text("Item Name/Number"),
        "displayName": text("Display Name"),
        "incomeAccount": reference("account", label="Income Account"),
        "subsidiary": reference("subsidiary", label="Subsidiary"),
        "rate": number("Sales Price"),
    }
    return RecordType(
        name,
        fields,
        required=("itemId", "incomeAccount"),
        named_by=("itemId",),
        defaults={"isInactive": False},
        unique=("itemId",),
    )


ITEMS = ("serviceSaleItem", "otherChargeSaleItem")
_TAX_CODE = RecordType(
    "salesTaxItem",
    {
        **STAMPS,
        "itemId": text("Tax Name"),
        "taxType": text("Tax Type"),
        "rate": number("Rate"),
        "taxAccount": reference("account", label="Tax Control Account"),
    },
    required=("itemId", "rate"),
    named_by=("itemId",),
    defaults={"isInactive": False, "rate": 0},
    unique=("itemId",),
)
_PERIOD = RecordType(
    "accountingPeriod",
    {
        "id": STAMPS["id"],
        "externalId": text("External ID"),
        "periodName": text("Period Name"),
        "startDate": date("Start Date"),
        "endDate": date("End Date"),
        "parent": reference("accountingPeriod", label="Sub-Period Of"),
        "isYear": flag("Period is a Year"),
        "isQuarter": flag("Period is a Quarter"),
        "isAdjust": flag("Period is Adjustment"),
        "isPosting": given(flag("Is Posting")),
        "isInactive": flag("Inactive"),
        "closed": given(flag("Closed")),
        "closedOnDate": given(date("Date Closed")),
        "arLocked": given(flag("A/R Locked")),
        "apLocked": given(flag("A/P Locked")),
        "allLocked": given(flag("All Locked")),
        "allowNonGLChanges": flag("Allow Non-G/L Changes"),
        "lastModifiedDate": STAMPS["lastModifiedDate"],
    },
    required=("periodName", "startDate", "endDate"),
    named_by=("periodName",),
    defaults={
        "isYear": False,
        "isQuarter": False,
        "isAdjust": False,
        "isPosting": True,
        "isInactive": False,
        "closed": False,
        "arLocked": False,
        "apLocked": False,
        "allLocked": False,
        "allowNonGLChanges": True,
    },
    unique=("periodName",),
)
CHART = (_ACCOUNT, *(_item(name) for name in ITEMS), _TAX_CODE, _PERIOD)
