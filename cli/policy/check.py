"""`handoff policy check`: every mistake in the policy files at once, each with file, line and remedy."""

import typer
from pydantic import BaseModel

from cli.output import JsonOption, output
from cli.policy.folder import FolderArgument, chosen
from policies.loading import check as problems_of
from policies.loading import load
from policies.problem import Problem


class Checked(BaseModel):
    """What the check found; without problems, the version of the policies."""

    folder: str
    version: str = ""
    problems: list[Problem] = []


def check(folder: FolderArgument = None, json: JsonOption = False) -> None:
    """Check the firm's policy files: file, line and remedy of each mistake."""
    with output(json) as out:
        place = chosen(folder)
        problems = problems_of(place)
        version = "" if problems else load(place).version
        out.show(Checked(folder=str(place), version=version, problems=problems), _told)
        if problems:
            raise typer.Exit(1)


def _told(checked: Checked) -> str:
    if not checked.problems:
        return f"The policies in {checked.folder} can be used; their version is {checked.version}."
    told = [str(problem) for problem in checked.problems]
    return "\n".join([*told, f"{len(told)} to correct in {checked.folder}; then run `handoff policy check` again."])
