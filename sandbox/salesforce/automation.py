"""What an org does by itself when records are saved: derived fields, numbers, and the CPQ package's pricing, which comes late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.objects import OBJECTS, Object
from sandbox.salesforce.refusals import Refusal
from sandbox.salesforce.standard import STAGES
from sandbox.salesforce.values import moment, stamp

if TYPE_CHECKING:
    from sandbox.salesforce.records import Record, Records

QUOTE, LINE, PRODUCT = OBJECTS["SBQQ__Quote__c"], OBJECTS["SBQQ__QuoteLine__c"], OBJECTS["Product2"]
PRICING = (
    "Quantity",
    "ListPrice",
    "SpecialPrice",
    "Discount",
    "AdditionalDiscountAmount",
    "PartnerDiscount",
    "ProrateMultiplier",
)


def before_save(records: Records, object_: Object, record: Record, before: Record) -> None:
    """Fill what the platform and the package derive from the record's own fields."""
    fill = _BEFORE.get(object_.name)
    if fill:
        fill(records, record, before)


def after_save(records: Records, object_: Object, record: Record, before: Record) -> None:
    """Carry a change to other records; totals of quotes wait for ``settle``, once for many lines."""
    if object_ is LINE:
        is_priced_anew = not before or record["IsDeleted"] or any(record.get(f) != before.get(f) for f in map(_packaged, PRICING))
        quote = record["SBQQ__Quote__c"]
        records.unsettled[quote] = records.unsettled.get(quote, False) or is_priced_anew
    if object_ is QUOTE and record.get("SBQQ__Primary__c") and not before.get("SBQQ__Primary__c"):
        _make_primary(records, record)


def settle(records: Records) -> None:
    """Bring the totals of quotes in line with their lines, at the end of whatever changed these."""
    unsettled, records.unsettled = records.unsettled, {}
    for quote, is_priced_anew in unsettled.items():
        if quote in records.table(QUOTE):
            _roll_up(records, quote)
            if is_priced_anew:
                _queue_calculation(records, quote)


def finish_calculations(records: Records) -> None:
    """Run the calculations of quotes whose time has come, as the package's asynchronous job does."""
    due = [quote for quote, at in records.state["_calculations"].items() if moment(at) <= records.now()]
    for quote in due:
        calculate(records, quote)


def calculate(records: Records, quote: str) -> None:
    """Price every line anew and say that the quote's totals hold."""
    records.state["_calculations"].pop(quote, None)
    for identifier in records.matching(LINE, "SBQQ__Quote__c", quote):
        line = records.table(LINE)[identifier]
        records.put(LINE, identifier, _prices(line), before=line)
    settle(records)
    record = records.table(QUOTE)[quote]
    now = stamp(records.now())
    records.put(QUOTE, quote, {"SBQQ__Uncalculated__c": False, "SBQQ__LastCalculatedOn__c": now}, before=record)
    _sync_opportunity(records, records.table(QUOTE)[quote])


def _opportunity(_: Records, record: Record, before: Record) -> None:
    closed, won, probability, category = STAGES.get(record.get("StageName", ""), (False, False, 0, "Pipeline"))
    record.update(IsClosed=closed, IsWon=won, ForecastCategory=category)
    if record.get("StageName") != before.get("StageName"):
        record["Probability"] = float(probability)


def _person(_: Records, record: Record, before: Record) -> None:
    record["Name"] = " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part)


def _task(_: Records, record: Record, before: Record) -> None:
    record["Status"] = record.get("Status") or "Not Started"
    record["Priority"] = record.get("Priority") or "Normal"
    record["IsClosed"] = record["Status"] == "Completed"


def _contract(records: Records, record: Record, before: Record) -> None:
    record["ContractNumber"] = record.get("ContractNumber") or f"{records.next_number('contracts'):08d}"
    record["Status"] = record.get("Status") or "Draft"
    activates = record["Status"] == "Activated" and before.get("Status") != "Activated"
    if activates and not before and not record.get("_seeded"):
        raise Refusal("FAILED_ACTIVATION", "Choose a valid contract status and save your changes.", fields=("Status",))
    if before.get("Status") == "Activated" and record["Status"] != "Activated":
        raise Refusal("INVALID_STATUS", "Activated contracts can't be moved back to draft.", fields=("Status",))
    if activates:
        record["ActivatedDate"] = stamp(records.now())
    record.pop("_seeded", None)


def _quote(records: Records, record: Record, before: Record) -> None:
    record["Name"] = record.get("Name") or f"Q-{records.next_number('quotes'):05d}"
    record["SBQQ__Status__c"] = record.get("SBQQ__Status__c") or "Draft"
    record["SBQQ__Type__c"] = record.get("SBQQ__Type__c") or "Quote"


