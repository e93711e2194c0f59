"""Questions to AvaTax's models and transactions to our answers; pure."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from canonical.money import Money
from canonical.party import Address
from canonical.tax import TaxAnswer, TaxedLine, TaxQuestion
from canonical.written import Written
from connectors.avatax.schemas import Detail, Line, Nexus, Transaction
from connectors.http import Json

_LONGEST_CODE = 50
_LONGEST_STREET = 100
_LONGEST_DESCRIPTION = 2096
# In an address, a code's special characters are written in a way of their own.
_IN_ADDRESS = {"%": "_-ava25-_", "/": "_-ava2f-_", "+": "_-ava2b-_", "?": "_-ava3f-_", "#": "_-ava23-_", " ": "%20"}
_NO_NEXUS = "NexusRule"
_TAXED_BY_STATE = {"US"}
_RETURNS = {"ReturnInvoice", "ReturnOrder"}

COMMITTED, CANCELLED = "Committed", "Cancelled"


def document_code(reference: str) -> str:
    """Our reference as a document code; one that is too long is cut and told apart by a hash of the whole."""
    if len(reference) <= _LONGEST_CODE:
        return reference
    digest = hashlib.sha256(reference.encode()).hexdigest()[:12]
    return f"{reference[: _LONGEST_CODE - 13]}-{digest}"


def in_address(code: str) -> str:
    """A code as it is written in an address."""
    return "".join(_IN_ADDRESS.get(character, character) for character in code)


def estimate_model(question: TaxQuestion, company: str) -> Json:
    """A quote: a type that ends with Order is never recorded."""
    return _model(question, company) | {"type": "ReturnOrder" if question.is_credit else "SalesOrder", "commit": False}


def record_model(question: TaxQuestion, company: str, *, key: str) -> Json:
    """A document that is recorded or adjusted, and committed. Our key says whose doing this revision is."""
    kind = "ReturnInvoice" if question.is_credit else "SalesInvoice"
    model = _model(question, company) | {"type": kind, "commit": True, "referenceCode": key}
    return {
        "createTransactionModel": model,
        "adjustmentReason": "Other",
        "adjustmentDescription": f"Handoff {key}",
    }


def answer_of(transaction: Transaction, *, missing_nexus: Iterable[str], certificate: str) -> TaxAnswer:
    """What it says, in the question's sense: a credit's tax is positive here and negative there."""
    return TaxAnswer(
        tax=_money(transaction.total_tax, transaction),
        lines=tuple(_taxed(line, transaction) for line in transaction.lines),
        missing_nexus=tuple(sorted(missing_nexus)),
        exemption_certificate=certificate,
        is_committed=transaction.status == COMMITTED,
    )


def written_of(reference: str, transaction: Transaction, *, company: str, certificate: str) -> Written:
    """The record under our own reference: AvaTax gives every revision an id of its own."""
    tax = _money(transaction.total_tax, transaction)
    return Written(
        target_id=reference,
        number=transaction.code,
        version=str(transaction.version),
        details={
            "tax": format(tax.rounded().amount, "f"),
            "certificate": certificate,
            "company": company,
            "type": transaction.type,
            "status": transaction.status,
        },
    )


def certificate_of(transaction: Transaction) -> str:
    """The certificate that a line rests on: as CertCapture numbers it, else as the calculation does, else the number we sent."""
    for line in transaction.lines:
        found = line.certificate_id or (str(line.exempt_cert_id) if line.exempt_cert_id else "") or line.exempt_no
        if found:
            return found
    return ""


def without_nexus(transaction: Transaction) -> set[str]:
    """Jurisdictions that take nothing because the company has not declared nexus there.

    AvaTax says so in the details: rate and tax are zero, and ``nonTaxableType`` is ``NexusRule`` (seen in answers that Avalara
    published). Neither a message nor the status tells. A line that is exempt by the number we sent would be zero anyhow.
    """
    return {
        place_of(detail)
        for line in transaction.lines
        if not line.exempt_no
        for detail in line.details
        if detail.non_taxable_type == _NO_NEXUS and detail.non_taxable_amount
    }


def is_unexplained(transaction: Transaction) -> bool:
    """Whether some line bears no tax and no jurisdiction says why."""
    return any(line.line_amount and not line.tax and not line.details and not line.exempt_no for line in transaction.lines)


def is_registered(declared: Iterable[Nexus], transaction: Transaction) -> bool:
    """Whether one of these declarations holds for where the document goes, on its tax date."""
    on = date.fromisoformat((transaction.tax_date or transaction.date)[:10])
    return any(_reaches(nexus, transaction) and _is_on(nexus, on) for nexus in declared)


def place_of(detail: Detail) -> str:
    """A jurisdiction in one word: DE, US-TX, or ``US-TX Austin`` within a state."""
    return _place(detail.country, detail.region, detail.jurisdiction_type, detail.juris_name)


def destination_of(transaction: Transaction) -> str:
    """The country or state that a document goes to."""
    return _place(transaction.country or "", transaction.region, "State", "")


def _place(country: str, region: str | None, kind: str, name: str) -> str:
    if kind == "Country" or not region or region == country:
        return country
    return f"{country}-{region}" if kind == "State" else f"{country}-{region} {name.title()}"


def _reaches(nexus: Nexus, transaction: Transaction) -> bool:
    """In a country that taxes by state, its own nexus says nothing about a state."""
    if nexus.nexus_type_id == "None" or nexus.country != transaction.country:
        return False
    is_of_country = not nexus.region or nexus.region == nexus.country
    return nexus.region == transaction.region or (is_of_country and nexus.country not in _TAXED_BY_STATE)


def _is_on(nexus: Nexus, on: date) -> bool:
    return (nexus.effective_date or on) <= on <= (nexus.end_date or on)


def _model(question: TaxQuestion, company: str) -> Json:
    sign = -1 if question.is_credit else 1
    model: Json = {
        "code": document_code(question.reference),
        "companyCode": company,
        "date": (question.document_date or question.tax_date).isoformat(),
        "customerCode": question.customer,
        "currencyCode": question.currency,
        "addresses": {"shipFrom": _address(question.ship_from), "shipTo": _address(question.ship_to)},
        "lines": [
            {
                "number": str(line.number),
                "amount": line.amount.amount * sign,
                "taxCode": line.tax_code,
                "description": line.description[:_LONGEST_DESCRIPTION],
            }
            for line in question.lines
        ],
    }
    return model | _when_given(question)


def _when_given(question: TaxQuestion) -> Json:
    given: Json = {
        "exemptionNo": question.exemption,
        "entityUseCode": question.exempt_use,
        "businessIdentificationNo": question.customer_tax_number,
        "exchangeRate": question.exchange_rate,
    }
    if question.document_date is not None and question.document_date != question.tax_date:
        reason = "Return" if question.is_credit else "Date of supply"
        given["taxOverride"] = {"type": "TaxDate", "taxDate": question.tax_date.isoformat(), "reason": reason}
    return {name: value for name, value in given.items() if value}


def _address(address: Address) -> Json:
    """Streets may be cut: where tax is due is decided by postal code, city, region and country."""
    return {
        "line1": address.line1[:_LONGEST_STREET],
        "line2": address.line2[:_LONGEST_STREET],
        "city": address.city,
        "region": address.region,
        "postalCode": address.postal_code,
        "country": address.country,
    }


def _taxed(line: Line, transaction: Transaction) -> TaxedLine:
    charged = [detail for detail in line.details if detail.taxable_amount]
    return TaxedLine(
        number=int(line.line_number),
        taxable=_money(line.taxable_amount, transaction),
        tax=_money(line.tax, transaction),
        rate=sum((detail.rate for detail in charged), Decimal(0)),
        is_taxable=bool(line.taxable_amount) or any(detail.non_taxable_type == _NO_NEXUS for detail in line.details),
        jurisdictions=tuple(dict.fromkeys(place_of(detail) for detail in line.details)),
    )


def _money(amount: Decimal, transaction: Transaction) -> Money:
    signed = -amount if transaction.type in _RETURNS else amount
    return Money(amount=signed + Decimal(0), currency=transaction.currency_code)
