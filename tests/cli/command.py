"""The real `handoff` command as another process, and a stack that `handoff up` holds for it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Handoff:
    """The command, at home in one folder, with nothing of ours in its environment but what is given."""

    home: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            capture_output=True, text=True, check=False, cwd=ROOT, env=self.surroundings(), timeout=90,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def surroundings(self) -> dict[str, str]:
        """The environment of the process."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("HANDOFF_")}
        return {**bare, "HANDOFF_HOME": str(self.home), "COLUMNS": "80", **self.environment}

    @contextmanager
    def up(self) -> Iterator[dict[str, Any]]:
        """`handoff up`, until the block ends; yields what it said."""
        command = [sys.executable, "-m", "cli.main", "up", "--free-ports", "--json"]
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "up.log").open("w") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=self.surroundings())
            try:
                yield self._announced(process)
            finally:
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=60) == 0, (self.home / "up.log").read_text()

    def _announced(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                return dict(json.loads("".join(lines)))
        raise AssertionError(f"`handoff up` ended: {''.join(lines)}{(self.home / 'up.log').read_text()}")
