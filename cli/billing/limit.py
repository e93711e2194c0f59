"""`handoff billing limit`: record that a purchase order or a cap is good for more."""

from typing import Annotated

import typer

from canonical.errors import Malformed
from canonical.money import Money
from canonical.sub_ledger import SubLedger, SubLedgerKind
from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask

NameArgument = Annotated[str, typer.Argument(help="The purchase order's number, or the line of the cap.")]
AmountArgument = Annotated[str, typer.Argument(help="The new limit, in the currency of the contract: 70000.00.")]
KindOption = Annotated[SubLedgerKind, typer.Option(help="Which limit is meant.")]


def limit(
    contract: ContractArgument,
    name: NameArgument,
    amount: AmountArgument,
    kind: KindOption = SubLedgerKind.PURCHASE_ORDER,
    actor: ActorOption = None,
    json: JsonOption = False,
) -> None:
    """Record that a purchase order or cap was raised; what waited for room is open for the next run."""

    async def raised(session: Session) -> SubLedger:
        desk = session.office.billing
        currency = next((one.currency for one in await desk.sub_ledgers(contract)), "USD")
        try:
            to = Money.of(amount.replace(",", ""), currency)
        except ArithmeticError as error:
            raise Malformed(f"{amount!r} is no amount", remedy="Write it like 70000.00.") from error
        return await desk.raise_limit(contract, kind, name, to, actor=session.actor)

    with output(json) as out:
        out.show(ask(out, raised, actor=actor), lambda one: f"{one.kind.value} {one.name} is good for {one.ceiling} now.")
