"""What this machine must have before anything runs: Python, binaries, a folder, ports."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.checks.finding import Finding, well, wrong

OLDEST = (3, 11)


def machine(home: Path, *, runs_here: bool) -> Iterator[Finding]:
    """Each of them."""
    yield _python()
    yield _binary("Temporal dev server", _temporal)
    yield _binary("PostgreSQL", _postgres)
    yield _folder(home)
    if not runs_here:
        yield _ports()


def _python() -> Finding:
    if sys.version_info >= OLDEST:
        return well("Python", f"{platform.python_version()} at {sys.executable}")
    return wrong("Python", platform.python_version(), f"Install Python {'.'.join(map(str, OLDEST))} or newer, then `make up`.")


def _temporal() -> Path:
    from runtime.embedded.temporal import find_binary

    return find_binary()


def _postgres() -> Path:
    from runtime.embedded.cluster import find_binaries

    return find_binaries()


def _binary(what: str, find: Callable[[], Path]) -> Finding:
    from runtime.embedded.process import PartFailed

    try:
        return well(what, str(find()))
    except PartFailed as missing:
        return wrong(what, missing.what, missing.remedy)


def _folder(home: Path) -> Finding:
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    if not existing.is_dir():
        return wrong("folder of the stack", f"{existing} is a file", "Move it away, or name another folder in HANDOFF_HOME.")
    if not os.access(existing, os.W_OK | os.X_OK):
        remedy = "Let this user write there, or name another folder in HANDOFF_HOME."
        return wrong("folder of the stack", f"{existing} cannot be written to", remedy)
    return well("folder of the stack", str(home.absolute()))


def _ports() -> Finding:
    from runtime.embedded.ports import WELL_KNOWN, is_free

    taken = [f"{name} {port}" for name, port in WELL_KNOWN.items() if not is_free(port)]
    if taken:
        return well("ports", f"taken by others: {', '.join(taken)}; `handoff up` will use free ones instead")
    return well("ports", f"free: {', '.join(f'{name} {port}' for name, port in WELL_KNOWN.items())}")
