"""Salesforce in rehearsals: the deal with its quote."""

from collections.abc import Iterator, Sequence

from rehearsal.beginning import Beginning
from rehearsal.deal import Deal, Line, Party
from rehearsal.record import Holding, Json, Record, contract_of, spoken_amount
from rehearsal.systems.system import Secrets, System


class Salesforce(System):
    """CRM and CPQ."""

    name = "salesforce"
    title = "Salesforce"
    secrets = ("salesforce_secret", "salesforce_webhook")

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {
            "HANDOFF_SALESFORCE_CLIENT_ID": "handoff-sandbox",
            "HANDOFF_SALESFORCE_CLIENT_SECRET": secrets["salesforce_secret"],
            "HANDOFF_SALESFORCE_WEBHOOK_SECRET": secrets["salesforce_webhook"],
        }

    def access(self, secrets: Secrets, gateway: str) -> Json:
        url = f"{gateway}/webhooks/salesforce/{secrets['salesforce_webhook']}"
        watched = ["StageName", "Contract_Reference__c", "Purchase_Orders__c", "Legal_Entity__c"]
        messages = [{"object": "Opportunity", "url": url, "on": watched}, {"object": "Contract", "url": url}]
        return {"_org": {"client_secret": secrets["salesforce_secret"], "outbound_messages": messages}}

    def seed(self, beginning: Beginning) -> Json:
        return {"_deals": [_deal(contract, deal) for contract, deal in beginning.deals.items()]}

    def records(self, state: Json) -> Iterator[Record]:
        for deal in state.get("Opportunity", {}).values():
            contract = deal.get("Contract_Reference__c") or ""
            yield Record(self.name, "deal", deal["Id"], contract, contract, not deal["IsDeleted"], deal)
        for note in state.get("Task", {}).values():
            key = note.get("Handoff_Key__c") or ""
            yield Record(self.name, "note", note["Id"], key, contract_of(key), not note["IsDeleted"], note)

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        for record in mine:
            if (record.system, record.kind) == (self.name, "deal"):
                deal = record.fields
                handoff = deal.get("Handoff_Status__c") or "none"
                says = f"{deal['StageName']}, {spoken_amount(deal['Amount'])}; handoff: {handoff}"
                yield Holding(self.title, "deal", record.id, says)


def _deal(contract: str, deal: Deal) -> Json:
    return {
        "contract": contract,
        "title": deal.title or f"{deal.customer.name} {contract}",
        "customer": _party(deal.customer),
        "bill_to": _party(deal.bill_to) if deal.bill_to else None,
        "legal_entity": deal.entity,
        "service_line": deal.service_line,
        "region": deal.region,
        "currency": deal.currency,
        "stage": "Closed Won" if deal.stage == "won" else "Negotiation/Review",
        "start": deal.starts.isoformat(),
        "end": deal.ends.isoformat(),
        "payment_terms": f"Net {deal.payment_terms_days}",
        "purchase_orders": deal.purchase_orders,
        "lines": [quoted for line in deal.lines for quoted in _quoted(line)],
    }


def _party(party: Party) -> Json:
    facts = party.model_dump(exclude={"purchase_order_per_workstream"})
    facts["legal_name"] = party.legal_name or party.name
    return {**facts, "order_per_workstream": party.purchase_order_per_workstream}


def _quoted(line: Line) -> list[Json]:
    """One line of the quote, or for time one for each role."""
    facts: Json = {"reference": line.line, "kind": line.kind, "workstream": line.workstream, "service_template": line.sells}
    title = line.title or line.sells.replace("-", " ").capitalize()
    if line.kind == "time_and_materials":
        return [
            {**facts, "name": f"{title}, {name}", "role": name, "price": str(role.rate), "quantity": str(role.hours)}
            for name, role in line.roles.items()
        ]
    if line.use:
        return [{**facts, "name": title, "price": str(line.use.price), "quantity": str(line.use.expected)}]
    return [{**facts, "name": title, "price": str(line.amount), "months": line.months}]
