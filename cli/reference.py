"""The reference of the command line, made from the commands: ``python -m cli.reference`` writes docs/reference/cli.md."""

from collections.abc import Iterator
from pathlib import Path

import typer

from cli.main import COMMANDS, GROUPS, HELP, Target, command

FILE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
OPENING = """# The command line

Made from the commands by `python -m cli.reference`; do not edit it.

Every command has `--json` (an error is then `{"error": {"code", "message", "hint"}}`) and `--help`. The exit code is 0,
1 (refused, or something is wrong) or 2 (settings or usage). Results go to stdout, progress and errors to stderr; in a
pipe no line is cut or folded.

A command finds its servers through the settings of its environment (`HANDOFF_DATABASE__DSN`, `HANDOFF_TEMPORAL__ADDRESS`
...) or, where these name nothing, through the stack that `handoff up` holds in `HANDOFF_HOME` (`.handoff`). Who acts is
`--as NAME`, otherwise this machine's user: `policies/access` says what they may settle and see, the audit trail keeps the
name.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([OPENING, *_sections()])


def _sections() -> Iterator[str]:
    for name, target in COMMANDS.items():
        yield _section(f"handoff {name}", target)
    for group, targets in GROUPS.items():
        for name, target in targets.items():
            yield _section(f"handoff {group} {name}", target, about=HELP[group])


def _section(words: str, target: Target, *, about: str = "") -> str:
    made = command(words.rpartition(" ")[2], target)
    context = typer.Context(made, info_name=words, terminal_width=110, max_content_width=110)
    told = "\n".join(line.rstrip() for line in made.get_help(context).splitlines())
    return f"## {words}\n\n{about + chr(10) * 2 if about else ''}```text\n{told}\n```\n"


def main() -> None:
    """Write the page."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(reference())


if __name__ == "__main__":
    main()
