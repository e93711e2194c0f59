"""Journal entries of Tryton, which it calls moves: made, posted, found and read; journals, deposits and applications are such."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from canonical.errors import Conflict, PeriodIsClosed, Rejected
from connectors.tryton.database import Database
from connectors.tryton.periods import Periods
from connectors.tryton.schemas import MoveLineShape, MoveShape
from connectors.tryton.wire import Domain, Values, new

MOVE, LINE = "account.move", "account.move.line"
APPLIED = "Handoff apply "  # how the name of an entry begins that applies a credit to an invoice


@dataclass(frozen=True)
class Entry:
    """What is to be posted. ``name`` goes where it is found again; Tryton would take it twice."""

    name: str
    entity: str
    company: int
    journal: int
    on: date
    lines: Sequence[Values]
    origin: str | None = None


class Moves:
    """One by one: search, create, post."""

    def __init__(self, database: Database, periods: Periods) -> None:
        self._database, self._periods = database, periods

    async def post(self, entry: Entry) -> MoveShape:
        """Created and posted; one that an interrupted call left is gone on with, one that is posted is left as it is."""
        found = await self.named(entry.name, entry.company) or await self._created(entry)
        if found.state != "posted":
            await self._posted(found)
        return await self.read(found.id, entry.company)

    async def named(self, name: str, company: int) -> MoveShape | None:
        """The entry of that name."""
        found = await self._database.find(MOVE, MoveShape, ["description", "=", name], ["company", "=", company], company=company)
        if len(found) > 1:
            raise Conflict(
                f"{self._database.system} has {len(found)} entries called {name}",
                remedy="Cancel all but one of them in Tryton, then settle the exception with retry.",
                evidence={"moves": [move.id for move in found]},
            )
        return found[0] if found else None

    async def read(self, move: int | str, company: int | None = None) -> MoveShape:
        """As it is now; ``account.move,7`` means 7."""
        return await self._database.read(MOVE, str(move).removeprefix(f"{MOVE},"), MoveShape, company=company)

    async def of_origin(self, origin: str, company: int) -> list[MoveShape]:
        """What was made out of a record."""
        return await self._database.find(MOVE, MoveShape, ["origin", "=", origin], company=company)

    async def applications_of(self, source_id: str, company: int) -> list[MoveShape]:
        """What was applied of a deposit, payment or credit memo."""
        where = (["description", "like", f"{application(source_id, '')}%"], ["company", "=", company])
        return await self._database.find(MOVE, MoveShape, *where, company=company)

    async def applying(self, sources: Sequence[str], company: int) -> dict[int, str]:
        """The entries that apply these deposits or payments, each with what it applies."""
        if not sources:
            return {}
        named = ["OR", *(["description", "like", f"{application(source, '')}%"] for source in sources)]
        where = (named, ["company", "=", company], ["state", "=", "posted"])
        found = await self._database.find(MOVE, MoveShape, *where, company=company)
        return {move.id: applied_source(move.description) for move in found}

    async def sources_applied(self, changed: Domain, company: int) -> list[int]:
        """The deposits and payments of which something was applied then."""
        where = (["description", "like", f"{APPLIED}{MOVE},%"], ["company", "=", company], changed)
        found = [applied_source(move.description) for move in await self._database.find(MOVE, MoveShape, *where, company=company)]
        return sorted({int(source.removeprefix(f"{MOVE},")) for source in found})

    async def lines(self, *moves: int, company: int) -> list[MoveLineShape]:
        """The postings of these entries."""
        return await self._database.find(LINE, MoveLineShape, ["move", "in", list(moves)], company=company)

    async def postings(self, lines: Sequence[int], *, company: int) -> list[MoveLineShape]:
        """These postings."""
        return await self._database.find(LINE, MoveLineShape, ["id", "in", list(lines)], company=company)

    async def reconcile(self, lines: Sequence[int], *, company: int) -> None:
        """Match postings that come to nothing together."""
        await self._database.wizard("account.move.reconcile_lines", LINE, lines, company=company)

    async def _posted(self, found: MoveShape) -> None:
        try:
            await self._database.press(MOVE, "post", found.id, company=found.company)
        except Rejected:
            if (await self.read(found.id, found.company)).state != "posted":
                await self._database.delete(MOVE, found.id, company=found.company)
                raise

    async def _created(self, entry: Entry) -> MoveShape:
        period = await self._periods.id_on(entry.entity, entry.on)
        if period is None:
            said = f"{self._database.system}: no accounting period of {entry.entity} is open on {entry.on}"
            raise PeriodIsClosed(said, evidence={"entity": entry.entity, "date": entry.on})
        values: Values = {
            "company": entry.company,
            "journal": entry.journal,
            "period": period,
            "date": entry.on,
            "description": entry.name,
            "origin": entry.origin,
            "lines": new(*entry.lines),
        }
        return await self.read(await self._database.create(MOVE, values, company=entry.company), entry.company)


def application(source_id: str, invoice_id: str) -> str:
    """The name of the entry that applies one to the other."""
    return f"{APPLIED}{source_id} to {invoice_id}"


def applied_source(name: str | None) -> str:
    """What an entry of that name applies."""
    return (name or "").removeprefix(APPLIED).partition(" to ")[0]


def debit(account: int, amount: Decimal, *, party: int | None = None) -> Values:
    """A posting on the left."""
    return {"account": account, "debit": amount, "credit": Decimal(0), "party": party}


def credit(account: int, amount: Decimal, *, party: int | None = None) -> Values:
    """A posting on the right."""
    return {"account": account, "debit": Decimal(0), "credit": amount, "party": party}
