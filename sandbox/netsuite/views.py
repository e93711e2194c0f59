"""The tables of SuiteQL that no record type has: transactions with their lines and postings, items, links, closing tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.netsuite.amounts import exact, plain
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.chart import ITEMS
from sandbox.netsuite.fields import Field, choice, date, flag, moment, number, reference, text, whole
from sandbox.netsuite.periods import state_of
from sandbox.netsuite.transactions import APPROVAL, POSTING, STATUSES, TITLES, TYPES

if TYPE_CHECKING:
    from sandbox.netsuite.records import Records

Rows = Callable[["Records", str, Json], Iterator[Json]]


@dataclass(frozen=True)
class View:
    """A table that is made of records of several types; ``custom`` names the declarations whose columns it has as well."""

    kinds: tuple[str, ...]
    columns: Mapping[str, Field]
    rows: Rows
    custom: tuple[str, ...] = field(default=())


_DIMENSIONS: Mapping[str, Field] = {
    "class": reference("classification"),
    "department": reference("department"),
    "location": reference("location"),
}
_PARTY = reference("customer", "job", "employee")


def _transactions(records: Records, kind: str, record: Json) -> Iterator[Json]:
    status = record["status"]["id"]
    title = TITLES[TYPES[kind]]
    used = {"foreignamountpaid": "amountPaid", "foreignamountunpaid": "amountRemaining"}
    if kind not in {"invoice", "journalEntry"}:
        used = {"foreignpaymentamountused": "applied", "foreignpaymentamountunused": "unapplied"}
    amounts = {column: record[name] for column, name in used.items() if name in record}
    if kind == "customerDeposit":
        free = record["_free"]
        taken = 0 if record.get("_voided") else plain(exact(record["payment"]) - exact(free))
        amounts = {"foreignpaymentamountused": taken, "foreignpaymentamountunused": free}
    names: tuple[str, ...] = (
        "externalId",
        "tranId",
        "transactionNumber",
        "tranDate",
        "dueDate",
        "postingPeriod",
        "approvalStatus",
        "currency",
    )
    names += ("exchangeRate", "taxTotal", "memo", "otherRefNum", "createdDate", "lastModifiedDate", "reversal", *_DIMENSIONS)
    yield {
        **{name.lower(): record[name] for name in names if name in record},
        **{name: value for name, value in record.items() if name.startswith("custbody")},
        **amounts,
        "id": record["id"],
        "type": {"id": TYPES[kind]},
        "recordtype": kind.lower(),
        "trandisplayname": f"{title} #{record['tranId']}",
        "entity": record.get("entity") or record.get("customer"),
        "status": {"id": status, "refName": f"{title} : {STATUSES[kind][status]}"},
        "foreigntotal": record.get("total", _main(record)["foreign"]),
        "posting": record["_posting"],
        "voided": bool(record.get("_voided")),
    }


def _lines(records: Records, kind: str, record: Json) -> Iterator[Json]:
    for line in record["_impact"]:
        copied = ("item", "quantity", "rate", "memo", *_DIMENSIONS)
        yield {
            **{name: line[name] for name in copied if name in line},
            **{name: value for name, value in line.items() if name.startswith("custcol")},
            "uniquekey": int(record["id"]) * 100_000 + line["line"],
            "id": line["line"],
            "transaction": {"id": record["id"]},
            "linesequencenumber": line["line"],
            "mainline": line["line"] == 0 and kind != "journalEntry",
            "taxline": line["role"] == "tax",
            "entity": line.get("entity"),
            "subsidiary": record["subsidiary"],
            "foreignamount": line["foreign"],
            "netamount": line["base"],
        }


def _postings(records: Records, kind: str, record: Json) -> Iterator[Json]:
    for line in record["_impact"]:
        side = "debit" if line["base"] > 0 else "credit"
        yield {
            "transaction": {"id": record["id"]},
            "transactionline": line["line"],
            "accountingbook": 1,
            "account": {"id": line["account"]},
            side: abs(line["base"]),
            "amount": line["base"],
            "netamount": line["base"],
            "exchangerate": record["exchangeRate"],
            "posting": record["_posting"],
        }


def _links(records: Records, kind: str, record: Json) -> Iterator[Json]:
    for line in record.get("apply", []):
        invoice = records.find("invoice", line["doc"]["id"])
        yield {
            "previousdoc": line["doc"],
            "previoustype": {"id": "CustInvc" if invoice else "Journal"},
            "nextdoc": {"id": record["id"]},
            "nexttype": {"id": TYPES[kind]},
            "linktype": "Payment",
            "foreignamount": line["amount"],
            "lastmodifieddate": record["lastModifiedDate"],
        }


def _items(records: Records, kind: str, record: Json) -> Iterator[Json]:
    names = ("id", "externalId", "itemId", "displayName", "incomeAccount", "isInactive", "subsidiary")
    found = {name.lower(): record[name] for name in names if name in record}
    yield {**found, "itemtype": {"id": "Service" if kind == "serviceSaleItem" else "OthCharge"}}


def _closing(records: Records, kind: str, record: Json) -> Iterator[Json]:
    """The period-close checklist: which of its tasks are done, by subsidiary."""
    for subsidiary in records.all("subsidiary") if record.get("_states") else ():
        state = state_of(record, subsidiary)
        done = {"PCP_LOCKAR": state != "open", "PCP_LOCKALL": state == "closed", "PCP_CLOSEPERIOD": state == "closed"}
        for task, complete in done.items():
            yield {"period": {"id": record["id"]}, "subsidiary": {"id": subsidiary}, "itemtype": task, "complete": complete}


def _main(record: Json) -> Json:
    found: Json = record["_impact"][0]
    return found


_TYPE = choice(TITLES)
_LINK = View(
    ("creditMemo", "customerPayment", "depositApplication"),
    {
        "previousdoc": number(),
        "previoustype": _TYPE,
        "nextdoc": number(),
        "nexttype": _TYPE,
        "linktype": text(),
        "foreignamount": number(),
        "lastmodifieddate": moment(),
    },
    _links,
)
VIEWS: Mapping[str, View] = {
    "transaction": View(
        POSTING,
        {
            "id": whole(),
            **dict.fromkeys(("externalid", "recordtype", "tranid", "transactionnumber", "trandisplayname"), text()),
            "type": _TYPE,
            "trandate": date(),
            "duedate": date(),
            "postingperiod": reference("accountingPeriod"),
            "entity": _PARTY,
            "status": choice({}),
            "approvalstatus": choice(APPROVAL),
            "currency": reference("currency"),
            **dict.fromkeys(("exchangerate", "foreigntotal", "foreignamountpaid", "foreignamountunpaid"), number()),
            **dict.fromkeys(("foreignpaymentamountused", "foreignpaymentamountunused", "taxtotal"), number()),
            **dict.fromkeys(("memo", "otherrefnum"), text()),
            "posting": flag(),
            "voided": flag(),
            "reversal": number(),
            "createddate": moment(),
            "lastmodifieddate": moment(),
            **_DIMENSIONS,
        },
        _transactions,
        POSTING,
    ),
    "transactionline": View(
        POSTING,
        {
            **dict.fromkeys(("uniquekey", "id", "transaction", "linesequencenumber"), number()),
            "mainline": flag(),
            "taxline": flag(),
            "item": reference(*ITEMS),
            **dict.fromkeys(("quantity", "rate", "foreignamount", "netamount"), number()),
            "memo": text(),
            "entity": _PARTY,
            "subsidiary": reference("subsidiary"),
            **_DIMENSIONS,
        },
        _lines,
        ("invoice.item", "creditMemo.item", "journalEntry.line"),
    ),
    "transactionaccountingline": View(
        POSTING,
        {
            **dict.fromkeys(("transaction", "transactionline", "accountingbook"), number()),
            "account": reference("account"),
            **dict.fromkeys(("debit", "credit", "amount", "netamount", "exchangerate"), number()),
            "posting": flag(),
        },
        _postings,
    ),
    "previoustransactionlinelink": _LINK,
    "nexttransactionlinelink": _LINK,
    "item": View(
        ITEMS,
        {
            "id": whole(),
            **dict.fromkeys(("externalid", "itemid", "displayname"), text()),
            "itemtype": choice({"Service": "Service", "OthCharge": "Other Charge"}),
            "incomeaccount": reference("account"),
            "subsidiary": reference("subsidiary"),
            "isinactive": flag(),
        },
        _items,
    ),
    "taskitemstatus": View(
        ("accountingPeriod",),
        {
            "period": reference("accountingPeriod"),
            "subsidiary": reference("subsidiary"),
            "itemtype": text(),
            "complete": flag(),
        },
        _closing,
    ),
}
