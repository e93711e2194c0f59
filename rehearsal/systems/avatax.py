"""AvaTax in rehearsals: the firm's companies, and the tax documents recorded for them."""

from collections.abc import Iterator, Sequence

from rehearsal.beginning import Beginning
from rehearsal.record import Holding, Json, Record, spoken_amount
from rehearsal.systems.system import Secrets, System

ACCOUNT = "2000000001"
COMPANIES = {"US01": (1001, "US", "USD"), "UK01": (1002, "GB", "GBP"), "DE01": (1003, "DE", "EUR"), "IN01": (1004, "IN", "INR")}
_GONE = {"Cancelled", "Adjusted"}


class AvaTax(System):
    """The tax engine. Who taxes what, and where the firm is registered, is for each world to say."""

    name = "avatax"
    title = "AvaTax"
    secrets = ("avatax_key",)
    bound = frozenset({"tax_document"})
    asking = r"/transactions/create(\?|$)"  # as we use it: an order, which is calculated and not recorded

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {"HANDOFF_AVATAX_ACCOUNT": ACCOUNT, "HANDOFF_AVATAX_LICENCE_KEY": secrets["avatax_key"]}

    def access(self, secrets: Secrets, gateway: str) -> Json:
        return {"accounts": {ACCOUNT: {"licence_key": secrets["avatax_key"]}}}

    def seed(self, beginning: Beginning) -> Json:
        return {"companies": {str(number): _company(entity) for entity, (number, _, _) in COMPANIES.items()}}

    def records(self, state: Json) -> Iterator[Record]:
        """By code, as people look for them; an earlier revision of a code is no record of its own."""
        for transaction in state["transactions"].values():
            if transaction["status"] != "Adjusted":
                code = transaction["code"]
                live = transaction["status"] not in _GONE
                yield Record(self.name, "tax_document", code, code, code.partition(".")[0], live, transaction)

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        for record in mine:
            if record.system == self.name:
                says = f"{spoken_amount(record.fields['totalTax'])} on {spoken_amount(record.fields['totalAmount'])}"
                yield Holding(self.title, "tax document", record.id, ("" if record.live else "void; ") + says)


def _company(entity: str) -> Json:
    _, country, currency = COMPANIES[entity]
    named: Json = {"companyCode": entity, "name": f"Northwind Advisory {entity}"}
    return named | {"defaultCountry": country, "baseCurrencyCode": currency, "isDefault": entity == "US01"}
