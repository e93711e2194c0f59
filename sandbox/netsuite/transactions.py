"""The record types that post: invoice, credit memo, customer payment, customer deposit, deposit application, journal entry."""

from collections.abc import Mapping

from sandbox.netsuite.chart import ITEMS
from sandbox.netsuite.fields import Field, RecordType, Sublist, choice, date, flag, given, moment, number, reference, text, whole

_DIMENSIONS: Mapping[str, Field] = {
    "class": reference("classification", label="Class"),
    "department": reference("department", label="Department"),
    "location": reference("location", label="Location"),
}
_HEAD: Mapping[str, Field] = {
    "id": given(text("Internal ID")),
    "externalId": text("External ID"),
    "tranId": given(text("Number")),
    "transactionNumber": given(text("Transaction Number")),
    "subsidiary": reference("subsidiary", label="Subsidiary"),
    "currency": reference("currency", label="Currency"),
    "exchangeRate": number("Exchange Rate"),
    "tranDate": date("Date"),
    "postingPeriod": reference("accountingPeriod", label="Posting Period"),
    "memo": text("Memo"),
    **_DIMENSIONS,
    "createdDate": given(moment("Date Created")),
    "lastModifiedDate": given(moment("Last Modified Date")),
}
_MONEY: Mapping[str, Field] = {
    name: given(number(name)) for name in ("total", "subtotal", "taxTotal", "amountPaid", "amountRemaining")
}
_APPLIED: Mapping[str, Field] = {
    "applied": given(number("Applied")),
    "unapplied": given(number("Unapplied")),
}
_AUTO: Mapping[str, Field] = {"autoApply": flag("Auto Apply")}
APPROVAL = {"1": "Pending Approval", "2": "Approved", "3": "Rejected"}
STATUSES: Mapping[str, Mapping[str, str]] = {
    "invoice": {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    "creditMemo": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "customerPayment": {"A": "Unapproved Payment", "R": "Rejected", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    "customerDeposit": {
        "A": "Not Deposited",
        "B": "Deposited",
        "C": "Fully Applied",
        "D": "Unapproved",
        "R": "Rejected",
        "V": "Voided",
    },
    "depositApplication": {"A": "Applied", "V": "Voided"},
    "journalEntry": {"A": "Pending Approval", "B": "Approved for Posting", "V": "Voided"},
    "fxReval": {"B": "Posted"},
}
TYPES: Mapping[str, str] = {
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "customerDeposit": "CustDep",
    "depositApplication": "DepAppl",
    "journalEntry": "Journal",
    "fxReval": "FxReval",
}
TITLES: Mapping[str, str] = {
    "CustInvc": "Invoice",
    "CustCred": "Credit Memo",
    "CustPymt": "Payment",
    "CustDep": "Customer Deposit",
    "DepAppl": "Deposit Application",
    "Journal": "Journal",
    "FxReval": "Currency Revaluation",
}
_ITEM = Sublist(
    key="line",
    lines={
        "line": given(whole()),
        "item": reference(*ITEMS, label="Item"),
        "quantity": number("Quantity"),
        "rate": number("Rate"),
        "amount": number("Amount"),
        "description": text("Description"),
        **_DIMENSIONS,
        "job": reference("job", label="Project"),
        "taxCode": reference("salesTaxItem", label="Tax Code"),
        "taxRate1": given(number("Tax Rate")),
        "tax1Amt": given(number("Tax Amount")),
        "grossAmt": given(number("Gross Amount")),
        "taxDetailsReference": text("Tax Details Reference"),
        "isTaxable": flag("Taxable"),
        "price": choice({}, "Price Level"),
    },
    required=("item",),
)
_TAX_DETAILS = Sublist(
    key="line",
    lines={
        "line": given(whole()),
        "taxDetailsReference": choice({}, "Tax Details Reference"),
        "taxType": text("Tax Type"),
        "taxCode": reference("salesTaxItem", label="Tax Code"),
        "taxBasis": number("Tax Basis"),
        "taxRate": number("Tax Rate"),
        "taxAmount": number("Tax Amount"),
        "lineName": given(text("Name")),
        "netAmount": given(number("Net Amount")),
    },
    required=("taxDetailsReference", "taxAmount"),
    whole=True,
)
_APPLY = Sublist(
    key="doc",
    lines={
        "doc": reference("invoice", "journalEntry", label="Document"),
        "apply": flag("Apply"),
        "amount": number("Payment"),
        "applyDate": given(date("Date")),
        "refNum": given(text("Ref No.")),
        "type": given(text("Type")),
        "currency": given(text("Currency")),
        "total": given(number("Orig. Amt.")),
        "due": given(number("Amt. Due")),
    },
    required=("doc",),
    named=True,
)
_LINE = Sublist(
    key="line",
    lines={
        "line": given(whole()),
        "account": reference("account", label="Account"),
        "debit": number("Debit"),
        "credit": number("Credit"),
        "memo": text("Memo"),
        "entity": reference("job", "customer", "employee", label="Name"),
        **_DIMENSIONS,
    },
    required=("account",),
)


def _kind(name: str, own: Mapping[str, Field], required: tuple[str, ...], **sublists: Sublist) -> RecordType:
    status = given(choice(STATUSES[name], "Status"))
    return RecordType(name, {**_HEAD, **own, "status": status}, required=required, sublists=sublists, named_by=("tranId",))


_DOCUMENT: Mapping[str, Field] = {
    "entity": reference("customer", label="Customer"),
    "job": reference("job", label="Project"),
    "account": reference("account", label="Account"),
    "otherRefNum": text("PO/Check Number"),
    "startDate": date("Start Date"),
    "endDate": date("End Date"),
    "email": text("Email"),
    "message": text("Customer Message"),
    "toBeEmailed": flag("To Be Emailed"),
    "taxDetailsOverride": flag("Tax Details Override"),
    "taxPointDate": date("Tax Point Date"),
    **_MONEY,
}
_RECEIPT: Mapping[str, Field] = {
    "customer": reference("customer", label="Customer"),
    "account": reference("account", label="Account"),
    "payment": number("Payment Amount"),
    "checkNumber": text("Check #"),
    "total": given(number("Total")),
}
_INVOICE: Mapping[str, Field] = {
    **_DOCUMENT,
    "dueDate": date("Due Date"),
    "terms": reference("term", label="Terms"),
    "approvalStatus": choice(APPROVAL, "Approval Status"),
}
_CREDIT: Mapping[str, Field] = {**_DOCUMENT, **_APPLIED, **_AUTO, "createdFrom": reference("invoice", label="Created From")}
_PAYMENT: Mapping[str, Field] = {**_RECEIPT, **_APPLIED, **_AUTO, "arAcct": reference("account", label="A/R Account")}
_APPLICATION: Mapping[str, Field] = {
    "customer": given(reference("customer", label="Customer")),
    "deposit": reference("customerDeposit", label="Deposit"),
    "depositDate": given(date("Deposit Date")),
    "arAcct": reference("account", label="A/R Account"),
    "total": given(number("To Apply")),
    **_APPLIED,
}
_JOURNAL: Mapping[str, Field] = {
    "approved": flag("Approved"),
    "reversalDate": date("Reversal Date"),
    "reversalEntry": given(text("Reversal No.")),
    "isReversal": given(flag("Is Reversal")),
    "createdFrom": given(reference("journalEntry", "invoice", "creditMemo", "customerPayment", "customerDeposit")),
    "void": given(flag("Void")),
}
TRANSACTIONS = (
    _kind("invoice", _INVOICE, ("entity",), item=_ITEM, taxDetails=_TAX_DETAILS),
    _kind("creditMemo", _CREDIT, ("entity",), item=_ITEM, taxDetails=_TAX_DETAILS, apply=_APPLY),
    _kind("customerPayment", _PAYMENT, ("customer", "payment"), apply=_APPLY),
    _kind("customerDeposit", _RECEIPT, ("customer", "payment"),),
    _kind("depositApplication", _APPLICATION, ("deposit",), apply=_APPLY),
    _kind("journalEntry", _JOURNAL, ("subsidiary",), line=_LINE),
)  # fmt: skip
# NetSuite posts this itself; it can be queried, and is no record of the REST service.
FX = RecordType("fxReval", {**_HEAD, "status": given(choice(STATUSES["fxReval"], "Status"))}, named_by=("tranId",))
POSTING = (*(kind.name for kind in TRANSACTIONS), FX.name)
