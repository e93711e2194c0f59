"""`handoff credit propose`: ask for a credit of a posted invoice."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from canonical.billable import CreditDisposition
from canonical.credit import CreditPart, CreditProposal, Rebill
from canonical.errors import Malformed
from canonical.money import Money
from canonical.party import Customer
from cli.credit.proposal import shown
from cli.given_file import object_in
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask

InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="Our reference or the ERP's number.")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why it is credited, in words that auditors can follow.")]
ItemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--item", metavar="NAME[=HOW MUCH]", help="An item of it, whole or so many hours (3.5) or so much money (700 USD)."
    ),
]
LineOption = Annotated[list[int] | None, typer.Option("--line", help="A line of it, whole.")]
AmountOption = Annotated[str, typer.Option(metavar="'700 USD'", help="So much of the whole invoice, its items in order.")]
BecomesOption = Annotated[CreditDisposition, typer.Option(help="What becomes of the credited items.")]
OnOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to account it on; today if not given.")]
RebillOption = Annotated[bool, typer.Option("--rebill", help="Bill what is re-opened again at once.")]
BillToOption = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="YAML or JSON of another Customer to bill (`handoff schema Customer`)."),
]
NameOption = Annotated[str, typer.Option("--reference", help="The credit's own reference; the next of the invoice unless given.")]


def propose(
    invoice: InvoiceArgument,
    reason: WhyOption,
    item: ItemOption = None,
    line: LineOption = None,
    amount: AmountOption = "",
    becomes: BecomesOption = CreditDisposition.REOPENED,
    on: OnOption = None,
    rebill: RebillOption = False,
    bill_to: BillToOption = None,
    reference: NameOption = "",
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Propose a credit of exact items, lines or an amount; without any of them all that stands billed is credited."""
    with output(json) as out:
        parts = _parts(item or [], line or [], amount, becomes)
        again = (
            Rebill(bill_to=out.run(object_in(bill_to, lambda _: Customer)) if bill_to else None) if rebill or bill_to else None
        )

        async def proposed(session: Session) -> CreditProposal:
            desk = session.office.credits
            day = on.date() if on else None
            request = await desk.request(invoice, reference=reference, parts=parts, reason=reason, on=day, rebill=again)
            return await desk.propose(request, actor=session.actor)

        with out.working(f"proposing a credit of {invoice}"):
            done = ask(out, proposed, actor=actor)
        out.show(done, shown)


def _parts(items: list[str], lines: list[int], amount: str, becomes: CreditDisposition) -> tuple[CreditPart, ...]:
    if amount and (items or lines):
        raise Malformed("An amount of the whole invoice stands alone", remedy="Give --amount, or --item and --line, not both.")
    named = [_item(one, becomes) for one in items] + [CreditPart(line=one, disposition=becomes) for one in lines]
    if named:
        return tuple(named)
    return (CreditPart(**(_how_much(amount) if amount else {}), disposition=becomes),)


def _item(given: str, becomes: CreditDisposition) -> CreditPart:
    name, _, how_much = given.partition("=")
    return CreditPart(billable=name, **(_how_much(how_much) if how_much else {}), disposition=becomes)


def _how_much(given: str) -> dict[str, Any]:
    """``700 USD`` is money, ``3.5`` a quantity."""
    number, _, currency = given.strip().partition(" ")
    try:
        value = Decimal(number.replace(",", ""))
        return {"amount": Money(amount=value, currency=currency)} if currency else {"quantity": value}
    except (InvalidOperation, ValidationError) as error:
        raise Malformed(f"{given!r} is no amount and no quantity", remedy="Write 700.00 USD, or 3.5 for hours.") from error
