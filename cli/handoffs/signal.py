"""`handoff signal`: records were corrected, so what waits of a contract looks again."""

from pydantic import BaseModel

from cli.handoffs.contract import ContractArgument
from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask


class Signalled(BaseModel):
    """The handoff was told."""

    contract: str


def signal(contract: ContractArgument, actor: ActorOption = None, json: JsonOption = False) -> None:
    """Say that records were corrected: what waits looks again."""

    async def told(session: Session) -> Signalled:
        await session.office.handoffs.signal(contract, actor=session.actor)
        return Signalled(contract=contract)

    with output(json) as out:
        out.show(ask(out, told, actor=actor), lambda s: f"{s.contract} looks again. Next: `handoff show {s.contract}`.")
