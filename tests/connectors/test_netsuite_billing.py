"""The NetSuite connector passes the suite of all connectors for everything that billing writes, too."""

from typing import Any

from hypothesis import given as for_any
from hypothesis import strategies as st

from activities.billing_ports import GeneralLedger, Receivables
from canonical.errors import Conflict
from canonical.money import Money
from canonical.written import ClosedPeriod, RoundingLevel, Written
from connectors.netsuite.client import NetSuite, connect
from connectors.netsuite.documents import tax_by_line
from sandbox.vendor import SimulatedVendor
from tests.connectors.contract import Bench, ConnectorContract, WriteCase
from tests.connectors.netsuite_billing import (
    JUNE,
    a_billable,
    a_buyer,
    a_credit_memo,
    a_journal,
    a_line,
    an_invoice,
    charged_to,
    invoiced,
)
from tests.connectors.netsuite_world import a_project_id, a_vendor, held, settings, usd

CHARGES = WriteCase(
    kind="charges",
    writes="/record/v1/charge/",
    method="PUT",
    prepare=a_project_id,
    create=lambda c, project_id: c.post_charges(charged_to(project_id, a_billable()), key="post_charges/C-1/1"),
    find=lambda c, project_id: _charged(c, project_id),
    held=lambda state: len(held(state, "charge", externalId="kantata__1")),
    reverse=lambda c, _, __: c.reverse_charges(["kantata.1"], "the entry was un-approved", key="reverse_charges/C-1/1"),
    is_reversed=lambda state: all(one["stage"] == {"id": "NON_BILLABLE"} for one in held(state, "charge")),
)
INVOICE = WriteCase(
    kind="invoice",
    writes="/record/v1/invoice$",
    method="POST",
    prepare=a_buyer,
    create=lambda c, customer_id: c.post_invoice(
        an_invoice(), customer_id=customer_id, project_id="", key="create_invoice/INV-100"
    ),
    find=lambda c, _: c.find_invoice("INV-100", key="create_invoice/INV-100"),
    held=lambda state: len(held(state, "invoice", externalId="INV-100")),
    reverse=lambda c, written, _: _credited(c, written),
    is_reversed=lambda state: held(state, "invoice", externalId="INV-100")[0]["amountRemaining"] == 0,
)
CREDIT_MEMO = WriteCase(
    kind="credit_memo",
    writes="/record/v1/creditMemo$",
    method="POST",
    prepare=lambda c: _invoiced(c, "INV-200"),
    create=lambda c, invoice: c.post_credit_memo(a_credit_memo(), invoice_id=invoice, key="create_credit_memo/CM-100"),
    find=lambda c, _: c.find_credit_memo("CM-100", key="create_credit_memo/CM-100"),
    held=lambda state: len(held(state, "creditMemo", externalId="CM-100")),
)
DEPOSIT = WriteCase(
    kind="deposit",
    writes="/record/v1/customerDeposit$",
    method="POST",
    prepare=a_buyer,
    create=lambda c, customer_id: c.post_deposit("DEP-100", customer_id, usd("5000"), JUNE, key="post_deposit/DEP-100"),
    find=lambda c, _: c.find_deposit("DEP-100", key="post_deposit/DEP-100"),
    held=lambda state: len(held(state, "customerDeposit", externalId="DEP-100")),
)
APPLICATION = WriteCase(
    kind="application",
    writes="/record/v1/customerDeposit/[0-9]+/!transform/depositApplication$",
    method="POST",
    prepare=lambda c: _deposited(c),
    create=lambda c, pair: c.apply_credit(*pair, usd("1000"), key="apply_credit/DEP-200/INV-300"),
    find=lambda c, pair: c.find_application(*pair, key="apply_credit/DEP-200/INV-300"),
    held=lambda state: len(held(state, "depositApplication")),
)
OF_A_CREDIT_MEMO = WriteCase(
    kind="application",
    writes="/record/v1/creditMemo/",
    method="PATCH",
    prepare=lambda c: _in_credit(c),
    create=lambda c, pair: c.apply_credit(*pair, usd("150"), key="apply_credit/CM-400/INV-500"),
    find=lambda c, pair: c.find_application(*pair, key="apply_credit/CM-400/INV-500"),
    held=lambda state: sum(
        line["amount"] == 150 for memo in held(state, "creditMemo", externalId="CM-400") for line in memo["apply"]
    ),
)
JOURNAL = WriteCase(
    kind="journal",
    writes="/record/v1/journalEntry$",
    method="POST",
    create=lambda c, _: c.post_journal(a_journal(), key="post_journal/JRN-100"),
    find=lambda c, _: c.find_journal("JRN-100", key="post_journal/JRN-100"),
    held=lambda state: len(held(state, "journalEntry", externalId="JRN-100")),
    reverse=lambda c, written, _: c.reverse_journal(written.target_id, JUNE, "posted in error", key="reverse_journal/JRN-100"),
    is_reversed=lambda state: len(held(state, "journalEntry", externalId="JRN-100__reversal")) == 1,
)


