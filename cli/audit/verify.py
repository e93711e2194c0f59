"""`handoff audit verify`: the proof that the trail is whole."""

import typer
from pydantic import BaseModel

from cli.output import JsonOption, output
from cli.session import ActorOption, Session, ask


class Verified(BaseModel):
    """What the proof found; no problem is good."""

    is_whole: bool
    problems: list[str]


def verify(actor: ActorOption = None, json: JsonOption = False) -> None:
    """Prove that nobody changed the trail: every hash is computed again."""

    async def proved(session: Session) -> Verified:
        problems = await session.office.verify_audit()
        return Verified(is_whole=not problems, problems=problems)

    with output(json) as out:
        with out.working("computing every hash again"):
            verified = ask(out, proved, actor=actor, with_temporal=False)
        out.show(verified, _told)
        if not verified.is_whole:
            raise typer.Exit(1)


def _told(verified: Verified) -> str:
    if verified.is_whole:
        return "The audit trail is whole: every entry is as it was written."
    return "\n".join([*verified.problems, "Leave the database as it is and call the auditor. Next: `handoff audit export`."])
