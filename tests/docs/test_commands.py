"""What the README and the tutorial show is run, in their order, against one stack; the lines shown must be printed."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, Command, blocks, commands, missing
from tests.docs.stack import running_stack

SHOWN = (ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").glob("*.md")))
BLOCKS = [block for page in SHOWN for block in blocks(page) if block.language == "console"]
# A handoff takes a moment, and a reader looks again; only commands that change nothing are looked at again.
LOOKS = ("handoff show", "handoff list", "handoff exceptions list", "handoff exceptions show", "handoff trace")
_PATIENCE = 60.0

pytestmark = pytest.mark.timeout(300)  # the first waits for the stack


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_stack(tmp_path_factory.mktemp("documents")) as environment:
        yield environment


def run(command: Command, shell: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", command.line],
        cwd=ROOT,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command.line}\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=[block.name for block in BLOCKS])
def test_what_is_shown_is_what_happens(block: Block, shell: dict[str, str]) -> None:
    assert commands(block), "a console block has a command after `$ `"
    for command in commands(block):
        deadline = time.monotonic() + _PATIENCE
        while absent := missing(command.shown, printed := run(command, shell)):
            may_look_again = command.line.startswith(LOOKS) and time.monotonic() < deadline
            assert may_look_again, f"$ {command.line}\ndid not print: {absent}\nbut:\n{printed}"
            time.sleep(0.5)


def test_the_tutorial_is_run() -> None:
    assert any(Path("docs/tutorial/first-handoff.md") == block.page.relative_to(ROOT) for block in BLOCKS)
