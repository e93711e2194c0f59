"""The little Markdown that generated pages need."""

import re
from collections.abc import Iterable, Sequence

NOTE = "<!-- Made by `python -m docs.generate`; a test compares. Do not edit by hand. -->"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in line) + " |" for line in lines)
