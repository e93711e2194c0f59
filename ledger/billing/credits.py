"""Credit memos against exact allocations, whole or in part (R79, R80), and draws on retainers with their line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from canonical.errors import Rejected
from canonical.invoice import CreditedAllocation, CreditMemo, InvoiceState
from canonical.money import Money
from canonical.provenance import Entry, Origin
from canonical.sub_ledger import SubLedgerKind, Taken
from ledger.audit import as_json
from ledger.billing.amounts import plain
from ledger.billing.document_rows import memo_head
from ledger.billing.refusals import in_business_words
from ledger.database import Database, columns

_CREDIT = "SELECT reference FROM credit_allocations($1, $2, $3, $4, $5)"
_UNFUND = "SELECT unfund_retainers($1)"
_DRAW = "SELECT draw_retainer($1, $2, $3, $4, $5, $6)"
_LEFT = """
SELECT id, amount - taken_back AS amount, quantity - taken_back_quantity AS quantity FROM allocations
WHERE document = $1 AND kind = 'bill' AND amount > taken_back AND ($2::int[] IS NULL OR line = ANY ($2)) ORDER BY id
"""
_RESTORED = """
SELECT s.name, sum(m.taken_back) AS back FROM sub_ledger_moves m JOIN sub_ledgers s ON s.id = m.account
WHERE m.document = $1 AND s.kind = 'retainer' AND m.amount < 0 GROUP BY s.name
"""


class Credits:
    """What takes money back from a customer's invoice, or off a retainer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def credit(self, memo: CreditMemo, parts: Sequence[CreditedAllocation], *, origin: Origin) -> str:
        """The approved memo: what it names is credited at once, so that it is made once a person said yes.

        Its lines and net follow from the parts; the given lines are not read. A retainer keeps paying for what still
        stands of the work that it paid for, and gets the rest back; what funded one is taken out of it, as far as it is still
        there. The same memo again changes nothing.
        """
        if not parts:
            raise Rejected(
                f"Credit memo {memo.reference} credits nothing.", remedy="Name at least one allocation of the invoice."
            )
        rows = [(one.allocation, one.amount.amount, one.quantity, one.disposition.value) for one in parts]
        head = memo_head(memo, state=InvoiceState.RELEASED.value, correlation=origin.correlation)
        with in_business_words(f"Credit memo {memo.reference}"):
            async with self._database.transaction() as connection:
                made: str = await connection.fetchval(_CREDIT, head, *columns(rows, 4))
                await connection.execute(_UNFUND, made)
                total = str(Money.sum((one.amount for one in parts), memo.currency))
                entry = Entry(
                    action="credit_allocations", origin=origin, system="handoff", kind="credit_memo", source_id=memo.reference,
                    key=f"credit/{memo.reference}", outcome="done",
                    details={"credited": total, "invoice": memo.invoice, "reason": memo.reason},
                )  # fmt: skip
                await connection.execute("SELECT audit_note($1)", as_json([entry]))
        return made

    async def what_is_left(self, invoice: str, *, lines: Sequence[int] | None = None) -> Sequence[tuple[int, Decimal, Decimal]]:
        """What may still be credited of an invoice, or of some lines: allocation, amount, quantity."""
        rows = await self._database.rows(_LEFT, invoice, None if lines is None else list(lines))
        return [(row["id"], plain(row["amount"]), plain(row["quantity"])) for row in rows]

    async def restored(self, invoice: str, currency: str) -> Mapping[str, Money]:
        """What credits of an invoice gave back to each retainer that it drew on."""
        rows = await self._database.rows(_RESTORED, invoice)
        return {row["name"]: Money(amount=plain(row["back"]), currency=currency) for row in rows}

    async def draw(self, document: str, contract: str, name: str, wanted: Money, *, words: str, account: str) -> Taken | None:
        """Take from a retainer for an invoice that is not released, with the line that says so, never more than the invoice's
        net; once for each retainer and document. None where no such retainer is kept or the invoice is released."""
        with in_business_words(f"Draw of {document}"):
            had = await self._database.value(_DRAW, document, contract, name, wanted.amount, words, account)
        if had is None or had["account"] is None:
            return None
        names = {"wanted": "wanted", "taken": "taken", "balance": "balance", "before": "balance_before", "agreed": "agreed"}
        money = {ours: Money(amount=Decimal(str(had[theirs])), currency=wanted.currency) for ours, theirs in names.items()}
        return Taken(
            kind=SubLedgerKind.RETAINER, contract=contract, name=name, key=had["key"], is_new=had["is_new"],
            threshold=Money(amount=Decimal(str(had["threshold"])), currency=wanted.currency), **money,
        )  # fmt: skip