async def _charged(connector: Any, project_id: str) -> Written | None:
    found = await connector.find_charges(["kantata.1"], key="post_charges/C-1/1")
    return Written(target_id="C-1.1") if found else None


async def _credited(connector: Any, invoice: Written) -> Written:
    memo = a_credit_memo("CM-900", lines=(a_line(),))
    try:
        return await connector.post_credit_memo(memo, invoice_id=invoice.target_id, key="credit/CM-900")  # type: ignore[no-any-return]
    except Conflict:
        return await connector.find_credit_memo("CM-900", key="credit/CM-900")  # type: ignore[no-any-return]


async def _invoiced(connector: Any, reference: str, amount: str = "10000") -> str:
    key = f"create_invoice/{reference}"
    found = await connector.find_invoice(reference, key=key)
    return (found or await invoiced(connector, an_invoice(reference, lines=(a_line(amount=amount),)))).target_id


async def _deposited(connector: Any) -> tuple[str, str]:
    customer_id, key = await a_buyer(connector), "post_deposit/DEP-200"
    found = await connector.find_deposit("DEP-200", key=key)
    deposit = found or await connector.post_deposit("DEP-200", customer_id, usd("5000"), JUNE, key=key)
    return deposit.target_id, await _invoiced(connector, "INV-300")


async def _in_credit(connector: Any) -> tuple[str, str]:
    small, key = await _invoiced(connector, "INV-400", "500"), "create_credit_memo/CM-400"
    found = await connector.find_credit_memo("CM-400", key=key)
    memo = found or await connector.post_credit_memo(a_credit_memo("CM-400"), invoice_id=small, key=key)
    return memo.target_id, await _invoiced(connector, "INV-500")


class TestNetSuiteBilling(ConnectorContract):
    """The suite of all connectors, for what billing writes."""

    reads = "/services/rest/record/v1/invoice/"

    def vendor(self) -> SimulatedVendor:
        return a_vendor()

    def connect(self, url: str) -> NetSuite:
        return connect("erp", settings(url))

    def connect_badly(self, url: str) -> NetSuite:
        return connect("erp", settings(url, token_secret="no"))

    def cases(self) -> list[WriteCase]:
        return [CHARGES, INVOICE, CREDIT_MEMO, DEPOSIT, APPLICATION, OF_A_CREDIT_MEMO, JOURNAL]

    async def read(self, connector: NetSuite) -> Any:
        return await connector.find_invoice("INV-100", key="create_invoice/INV-100")

    async def test_it_satisfies_its_ports_and_declares_every_kind(self, bench: Bench) -> None:
        receivables, ledger = ports(bench.connector)
        assert isinstance(receivables, Receivables) and isinstance(ledger, GeneralLedger)
        for kind in ("invoice", "credit_memo", "deposit", "application", "journal"):
            declared = bench.connector.declares(kind)
            assert (declared.searchable_key, declared.rounding) == ("externalId", RoundingLevel.LINE)
            assert declared.closed_period is ClosedPeriod.REFUSES
        assert bench.connector.declares("charges").line_limit == 100


def ports(connector: NetSuite) -> tuple[Receivables, GeneralLedger]:
    """The type checker holds the connector against its ports here."""
    return connector, connector


CENTS = st.integers(min_value=1, max_value=10**9)


@for_any(st.lists(st.tuples(CENTS, st.none() | CENTS), min_size=1, max_size=30), CENTS)
def test_the_tax_of_the_lines_is_the_tax_of_the_document(lines: list[tuple[int, int | None]], tax: int) -> None:
    made = [
        a_line(n, "1").changed(
            amount=Money.from_minor_units(amount, "USD"), tax=None if own is None else Money.from_minor_units(own, "USD")
        )
        for n, (amount, own) in enumerate(lines, 1)
    ]
    shares = tax_by_line(made, Money.from_minor_units(tax, "USD"))
    assert Money.sum(shares, "USD") == Money.from_minor_units(tax, "USD")
    assert all(share.is_exact for share in shares)
    if sum(own or 0 for _, own in lines) == tax:
        assert [share.in_minor_units() for share in shares] == [own or 0 for _, own in lines]
