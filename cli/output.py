"""How commands speak: one typed result, rendered for people or as JSON; progress goes to stderr, so that stdout can be piped."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TextIO, TypeVar

import typer
from pydantic import BaseModel, TypeAdapter
from rich.console import Console

from canonical.errors import Failure, Misconfigured

Result = TypeVar("Result")
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_WIDE = 10_000  # a pipe has no width: nothing is cut or folded there, so that grep and cut find whole ids
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


def _console(stream: TextIO) -> Console:
    return Console(file=stream, soft_wrap=True, width=None if stream.isatty() else _WIDE)


class Refused(Exception):
    """A command that cannot do what was asked: code, what was refused, and what to run next."""

    def __init__(self, code: str, message: str, *, hint: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.exit_code = code, message, hint, exit_code


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
        """The result: through ``render`` for people (a text, a table, or a list of these), whole as JSON."""
        if self.is_json:
            # What a role may not see is a word in the place of a number, hence no warnings about types.
            sys.stdout.buffer.write(_ANYTHING.dump_json(result, indent=2, warnings="none") + b"\n")
            return
        console, rendered = _console(sys.stdout), render(result)
        for piece in rendered if isinstance(rendered, list) else [rendered]:
            console.print(piece, markup=False, highlight=False) if isinstance(piece, str) else console.print(piece)

    def say(self, text: str) -> None:
        """A line about what is being done, on stderr."""
        _console(sys.stderr).print(text, markup=False, highlight=False, style="dim")

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """While something takes long: a spinner where somebody looks, a line where nobody does."""
        console = _console(sys.stderr)
        if not console.is_terminal:
            self.say(f"{text} ...")
            yield
            return
        with console.status(text):
            yield

    def fail(self, code: str, message: str, *, hint: str) -> NoReturn:
        """End with an error that names the next command."""
        raise Refused(code, message, hint=hint)


@contextmanager
def output(is_json: bool) -> Iterator[Output]:
    """The frame of every command: named failures become one message, a hint and exit code 1 (2 where settings are wrong)."""
    try:
        yield Output(is_json)
    except Refused as refused:
        _failed(is_json, refused.code, refused.message, refused.hint)
        raise typer.Exit(refused.exit_code) from None
    except Failure as failure:
        _failed(is_json, failure.specific_code, failure.message, failure.remedy)
        raise typer.Exit(2 if isinstance(failure, Misconfigured) else 1) from None


def _failed(is_json: bool, code: str, message: str, hint: str) -> None:
    if is_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "message": message, "hint": hint}}) + "\n")
        return
    console = _console(sys.stderr)
    console.print(f"[bold red]{code}[/] ", end="")
    console.print(message, markup=False, highlight=False)
    console.print(f"  {hint}", markup=False, highlight=False, style="dim")
