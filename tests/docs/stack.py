"""One embedded stack for all commands that the documents show: started as a reader starts it, ended by its own signal."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.pages import ROOT
from tests.quiet import pause

_PATIENCE = 100.0


def environment(folder: Path) -> dict[str, str]:
    """A reader's shell: nothing of ours is set but the folder, and `handoff` and `python` are those of this environment."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    for name, call in (("handoff", "-m cli.main"), ("python", "")):
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANDOFF_")}
    path = os.pathsep.join((str(commands), str(Path(sys.executable).parent), kept.get("PATH", "")))
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "HANDOFF_HOME": str(folder / "state")}


@contextmanager
def running_stack(folder: Path) -> Iterator[dict[str, str]]:
    """`handoff up`; answers the environment in which its commands work."""
    shell, log = environment(folder), folder / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen(["handoff", "up", "--free-ports"], cwd=ROOT, env=shell, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(process, log)
            listed = subprocess.run(
                ["handoff", "schedules", "list", "--json"], cwd=ROOT, env=shell, stdout=subprocess.PIPE, check=True
            )
            pause(folder / "state", [one["id"] for one in json.loads(listed.stdout)])
            yield shell
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while "Handoff runs" not in log.read_text():
        assert process.poll() is None, f"`handoff up` ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"`handoff up` is not ready: {log.read_text()}"
        time.sleep(0.2)
