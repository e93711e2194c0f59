"""How a document gets into NetSuite once: created, never changed by a repeat; refused ones told by what must happen next."""

from datetime import date
from typing import TypeVar

from canonical.errors import Conflict, NotFound, Rejected
from canonical.money import Money
from canonical.written import Written
from connectors.http import Json
from connectors.netsuite.account import Account
from connectors.netsuite.directory import Directory
from connectors.netsuite.documents import Frame, differs
from connectors.netsuite.periods import Periods
from connectors.netsuite.refusals import RULES
from connectors.netsuite.schemas import DocumentShape, TransactionShape

Document = TypeVar("Document", bound=TransactionShape)
TOTALS_DIFFER = "TOTALS_DIFFER"
_PAGES = {
    "invoice": "custinvc",
    "creditMemo": "custcred",
    "customerDeposit": "custdep",
    "depositApplication": "depappl",
    "customerPayment": "custpymt",
    "journalEntry": "journal",
}


class Posting:
    """What invoices, credit memos, deposits and journals share."""

    def __init__(self, account: Account, directory: Directory, periods: Periods) -> None:
        self.account, self.directory, self.periods = account, directory, periods
        self.settings = account.settings

    async def frame(self, entity: str, currency: str, *, dated: date, posted: date) -> Frame:
        """Where and when it posts. A document dated outside of its period may be refused: it then bears the day it posts on."""
        period, days = await self.periods.posting(posted)
        return Frame(
            subsidiary=self.directory.subsidiary(entity),
            currency=await self.directory.currency(currency),
            period=period,
            day=dated if dated in days else posted,
        )

    async def create(self, kind: str, body: Json, *, posted: date, receivables: bool = True) -> str:
        """A new document's id. One that bears the external id already is a conflict; NetSuite says so in the words of a rule."""
        external = str(body["externalId"])
        try:
            made = await self.account.create(kind, body)
        except Rejected as refused:
            if refused.evidence.get("vendor_code") == RULES:
                await self.require_absent(kind, external, refused)
                subsidiary = str(body["subsidiary"]["id"])
                await self.periods.require_open(subsidiary, posted, receivables=receivables, refused=refused)
            raise
        return made or (await self.account.read(kind, f"eid:{external}", TransactionShape)).id

    async def require_absent(self, kind: str, external: str, refused: Rejected) -> None:
        """Whether a rule was broken because the document is there."""
        held = await self.account.find(kind, f"eid:{external}", TransactionShape)
        if held:
            raise Conflict(
                f"{self.account.system} has a document with the external id {external} already",
                evidence={"document": held.id, "number": held.number, "memo": held.memo},
            ) from refused

    async def read(self, kind: str, target_id: str, shape: type[Document], *, urgent: bool = True) -> Document:
        """One document with its lines."""
        found = await self.account.find(kind, target_id, shape, urgent=urgent, expandSubResources="true")
        if found is None:
            raise NotFound(
                f"{self.account.system} has no document {target_id}",
                remedy="Look for the document in NetSuite; settle with its id, or reject.",
                evidence={"kind": kind, "document": target_id},
            )
        return found

    async def require_totals(self, found: DocumentShape) -> None:
        """The totals must be those we asked for: NetSuite has none of ours to override when its set-up says otherwise."""
        wanted = differs(found)
        if not wanted:
            return
        raise Rejected(
            f"{self.account.system} came to {found.total} with tax {found.tax} for {found.number}, not to {wanted}",
            code=TOTALS_DIFFER,
            remedy="Void it in NetSuite if it is posted, correct the tax set-up or the items there, then settle with retry.",
            evidence={"document": found.id, "number": found.number, "total": found.total, "tax": found.tax, "wanted": wanted},
        )

    async def money(self, found: TransactionShape) -> str:
        """The ISO code of a document's currency."""
        return await self.directory.code_of(found.currency.id)

    def written(self, kind: str, found: TransactionShape, **details: str | Money) -> Written:
        """What the document is to others."""
        return Written(
            target_id=found.id,
            number=found.number,
            url=self.page(kind, found.id),
            version=found.changed.isoformat(),
            details={name: str(value) for name, value in details.items()},
        )

    def page(self, kind: str, target_id: str) -> str:
        """Where a person looks at it."""
        return self.account.page(f"/app/accounting/transactions/{_PAGES[kind]}.nl?id=", target_id)
