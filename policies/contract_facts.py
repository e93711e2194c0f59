"""What a rule about a contract may speak of: the names that its expressions know, and their values for one contract."""

from collections.abc import Mapping

from canonical.contract import Contract
from policies.expression import Declared, Holds

DECLARED: Declared = {
    "value": Holds.NUMBER,
    "currency": Holds.TEXT,
    "entity": Holds.TEXT,
    "region": Holds.TEXT,
    "service_line": Holds.TEXT,
    "customer": Holds.TEXT,
    "customer_country": Holds.TEXT,
    "payment_terms_days": Holds.NUMBER,
    "term_days": Holds.NUMBER,
    "line_kinds": Holds.TEXTS,
    "services": Holds.TEXTS,
    "workstreams": Holds.TEXTS,
    "purchase_orders": Holds.TEXTS,
    "has_document": Holds.FLAG,
    "is_amendment": Holds.FLAG,
}


def facts_of(contract: Contract) -> Mapping[str, object]:
    """The values of all declared names; what the contract does not say is empty or zero."""
    bill_to = contract.payer.bill_to
    return {
        "value": contract.value.amount,
        "currency": contract.currency,
        "entity": contract.entity,
        "region": contract.region,
        "service_line": contract.service_line,
        "customer": contract.payer.reference,
        "customer_country": bill_to.country if bill_to else "",
        "payment_terms_days": contract.payment_terms_days or 0,
        "term_days": contract.term.days if contract.term else 0,
        "line_kinds": [line.kind.value for line in contract.lines],
        "services": [line.service_template for line in contract.lines],
        "workstreams": list(contract.workstreams),
        "purchase_orders": [order.number for order in contract.purchase_orders],
        "has_document": contract.document is not None,
        "is_amendment": contract.version > 1,
    }
