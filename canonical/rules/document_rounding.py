"""Documents whose net is rounded as a whole: a line says what amounts that were each rounded when rated are off by (S12).

The items keep their amounts, so that each is billed and credited as it was rated (U1); only the document has the difference.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from canonical.invoice import DocumentLine, LineKind
from canonical.money import Money, Rounding
from canonical.rules.crediting import in_proportion
from canonical.rules.taxation import rounded_together

_Like = tuple[str, str, str]


def rounding_lines(
    lines: Sequence[DocumentLine],
    exact: Mapping[int, Money],
    *,
    account: str,
    rounding: Rounding = Rounding.HALF_UP,
    exempt: Collection[str] = (),
) -> list[DocumentLine]:
    """What brings the lines to their exact sum, rounded once (S12: 157.50 becomes 157.49); none where they come to it.

    ``exact`` is what a line is worth before any rounding; a line that it does not name is worth its amount. One line for each
    contract line, kind and tax code, so that each tax has its own base. ``exempt`` contract lines stay as rated: a retainer
    pays for exactly that.
    """
    rounded = [line for line in lines if line.kind is LineKind.CHARGE and line.line not in exempt]
    together = rounded_together([exact.get(line.number, line.amount) for line in rounded], rounding)
    off = defaultdict[_Like, list[tuple[DocumentLine, Money]]](list)
    for line, amount in zip(rounded, together, strict=True):
        off[_like(line)].append((line, amount - line.amount))
    if not rounded or _sum([one for group in off.values() for one in group]).is_zero:
        return []
    made = [(group, _sum(group)) for group in off.values()]
    first = max(line.number for line in lines) + 1
    parts = [(group, amount) for group, amount in made if not amount.is_zero]
    return [_line(number, group, amount, account) for number, (group, amount) in enumerate(parts, start=first)]


def rounding_credited(
    line: DocumentLine, invoice: Sequence[DocumentLine], credited: Mapping[int, Money], now: Mapping[int, Money]
) -> DocumentLine | None:
    """The part of an invoice's rounding that goes with a credit: credits of all that it rounded add up to all of it.

    ``credited`` says by line what earlier credits took, ``now`` what this one takes.
    """
    zero = Money.zero(line.amount.currency)
    alike = [one for one in invoice if one.kind is LineKind.CHARGE and _like(one) == _like(line)]
    gross, before, taken = (
        Money.sum((amounts.get(one.number, zero) for one in alike), zero.currency)
        for amounts in ({one.number: one.amount for one in alike}, credited, now)
    )
    earlier, amount = in_proportion(line.amount, zero, before, gross), in_proportion(line.amount, before, taken, gross)
    if amount.is_zero:
        return None
    return line.changed(amount=amount, tax=in_proportion(line.tax, earlier, amount, line.amount) if line.tax else None)


def roundings_credited(
    invoice: Sequence[DocumentLine], credited: Mapping[int, Money], now: Mapping[int, Money]
) -> Iterator[DocumentLine]:
    """That of each of the invoice's roundings."""
    for line in invoice:
        part = rounding_credited(line, invoice, credited, now) if line.kind is LineKind.ROUNDING else None
        if part is not None:
            yield part


def _like(line: DocumentLine) -> _Like:
    return (line.line, line.billing.value if line.billing else "", line.tax_code)


def _sum(group: Sequence[tuple[DocumentLine, Money]]) -> Money:
    return Money.sum((amount for _, amount in group), group[0][1].currency)


def _line(number: int, group: Sequence[tuple[DocumentLine, Money]], amount: Money, account: str) -> DocumentLine:
    """Like the largest line of what it rounds: it bears that one's tax code and dimensions."""
    largest = max((line for line, _ in group), key=lambda line: line.amount.amount)
    return largest.changed(
        number=number,
        kind=LineKind.ROUNDING,
        description="Rounding of the document",
        quantity=Decimal(1),
        unit="",
        rate=None,
        amount=amount,
        tax=None,
        account=account,
        items=0,
        billables=(),
    )