def _line(records: Records, record: Record, before: Record) -> None:
    record["Name"] = record.get("Name") or f"QL-{records.next_number('quote lines'):07d}"
    product = records.table(PRODUCT).get(record.get("SBQQ__Product__c") or "", {})
    record["SBQQ__ProductName__c"] = product.get("Name")
    record["SBQQ__ProductCode__c"] = product.get("ProductCode")
    record["SBQQ__ProductFamily__c"] = product.get("Family")
    quantity = record["SBQQ__EffectiveQuantity__c"] = record.setdefault("SBQQ__Quantity__c", 1.0)
    for total, price in {"Net": "Net", "Customer": "Customer", "List": "List", "Regular": "Regular", "Package": "Net"}.items():
        record[f"SBQQ__{total}Total__c"] = _times(record.get(f"SBQQ__{price}Price__c"), quantity)
    record["SBQQ__EffectiveStartDate__c"] = record.get("SBQQ__StartDate__c")
    record["SBQQ__EffectiveEndDate__c"] = record.get("SBQQ__EndDate__c")
    record["SBQQ__EffectiveSubscriptionTerm__c"] = record.get("SBQQ__SubscriptionTerm__c")


_BEFORE: dict[str, Callable[[Records, Record, Record], None]] = {
    "Opportunity": _opportunity,
    "Contact": _person,
    "User": _person,
    "Task": _task,
    "Contract": _contract,
    "SBQQ__Quote__c": _quote,
    "SBQQ__QuoteLine__c": _line,
}


def _prices(line: Record) -> Record:
    """The package's price waterfall: list or special, customer's discount, partner's, net (prorated)."""
    special = line.get("SBQQ__SpecialPrice__c")
    regular = _exact(line.get("SBQQ__ListPrice__c") if special is None else special)
    customer = regular * (1 - _exact(line.get("SBQQ__Discount__c")) / 100) - _exact(line.get("SBQQ__AdditionalDiscountAmount__c"))
    partner = customer * (1 - _exact(line.get("SBQQ__PartnerDiscount__c")) / 100)
    net = partner * _exact(line.get("SBQQ__ProrateMultiplier__c") or 1)
    waterfall = {"RegularPrice": regular, "CustomerPrice": customer, "PartnerPrice": partner, "NetPrice": net}
    return {_packaged(name): _rounded(price) for name, price in waterfall.items()}


def _roll_up(records: Records, quote: str) -> None:
    lines = [records.table(LINE)[found] for found in records.matching(LINE, "SBQQ__Quote__c", quote)]
    totals: Record = {"SBQQ__LineItemCount__c": float(len(lines))}
    for kind in ("Net", "Customer", "List", "Regular"):
        total = sum(
            (_exact(line.get(f"SBQQ__{kind}Total__c")) for line in lines if not line.get("SBQQ__Optional__c")), Decimal(0)
        )
        totals[f"SBQQ__{kind}Amount__c"] = _rounded(total)
    record = records.table(QUOTE)[quote]
    if any(record.get(name) != value for name, value in totals.items()):
        records.put(QUOTE, quote, totals, before=record)


def _queue_calculation(records: Records, quote: str) -> None:
    wait = records.state["_org"]["cpq_calculation_seconds"]
    record = records.table(QUOTE)[quote]
    if not record.get("SBQQ__Uncalculated__c"):
        records.put(QUOTE, quote, {"SBQQ__Uncalculated__c": True, "SBQQ__LastSavedOn__c": stamp(records.now())}, before=record)
    if wait is not None:
        records.state["_calculations"].setdefault(quote, (records.now() + timedelta(seconds=wait)).isoformat())


def _make_primary(records: Records, quote: Record) -> None:
    opportunity = quote.get("SBQQ__Opportunity2__c")
    if not opportunity:
        return
    for other in records.matching(QUOTE, "SBQQ__Opportunity2__c", opportunity):
        if other != quote["Id"] and records.table(QUOTE)[other].get("SBQQ__Primary__c"):
            records.put(QUOTE, other, {"SBQQ__Primary__c": False}, before=records.table(QUOTE)[other])
    held = records.table(OBJECTS["Opportunity"])[opportunity]
    records.put(OBJECTS["Opportunity"], opportunity, {"SBQQ__PrimaryQuote__c": quote["Id"]}, before=held)


def _sync_opportunity(records: Records, quote: Record) -> None:
    opportunity = quote.get("SBQQ__Opportunity2__c")
    if not (opportunity and quote.get("SBQQ__Primary__c")):
        return
    held = records.table(OBJECTS["Opportunity"])[opportunity]
    if held.get("Amount") != quote.get("SBQQ__NetAmount__c"):
        records.put(OBJECTS["Opportunity"], opportunity, {"Amount": quote.get("SBQQ__NetAmount__c")}, before=held)


def _packaged(name: str) -> str:
    return f"SBQQ__{name}__c"


def _exact(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _rounded(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _times(price: Any, quantity: Any) -> float | None:
    return None if price is None else _rounded(_exact(price) * _exact(quantity))
