"""What a command works with: the office over the servers that settings name or that run here, who acts, and what they may see."""

import getpass
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from canonical.errors import Failure, Misconfigured, NotReached
from cli.output import Output, Refused

if TYPE_CHECKING:  # the engine's client takes a while to import: `--help` must not wait for it
    from operations.office import Office
    from policies.access import AccessVersion
    from runtime.settings import Settings

ActorOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who acts, as policies/access names them.", show_default="this machine's user"),
]
Answer = TypeVar("Answer")
NAMING = ("HANDOFF_DATABASE__DSN", "HANDOFF_TEMPORAL__ADDRESS")
"""With one of these set, the environment says which servers are meant."""


@dataclass(frozen=True)
class Session:
    """An open office and the person at the command line."""

    office: "Office"
    actor: str
    access: "AccessVersion"

    def seen(self, result: Any) -> Any:
        """The same with everything withheld that the person's roles may not see (R151)."""
        return laid_over(result, self.access.redacted(self.access.roles_of(self.actor), result))


Work = Callable[[Session], Awaitable[Answer]]


def ask(out: Output, work: Work[Answer], *, actor: str | None = None, with_temporal: bool = True) -> Answer:
    """Open the office, let it do this, and answer what the actor may see of the result."""
    settings = settings_here()
    return out.run(_asked(settings, work, actor or getpass.getuser(), with_temporal=with_temporal))


async def _asked(settings: "Settings", work: Work[Answer], actor: str, *, with_temporal: bool) -> Answer:
    import asyncpg
    from temporalio.service import RPCError

    from operations.office import open_office

    try:
        async with open_office(settings, with_temporal=with_temporal) as office:
            access = office.policies.access.on((await office.books.clock.now()).date())
            session = Session(office, actor, access)
            seen: Answer = session.seen(await work(session))
            return seen
    except Failure:
        raise
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError, RPCError) as error:
        raise NotReached(
            f"A server of ours did not answer as it should ({type(error).__name__}: {error})",
            remedy="Run `handoff doctor`: it asks each server and says what to do.",
        ) from error


def settings_here() -> "Settings":
    """Settings of the servers that the environment names, or of the stack that runs in this folder."""
    environment = running_environment()
    if environment is None:
        raise Refused(
            "NO_STACK",
            f"No stack runs in {home()}, and the environment names no servers",
            hint="Start one with `handoff up`, or set HANDOFF_DATABASE__DSN and HANDOFF_TEMPORAL__ADDRESS.",
            exit_code=2,
        )
    for name, value in environment.items():
        os.environ.setdefault(name, value)
    return settings()


def settings() -> "Settings":
    """The settings of the environment; what is wrong in them is named by its variable."""
    from runtime.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        name = "HANDOFF_" + "__".join(str(part).upper() for part in wrong["loc"]) if wrong["loc"] else "The environment"
        raise Misconfigured(
            f"{name}: {wrong['msg']}", remedy="Correct it, then run `handoff doctor`, which checks every setting."
        ) from None


def running_environment() -> dict[str, str] | None:
    """Nothing to add where the environment names servers; the settings of the stack that runs here; None where none does."""
    from runtime.embedded.record import Record

    if any(os.environ.get(name) for name in NAMING):
        return {}
    record = Record.of_running(home())
    return record.environment if record else None


def home() -> Path:
    """The folder of the stack."""
    return Path(os.environ.get("HANDOFF_HOME") or ".handoff")


def laid_over(kept: Any, plain: Any) -> Any:
    """``kept`` with the words of ``plain`` where something is withheld; everything else stays as it is, types included."""
    from policies.access import WITHHELD

    if isinstance(plain, str) and plain == WITHHELD:
        return WITHHELD
    match kept:
        case BaseModel():
            return kept.model_copy(update={name: laid_over(getattr(kept, name), plain[name]) for name in type(kept).model_fields})
        case dict():
            return {key: laid_over(value, plain[key]) for key, value in kept.items()}
        case list() | tuple():
            return type(kept)(laid_over(one, other) for one, other in zip(kept, plain, strict=True))
        case _:
            return kept
