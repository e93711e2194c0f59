"""One invoice through a real ERP: ``make demo-tryton`` posts the German half of S04 into Tryton, credits a part, reads it back.

The connector alone is shown here; the workflows that ask it are those of every other ERP.
"""

import asyncio
import sys
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from canonical.errors import Failure
from canonical.invoice import CreditMemo, DocumentLine, DocumentRecord, Invoice
from canonical.money import Money
from canonical.party import Address, Customer, TaxRegistration
from connectors.tryton.client import Tryton as Connector
from connectors.tryton.client import connect
from connectors.tryton.settings import Settings
from runtime.embedded.process import PartFailed
from runtime.embedded.tryton.server import Tryton, served

HOME = Path(".handoff") / "tryton"
ON = date(2026, 11, 20)
CUSTOMER = Customer(
    reference="ACME-DE",
    legal_name="Acme GmbH",
    currency="EUR",
    entity="DE01",
    addresses=(Address(line1="Unter den Linden 1", city="Berlin", postal_code="10117", country="DE"),),
    tax_registrations=(TaxRegistration(country="DE", number="DE129273398"),),
)


def _eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def _line(amount: str) -> DocumentLine:
    return DocumentLine(number=1, description="Milestone M1", amount=_eur(amount), tax_code="VAT19", account="4010")


INVOICE = Invoice(
    reference="INV-S04",
    contract="C-S04",
    entity="DE01",
    customer=CUSTOMER.reference,
    currency="EUR",
    invoice_date=ON,
    accounting_date=ON,
    due_date=date(2026, 12, 20),
    lines=(_line("27777.78"),),
    tax=_eur("5277.78"),
)
MEMO = CreditMemo(
    reference="CM-S04",
    invoice=INVOICE.reference,
    contract=INVOICE.contract,
    entity="DE01",
    customer=CUSTOMER.reference,
    currency="EUR",
    memo_date=ON,
    accounting_date=ON,
    reason="Acceptance of one part was withdrawn",
    lines=(_line("2777.78"),),
    tax=_eur("527.78"),
)


def _connected(server: Tryton) -> Connector:
    settings = Settings(
        base_url=server.url,
        database=server.database,
        login=server.login,
        password=SecretStr(server.passwords.integration),
        companies={"DE01": "DE01"},
        taxes={"VAT19": "VAT 19 %"},
    )
    return connect("tryton", settings)


async def _told(connector: Connector) -> None:
    print(f"Connected: {await connector.check()}.")
    customer = await connector.create_customer(CUSTOMER, key="create_customer/ACME-DE/DE01")
    print(f"Customer {CUSTOMER.legal_name} is party {customer.number}.")
    key = f"create_invoice/{INVOICE.reference}"
    posted = [await connector.post_invoice(INVOICE, customer_id=customer.target_id, project_id="", key=key) for _ in range(2)]
    print(f"Invoice {INVOICE.reference} was sent twice and is one: {' = '.join(found.number for found in posted)}.")
    _show(await connector.read_invoice(posted[0].target_id))
    await _show_postings(connector, posted[0].target_id)
    memo = await connector.post_credit_memo(MEMO, invoice_id=posted[0].target_id, key=f"create_credit_memo/{MEMO.reference}")
    _show(await connector.read_credit_memo(memo.target_id))
    _show(await connector.read_invoice(posted[0].target_id))


def _show(found: DocumentRecord) -> None:
    print(f"  {found.number}: {found.net} + {found.tax} tax = {found.total}, {found.open} open, {found.state}")


async def _show_postings(connector: Connector, invoice: str) -> None:
    for record in await connector.read_journals(invoice):
        for line in record.lines:
            print(f"    {line.account}  {f'debit  {line.debit}' if line.debit else f'credit {line.credit}'}")


async def main() -> int:
    """Starts Tryton over empty books, tells the story, and ends it in order."""
    print("Starting Tryton (its books are prepared the first time, which takes minutes on a slow machine) ...", flush=True)
    try:
        async with served(HOME, "demo") as server:
            connector = _connected(server)
            try:
                await _told(connector)
            finally:
                await connector.aclose()
    except (PartFailed, Failure) as failed:
        print(failed, file=sys.stderr)
        return 1
    print(
        "Shown: the connector against a real ERP. No workflow of Handoff ran. To keep a Tryton: python -m runtime.embedded.tryton"
    )
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
