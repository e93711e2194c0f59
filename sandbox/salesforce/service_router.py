"""The CPQ package's own service: its bodies are JSON strings inside JSON, both ways."""

import json
from typing import Any

from sandbox.salesforce import automation
from sandbox.salesforce.identifiers import is_id, whole
from sandbox.salesforce.objects import OBJECTS, Object
from sandbox.salesforce.query import attributes, value_of
from sandbox.salesforce.records import Record, Records
from sandbox.salesforce.refusals import Refusal
from sandbox.salesforce.rest import Answer, Call

PATH = "/services/apexrest/SBQQ/ServiceRouter"
_GROUP = OBJECTS["SBQQ__QuoteLineGroup__c"]


def answer(records: Records, call: Call) -> Answer:
    """Read a quote as the package's QuoteReader does, or calculate one as its QuoteCalculator does."""
    try:
        match call.method, call.argument("reader"), call.argument("loader"):
            case "GET", "SBQQ.QuoteAPI.QuoteReader", _:
                return Answer(200, json.dumps(_model(records, call.argument("uid") or "")))
            case "PATCH", _, "SBQQ.QuoteAPI.QuoteCalculator":
                return Answer(200, json.dumps(_calculated(records, call)))
        raise Refusal("APEX_ERROR", "SBQQ.ServiceRouter.ServiceRouterException: Invalid service", status=500)
    except Refusal as refusal:
        return Answer(refusal.status, refusal.listed())


def _model(records: Records, identifier: str) -> Record:
    quote = records.table(automation.QUOTE).get(whole(identifier)) if is_id(identifier, (automation.QUOTE.prefix,)) else None
    if quote is None or quote["IsDeleted"]:
        raise Refusal("APEX_ERROR", "System.QueryException: List has no rows for assignment to SObject", status=500)
    lines = _details(records, automation.LINE, quote["Id"])
    groups = _details(records, _GROUP, quote["Id"])
    keys = {record["Id"]: number for number, record in enumerate((*groups, *lines), start=1)}
    return {
        "record": _shown(automation.QUOTE, quote),
        "lineItems": [_line(records, line, keys) for line in lines],
        "lineItemGroups": [{"record": _shown(_GROUP, group), "key": keys[group["Id"]]} for group in groups],
        "nextKey": len(keys) + 1,
        "netTotal": quote.get("SBQQ__NetAmount__c", 0.0),
        "customerTotal": quote.get("SBQQ__CustomerAmount__c", 0.0),
        "netNonSegmentTotal": quote.get("SBQQ__NetAmount__c", 0.0),
        "channelDiscountsOffList": False,
        "applyAdditionalDiscountLast": False,
        "applyPartnerDiscountFirst": False,
    }


def _line(records: Records, line: Record, keys: dict[str, int]) -> Record:
    shown = _shown(automation.LINE, line)
    product = records.table(automation.PRODUCT).get(line.get("SBQQ__Product__c") or "")
    if product:
        shown["SBQQ__Product__r"] = _shown(automation.PRODUCT, product)
    return {
        "record": shown,
        "key": keys[line["Id"]],
        "parentGroupKey": keys.get(line.get("SBQQ__Group__c") or ""),
        "parentItemKey": keys.get(line.get("SBQQ__RequiredBy__c") or ""),
        "productQuantityScale": None,
        "productQuantityEditable": True,
        "descriptionLocked": False,
        "reconfigurationDisabled": False,
        "upliftable": False,
        "productHasDimensions": False,
    }


def _details(records: Records, object_: Object, quote: str) -> list[Record]:
    found = [records.table(object_)[identifier] for identifier in records.matching(object_, "SBQQ__Quote__c", quote)]
    return sorted(found, key=lambda record: (record.get("SBQQ__Number__c") or 0, record["Id"]))


def _shown(object_: Object, record: Record) -> Record:
    """A record as Apex writes it: fields without a value are left out."""
    values = {name: value_of(record, field) for name, field in object_.fields.items()}
    return {"attributes": attributes(object_, record["Id"], "v62.0")} | {n: v for n, v in values.items() if v is not None}


def _calculated(records: Records, call: Call) -> Any:
    context = json.loads(call.record().get("context") or "{}")
    identifier = ((context.get("quote") or {}).get("record") or {}).get("Id", "")
    _model(records, identifier)
    automation.calculate(records, whole(identifier))
    return _model(records, identifier)
