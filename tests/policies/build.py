"""Policy folders for tests: the demo firm's, with single places changed."""

import shutil
from pathlib import Path

DEMO = Path(__file__).parents[2] / "policies" / "demo"


def a_folder(target: Path, **edits: tuple[str, str]) -> Path:
    """A copy of the demo policies; each edit replaces one text of one file, which must be there."""
    folder = target / "policies"
    if not folder.exists():
        shutil.copytree(DEMO, folder)
    for name, (old, new) in edits.items():
        file = folder / f"{name}.yaml"
        text = file.read_text()
        assert text.count(old) >= 1, f"{file} has no {old!r}"
        file.write_text(text.replace(old, new, 1))
    return folder


def line_of(folder: Path, name: str, text: str) -> int:
    """The line on which the text stands first."""
    lines = (folder / f"{name}.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)
