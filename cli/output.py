"""How commands speak: one typed result, rendered for people or as JSON; progress goes to stderr, so that stdout can be piped."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter
from rich.console import Console

from canonical.errors import Failure

Result = TypeVar("Result")
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

out = Console(soft_wrap=True)
progress = Console(stderr=True, soft_wrap=True)


class Refused(Exception):
    """A command that cannot do what was asked: code, what was refused, and what to run next."""

    def __init__(self, code: str, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True)
class Output:
    """Where a command's result goes."""

    is_json: bool

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run asynchronous work to its end; the collection keeps short-lived processes from crashing at exit (TEMPORAL.md)."""
        try:
            return asyncio.run(work)
        finally:
            gc.collect()

    def show(self, result: BaseModel | list[Any], render: Callable[[Any], object]) -> None:
        """The result: through ``render`` for people, whole as JSON."""
        if self.is_json:
            sys.stdout.write(_as_json(result) + "\n")
            return
        rendered = render(result)
        for piece in rendered if isinstance(rendered, list) else [rendered]:
            out.print(piece, markup=False, highlight=False) if isinstance(piece, str) else out.print(piece)

    def fail(self, code: str, message: str, *, hint: str) -> NoReturn:
        """End with an error that names the next command."""
        raise Refused(code, message, hint=hint)


@contextmanager
def output(is_json: bool) -> Iterator[Output]:
    """The frame of every command: named failures become one message, a hint and exit code 1 (2 where settings are wrong)."""
    from canonical.errors import Misconfigured

    try:
        yield Output(is_json)
    except Refused as refused:
        _failed(is_json, refused.code, refused.message, refused.hint)
        raise typer.Exit(1) from None
    except Failure as failure:
        _failed(is_json, failure.specific_code, failure.message, failure.remedy)
        raise typer.Exit(2 if isinstance(failure, Misconfigured) else 1) from None


def _failed(is_json: bool, code: str, message: str, hint: str) -> None:
    if is_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "message": message, "hint": hint}}) + "\n")
        return
    progress.print(f"[bold red]{code}[/] ", end="")
    progress.print(message, markup=False, highlight=False)
    progress.print(f"  {hint}", markup=False, highlight=False, style="dim")


def _as_json(result: BaseModel | list[Any]) -> str:
    return TypeAdapter(Any).dump_json(result, indent=2).decode()
