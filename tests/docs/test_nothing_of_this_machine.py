"""No tracked file names a package registry's host or a path of somebody's machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.docs.pages import ROOT

# Put together here, so that this file does not name them either.
HOSTS = [".".join(parts) for parts in (
    ("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"), ("proxy", "golang", "org"), ("crates", "io"),
    ("index", "docker", "io"), ("repo", "maven", "apache", "org"), ("rubygems", "org"),
)]  # fmt: skip
PLACES = re.compile(rf"(?<![\w.-])/(?:{'|'.join(('wo' + 'rk/', 'ro' + 'ot/[.]', 'Us' + 'ers/', 'opt/py' + 'pi'))})[\w.-]+")
LEFT_OUT = {".git", ".venv", ".handoff", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def tracked() -> Iterator[Path]:
    """What git tracks; the whole tree where there is no git."""
    listed = shutil.which("git") and subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed and listed.returncode == 0 and listed.stdout:
        yield from (ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())
        return
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.endswith(".egg-info")]
        yield from (Path(folder) / name for name in names)


def own_hosts() -> list[str]:
    """The hosts that this machine's installer asks, by its own settings."""
    named = " ".join(os.environ.get(f"{tool}_{name}_URL", "") for tool in ("PIP", "UV") for name in ("INDEX", "EXTRA_INDEX"))
    return [host for url in named.split() if (host := urlsplit(url).hostname)]


def test_nothing_tracked_names_a_registry_or_a_machine() -> None:
    hosts = re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, [*HOSTS, *own_hosts()])) + r")(?![\w-])", re.IGNORECASE)
    found = []
    for file in tracked():
        content = file.read_bytes()
        if b"\0" not in content[:4096]:
            text = content.decode(errors="replace")
            found += [f"{file.relative_to(ROOT)}: {match[0]}" for match in (*hosts.finditer(text), *PLACES.finditer(text))]
    assert not found
