"""Links resolve, named commands exist, and every page is reached from the README."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command_name

from cli.main import COMMANDS, GROUPS, Target, command
from tests.docs.pages import CODE, ROOT, anchors, blocks, links, missing, pages, prose

PAGES = pages()
IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def local(page: Path) -> list[tuple[str, Path, str]]:
    """Links into this repository: as written, the file meant, and the anchor."""
    found = []
    for link in links(page):
        if not re.match(r"[a-z][a-z+.-]*:", link):
            path, _, anchor = link.partition("#")
            found.append((link, (page.parent / unquote(path)).resolve() if path else page, anchor))
    return found


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link, file, anchor in local(page):
        assert file.exists(), f"{link}: there is no {file.relative_to(ROOT)}"
        assert not anchor or file.suffix != ".md" or anchor in anchors(file), f"{link}: no heading of that name"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [file for _, file, _ in local(page) if file.suffix == ".md" and file.exists()]
    assert not {str(page.relative_to(ROOT)) for page in PAGES} - {str(page.relative_to(ROOT)) for page in reached}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_that_are_shown_with_a_prompt_are_run(page: Path) -> None:
    """Otherwise a block would look like a checked one and be none."""
    others = [block for block in blocks(page) if block.language not in {"console", "text"}]
    prompts = [block.name for block in others if any(line.startswith("$ ") for line in block.content)]
    assert not prompts


def named(page: Path) -> list[str]:
    """Every `handoff ...` that a page names, in text or in a block."""
    text = [code for code in CODE.findall(prose(page)) if code.startswith("handoff ")]
    lines = [line.removeprefix("$ ").strip() for block in blocks(page) for line in block.content]
    return text + [line for line in lines if line.startswith("handoff ") and "  " not in line]


def target_of(words: list[str]) -> tuple[str, Target] | None:
    if words[0] in COMMANDS:
        return words[0], COMMANDS[words[0]]
    group = GROUPS.get(words[0], {})
    return (words[1], group[words[1]]) if len(words) > 1 and words[1] in group else None


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_that_is_named_exists(page: Path) -> None:
    for line in named(page):
        words = shlex.split(re.split(r"[|;&>]", line.partition("#")[0])[0])[1:]
        if not words or words[0].startswith("-") or (len(words) == 1 and words[0] in GROUPS):
            continue
        found = target_of(words)
        assert found, f"{page.name} names `{line}`, and there is no such command"
        made = command(*found)
        options = {option for parameter in made.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
        assert not wrong, f"{page.name} names `{line}`, and {get_command_name(found[0])} has no {wrong[0]}"


def test_what_is_shown_is_compared_loosely_and_not_more() -> None:
    printed = "status   active \nid  42\nnote done\n"
    assert missing(("status active", "…", "id   …", "────"), printed) is None
    assert missing(("id …", "status active"), printed) == "status active"
    assert missing(("status waiting",), printed) == "status waiting"
