"""Tryton in rehearsals: a real one, which is there only where a story plays over it; its records as it holds them itself."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from rehearsal.record import Holding, Json, Record, RecordKind, spoken_amount
from rehearsal.systems.system import System
from runtime.embedded.tryton.books import INTEGRATION
from runtime.embedded.tryton.firm import WITHDRAWN

_OURS = "Handoff "
_CASH = "cash"
_POSTED = {"posted", "paid"}


class Tryton(System):
    """The ERP of one legal entity."""

    name = "tryton"
    title = "Tryton"
    bound = frozenset({"customer", "project", "invoice", "credit_memo"})

    def records(self, state: Json) -> Iterator[Record]:
        works = {number: _named(work) for number, work in state["works"].items()}
        projects = {project for project, part in works.values() if project and not part}
        for number, party in state["parties"].items():
            reference = party["code"] or "" if _is_made_by_us(party) else ""
            yield Record(self.name, "customer", number, reference, "", bool(party["active"]), party)
        for number, work in state["works"].items():
            project, part = works[number]
            live = work["status"]["name"] != WITHDRAWN
            yield Record(self.name, _kind(work, works), number, f"{project}.{part}".rstrip("."), project, live, work)
        yield from _documents(state, projects)
        yield from _payments(state, projects)

    def wrong(self, state: Json) -> Iterator[str]:
        """Every posted entry balances, and every posted document of ours has one."""
        postings = _by(state["postings"], "move")
        for number, move in state["moves"].items():
            rest = sum((Decimal(one["debit"]) - Decimal(one["credit"]) for one in postings[number]), Decimal(0))
            if move["state"] == "posted" and (rest or not postings[number]):
                yield f"U3: entry {move['number']} in Tryton does not balance: {rest} is left"
        for invoice in state["invoices"].values():
            move = state["moves"].get(str(invoice["move"]))
            if invoice["state"] in _POSTED and (move is None or move["state"] != "posted"):
                yield f"U3: invoice {invoice['number']} is {invoice['state']} in Tryton without a posted entry"

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        theirs = [record for record in mine if record.system == self.name]
        customers = {str(record.fields["party"]) for record in theirs if record.kind == "project"}
        yield from (
            Holding(self.title, "customer", number, f"{party['code']} {party['name']}")
            for number, party in state["parties"].items()
            if number in customers
        )
        for record in theirs:
            if record.kind in {"project", "invoice", "credit_memo", "payment"}:
                yield Holding(self.title, record.kind.replace("_", " "), record.id, _said(record))


def _said(record: Record) -> str:
    fields = record.fields
    match record.kind:
        case "project":
            return f"{'' if record.live else 'withdrawn; '}{fields['number']} {fields['name']}"
        case "payment":
            return f"{fields['number']}, {spoken_amount(fields['amount'])} for {fields['invoice']}"
        case _:
            amounts = [spoken_amount(fields[name]) for name in ("untaxed_amount", "tax_amount", "total_amount")]
            net, tax, total = amounts
            return f"{fields['number']} {fields['state']}, {net} and {tax} tax: {total}"


def _is_made_by_us(row: Json) -> bool:
    return bool((row.get("create_uid") or {}).get("login") == INTEGRATION)


def _named(work: Json) -> tuple[str, str]:
    """The project and the part that the first line of a comment of ours names: ``Handoff C-100:P1 key``."""
    first = (work["comment"] or "").partition("\n")[0]
    if not first.startswith(_OURS):
        return "", ""
    project, _, part = first.removeprefix(_OURS).partition(" ")[0].partition(":")
    return project, part


def _kind(work: Json, works: dict[str, tuple[str, str]]) -> RecordKind:
    if work["type"] == "project":
        return "project"
    _, part_above = works.get(str(work["parent"]), ("", ""))
    return "task" if part_above else "phase"


def _documents(state: Json, projects: set[str]) -> Iterator[Record]:
    lines, taxes, postings = (
        _by(state[kind], key) for kind, key in (("lines", "invoice"), ("taxes", "invoice"), ("postings", "move"))
    )
    for number, invoice in state["invoices"].items():
        if not _is_made_by_us(invoice):
            continue
        kind: RecordKind = "credit_memo" if Decimal(invoice["total_amount"]) < 0 else "invoice"
        reference = invoice["reference"] or ""
        whole = {
            **invoice,
            "lines": lines[number],
            "taxes": taxes[number],
            "posts": _by_account(postings[str(invoice["move"])]),
        }
        yield Record("tryton", kind, number, reference, _contract(reference, projects), invoice["state"] != "cancelled", whole)


def _payments(state: Json, projects: set[str]) -> Iterator[Record]:
    """Cash that was matched with an invoice, one for each entry."""
    for number, posting in state["postings"].items():
        move, invoice = state["moves"][str(posting["move"])], state["invoices"].get(str(posting["invoice_payment"]))
        amount = Decimal(posting["credit"]) - Decimal(posting["debit"])
        if invoice is None or (move["journal"] or {}).get("type") != _CASH:
            continue
        fields = {**move, "amount": str(amount), "invoice": invoice["number"], "of": invoice["reference"]}
        yield Record("tryton", "payment", number, "", _contract(invoice["reference"] or "", projects), True, fields)


def _contract(reference: str, projects: set[str]) -> str:
    """A document's reference begins with its contract's."""
    return max((project for project in projects if reference.startswith(f"{project}.")), key=len, default="")


def _by(rows: Json, key: str) -> defaultdict[str, list[Json]]:
    found = defaultdict[str, list[Json]](list)
    for row in rows.values():
        found[str(row[key])].append(row)
    return found


def _by_account(postings: list[Json]) -> dict[str, str]:
    """Debit less credit."""
    sums = defaultdict[str, Decimal](Decimal)
    for posting in postings:
        sums[posting["account"]["code"]] += Decimal(posting["debit"]) - Decimal(posting["credit"])
    return {account: str(amount) for account, amount in sorted(sums.items())}
