"""Amounts of money as people type them: `1400 USD`, `1,400.00 USD`."""

import re
from typing import Annotated

import typer

from canonical.money import Money

_WRITTEN = re.compile(r"^\s*([\d,]+(?:\.\d+)?)\s*([A-Z]{3})\s*$")


def parsed(text: str) -> Money:
    """The money that was typed."""
    found = _WRITTEN.match(text)
    try:
        if found is None:
            raise ValueError("write amount and currency, such as '1,400.00 USD'")
        money = Money.of(found[1].replace(",", ""), found[2])
        if not money.is_exact:
            raise ValueError(f"{found[2]} has fewer decimals than that")
    except ValueError as wrong:
        raise typer.BadParameter(f"{text!r} is no amount: {wrong}") from None
    return money


AmountArgument = Annotated[Money, typer.Argument(parser=parsed, metavar="AMOUNT", help="With its currency: '1,400.00 USD'.")]
