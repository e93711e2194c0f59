"""The documents as a check reads them: their pages, headings, links, and blocks of commands with what they print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^\s*(```+|~~~+)\s*(\w*)")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
SOURCE = re.compile(r"\b(?:src|srcset|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the line it begins on, and what is inside."""

    page: Path
    line: int
    language: str
    content: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A line after `$` and the lines that it is shown to print."""

    line: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """Every page that people read."""
    found = [ROOT / "README.md", *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted({page for page in found if page.exists() and not page.relative_to(ROOT).parts[0].startswith(".")})


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    fence, language, start, inside = "", "", 0, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = FENCE.match(line)
        if not fence and match:
            fence, language, start, inside = match[1], match[2], number, []
        elif fence and line.strip() == fence:
            yield Block(page, start, language, tuple(dedent("\n".join(inside)).splitlines()))
            fence = ""
        elif fence:
            inside.append(line)


def prose(page: Path) -> str:
    """The page without its fenced blocks and comments."""
    kept, fence = list[str](), ""
    for line in page.read_text().splitlines():
        match = FENCE.match(line)
        if not fence and match:
            fence = match[1]
        elif fence:
            fence = "" if line.strip() == fence else fence
        else:
            kept.append(line)
    return re.sub(r"<!--.*?-->", "", "\n".join(kept), flags=re.DOTALL)


def links(page: Path) -> list[str]:
    """Where its links and pictures point to; what stands in code is no link."""
    text = CODE.sub("", prose(page))
    return [*LINK.findall(text), *SOURCE.findall(text)]


def anchors(page: Path) -> set[str]:
    """The names of its headings, as GitHub makes them."""
    names, seen = set[str](), dict[str, int]()
    for line in prose(page).splitlines():
        match = HEADING.match(line)
        if match:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[2]).replace("`", "")
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            seen[slug] = seen.get(slug, -1) + 1
            names.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
    return names


def commands(block: Block) -> list[Command]:
    """The commands of a console block, each with what it is shown to print."""
    found: list[Command] = []
    for line in block.content:
        if line.startswith("$ "):
            found.append(Command(line[2:], ()))
        elif found:
            found[-1] = Command(found[-1].line, (*found[-1].shown, line))
    return found


def missing(shown: tuple[str, ...], printed: str) -> str | None:
    """The first shown line that was not printed after the one before it; `…` stands for anything, blanks for any blanks."""
    at = 0
    for line in shown:
        words = line.replace("─", "").split()
        if words in ([], ["…"]):
            continue
        pattern = r"\s+".join(".*?".join(map(re.escape, word.split("…"))) for word in words)
        match = re.compile(pattern).search(printed, at)
        if match is None:
            return line
        at = match.end()
    return None
