"""Tables for people: nothing is cut, whatever the width; in a pipe every row is one line."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from canonical.money import Money


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> Table | str:
    """Rows under headers; a column that is empty in every row is left out."""
    cells = [[shown(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    kept = [place for place in range(len(headers)) if any(row[place] for row in cells)]
    made = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, show_edge=False)
    for place in kept:
        made.add_column(headers[place], overflow="fold")
    for row in cells:
        made.add_row(*(Text(row[place]) for place in kept))
    return made


def facts(pairs: Iterable[tuple[str, object]]) -> Table:
    """One thing as name and value, a line each; what is empty is left out."""
    made = Table(box=None, show_header=False, pad_edge=False, show_edge=False)
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        if shown(value):
            made.add_row(name, Text(shown(value)))
    return made


def lines(rows: Iterable[tuple[Sequence[object], str]], *, title: str) -> str:
    """Wide rows: what tells them apart in columns, the rest on a line under it."""
    cells = [([shown(cell) for cell in row], under) for row, under in rows]
    widths = [max(map(len, column)) for column in zip(*(row for row, _ in cells), strict=True)]
    told = []
    for row, under in cells:
        told.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip())
        told.append(" " * (widths[0] + 2) + under)
    return "\n".join(["", title, *told]) if told else ""


def shown(value: object) -> str:
    """A cell: times in UTC to the second, nothing for nothing."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
        case _:
            return str(value)


def money(amount: Decimal | Money | str | None, currency: str | None = None) -> str:
    """An amount with its currency, thousands apart; a word that stands for a withheld amount is shown as it is."""
    match amount:
        case None:
            return ""
        case Money():
            return money(amount.amount, amount.currency)
        case Decimal():
            return f"{amount:,f} {currency or ''}".strip()
        case _:
            return str(amount)
