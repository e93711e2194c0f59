"""`handoff keys issue`: an API key for a person or program."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from cli.output import JsonOption, Output, output
from cli.session import settings_here

SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", help="Whose key it is, as policies/access names them.")]


class Issued(BaseModel):
    """A fresh key; only its hash is kept."""

    subject: str
    api_key: str


def issue(subject: SubjectArgument, json: JsonOption = False) -> None:
    """Issue an API key for a person or program, shown this once."""
    from runtime.api_keys import ApiKeys

    with output(json) as out:
        issued = Issued(subject=subject, api_key=ApiKeys(_file(out)).issue(subject))
        out.show(issued, lambda i: f"{i.api_key}\nThis is the key of {i.subject}; one it had before stops working.")


def _file(out: Output) -> Path:
    named = settings_here().gateway.keys
    if named is None:
        out.fail(
            "NO_KEY_FILE",
            "No file of API keys is named",
            hint="Set HANDOFF_GATEWAY__KEYS, or use tokens of your identity provider, which production should.",
        )
    return named
