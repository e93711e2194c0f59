"""What two performances of a story are compared by (U6): each fact of the billing ledger is a line, and none is left out."""

from collections import Counter
from decimal import Decimal

from canonical.billable import CreditDisposition
from canonical.sub_ledger import SubLedgerKind
from ledger.database import Database
from rehearsal.ledger_lines import ledger_lines
from rehearsal.ledger_view import ledger_view
from runtime.embedded.cluster import SUPERUSER
from runtime.embedded.postgres import Postgres
from tests.ledger.billing_firm import WHO, Firm, a_limit, an_item, usd
from tests.ledger.test_billing_mirrors import a_journal, a_payment, applied, erp_says

Lines = dict[str, Counter[str]]


async def lines(server: Postgres, name: str) -> Lines:
    async with ledger_view(server.dsn(name, role=SUPERUSER)) as view:
        return await ledger_lines(view)


def changed(before: Lines, after: Lines) -> set[str]:
    return {part for part in after if before[part] != after[part]}


async def test_whatever_happens_to_money_is_seen(server: Postgres, database_name: str, database: Database) -> None:
    firm, seen = Firm(database, "C-lines"), [await lines(server, database_name)]

    async def look() -> set[str]:
        seen.append(await lines(server, database_name))
        return changed(*seen[-2:])

    await a_limit(firm, SubLedgerKind.CAP, "L1", "9000")
    await firm.approve(an_item("lines.1", "10"), an_item("lines.2", "20"))
    assert await look() == set()  # items and balances are compared beside this
    await firm.bill("INV-C-lines")
    assert await look() == {"invoices", "invoice lines", "allocations", "moves of sub-ledgers"}
    assert "lines.1 bill INV-C-lines 1 2000" in seen[-1]["allocations"]
    assert "cap C-lines L1 billed INV-C-lines 6000" in seen[-1]["moves of sub-ledgers"]
    await firm.post("INV-C-lines")
    assert await look() == {"invoices"}
    await firm.ledger.journals.keep("erp", [a_journal().changed(document="id-INV-C-lines")])
    assert await look() == {"journals"}
    assert {line.rsplit(" on ")[0] for line in seen[-1]["journals"]} == {
        "INV-C-lines US01 1100 100 USD", "INV-C-lines US01 4000 -100 USD",
    }  # fmt: skip
    await firm.ledger.receivables.record_payments([a_payment(firm, "1", "4000", applied(firm, "4000"))], origin=WHO)
    assert await look() == {"payments", "applications of payments"}
    await erp_says(firm, "2000", "2")
    assert await look() == {"invoices"}
    await firm.ledger.disputes.open("D-lines", "INV-C-lines", usd(500), "hours", origin=WHO)
    assert await look() == {"disputes"}
    await firm.credit("CM-lines", "INV-C-lines", [("lines.2", "500", CreditDisposition.WRITTEN_OFF)])
    assert {"invoices", "allocations", "moves of sub-ledgers"} <= await look()
    assert (await firm.balance("lines.2")).net.amount == Decimal(3500)


async def test_the_same_again_is_no_difference(server: Postgres, database_name: str, database: Database) -> None:
    firm = Firm(database, "C-again")
    await firm.approve(an_item("again.1", "10"))
    await firm.bill("INV-C-again")
    before = await lines(server, database_name)
    await firm.approve(an_item("again.1", "10"))
    await firm.bill("INV-C-again")
    await firm.bill("INV-C-again-2")
    assert changed(before, await lines(server, database_name)) == set()
