"""Record types that classify or price others: subsidiaries, dimensions, currencies, terms and billing schedules."""

from sandbox.netsuite.fields import STAMPS, Field, RecordType, Sublist, choice, date, flag, given, number, reference, text, whole

# The enumeration has these five members (Oracle, "Billing Schedule Types"); the 2026.1 browser gives their ids as 1 to 5
# without saying which is which, so the order here is this account's.
SCHEDULE_TYPES = {
    "1": "Standard",
    "2": "Charge-Based",
    "3": "Fixed Bid, Interval",
    "4": "Fixed Bid, Milestone",
    "5": "Time and Materials",
}
_FREQUENCIES = {
    "DAILY": "Daily",
    "WEEKLY": "Weekly",
    "BIWEEKLY": "Every Two Weeks",
    "SEMIMONTHLY": "Twice a Month",
    "MONTHLY": "Monthly",
    "BIMONTHLY": "Every Two Months",
    "QUARTERLY": "Quarterly",
    "SEMIANNUALLY": "Twice a Year",
    "ANNUALLY": "Annually",
    "ONETIME": "One Time",
    "STARTOFPERIOD": "Start of Period",
    "ENDOFPERIOD": "End of Period",
    "CUSTOM": "Custom",
}


def _dimension(name: str, **more: Field) -> RecordType:
    fields = {
        **STAMPS,
        "name": text("Name"),
        "parent": reference(name, label="Subgroup of"),
        "subsidiary": reference("subsidiary", label="Subsidiary"),
        **more,
    }
    return RecordType(name, fields, required=("name",), defaults={"isInactive": False}, unique=("name",))


_SUBSIDIARY = RecordType(
    "subsidiary",
    {
        **STAMPS,
        "name": text("Name"),
        "legalName": text("Legal Name"),
        "currency": reference("currency", label="Currency"),
        "country": Field("country", "Country"),
        "parent": reference("subsidiary", label="Sub-Subsidiary of"),
        "tranPrefix": text("Document Number Prefix"),
        "isElimination": flag("Elimination"),
    },
    required=("name", "currency"),
    defaults={"isInactive": False, "isElimination": False},
    unique=("name",),
)
_CURRENCY = RecordType(
    "currency",
    {
        **STAMPS,
        "name": text("Name"),
        "symbol": text("ISO Code"),
        "exchangeRate": number("Default Rate"),
        "currencyPrecision": whole("Currency Precision"),
    },
    required=("name", "symbol"),
    defaults={"isInactive": False},
    unique=("symbol",),
)
_TERM = RecordType(
    "term",
    {**STAMPS, "name": text("Terms"), "daysUntilNetDue": whole("Days Till Net Due")},
    required=("name",),
    defaults={"isInactive": False},
    unique=("name",),
)
_MILESTONE = Sublist(
    key="milestoneId",
    lines={
        "milestoneId": given(whole()),
        "milestoneAmount": number("Amount"),
        "milestoneDate": date("Estimated Completion Date"),
        "milestoneActualCompletionDate": date("Actual Completion Date"),
        "milestoneCompleted": flag("Completed"),
        "milestoneTerms": reference("term", label="Payment Terms"),
        "projectTask": reference("projectTask", label="Project Task"),
        "comments": text("Comment"),
    },
    required=("milestoneAmount",),
)
_RECURRENCE = Sublist(
    key="recurrenceId",
    lines={
        "recurrenceId": given(whole()),
        "amount": number("Amount"),
        "count": whole("Count"),
        "recurrenceDate": date("Date"),
        "relativeToPrevious": flag("Relative to Previous"),
        "units": choice({"DAY": "Day", "WEEK": "Week", "MONTH": "Month"}, "Units"),
        "paymentTerms": reference("term", label="Payment Terms"),
    },
    required=("amount",),
)
_BILLING_SCHEDULE = RecordType(
    "billingSchedule",
    {
        **STAMPS,
        "name": text("Name"),
        "scheduleType": choice(SCHEDULE_TYPES, "Type"),
        "job": reference("job", label="Project"),
        "frequency": choice(_FREQUENCIES, "Recurrence Frequency"),
        "repeatEvery": choice({str(n): str(n) for n in (1, 2, 3, 4, 6)}, "Repeat Every"),
        "numberRemaining": whole("Recurrence Count"),
        "seriesStartDate": date("Recurrence Date"),
        "initialAmount": number("Initial Amount"),
        "initialAmountPercent": number("Initial Amount in %"),
        "initialTerms": reference("term", label="Initial Payment Terms"),
        "recurrenceTerms": reference("term", label="Recurrence Payment Terms"),
        "inArrears": flag("In Arrears"),
        "isPublic": flag("Public"),
        "applyToSubtotal": flag("Apply To Subtotal"),
        "billForActuals": flag("Invoice Actual Time Only"),
    },
    required=("name", "scheduleType"),
    sublists={"milestone": _MILESTONE, "recurrence": _RECURRENCE},
    defaults={"isInactive": False, "inArrears": False, "isPublic": False},
)
LISTS = (
    _SUBSIDIARY,
    _CURRENCY,
    _TERM,
    _dimension("department"),
    _dimension("classification"),
    _dimension("location"),
    _BILLING_SCHEDULE,
)
