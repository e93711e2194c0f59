"""Record histories of all stories, or of those named: ``python -m tests.replay.record [NAME...]``; what is there stays.

A history is evidence of code that has run. Record a new one for a new path; never record one again to silence the test.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from tests.replay import billing, credits, engagements, living, month_end, provisioning, receivables
from tests.replay.fingerprint import replayed
from tests.replay.stories import STORIES
from tests.workflows.house import House, open_house
from workflows.registry import WORKFLOWS

TOPICS = (billing, credits, engagements, living, month_end, provisioning, receivables)  # to import them adds their stories
HISTORIES = Path(__file__).parent / "histories"
OF_A_MACHINE = re.compile(r"\d+@[\w.-]+")


def scrubbed(value: Any, name: str = "") -> Any:
    """Without what belongs to the machine that recorded it: hosts, process ids, paths in stack traces."""
    match value:
        case dict():
            return {key: scrubbed(inner, key) for key, inner in value.items() if key != "stackTrace"}
        case list():
            return [scrubbed(inner, name) for inner in value]
        case str() if name != "data":
            return OF_A_MACHINE.sub("worker", value)
        case _:
            return value


async def record(house: House, name: str) -> None:
    """Play one story and keep its history and its fingerprint."""
    handle = await STORIES[name](house, f"R-{name}")
    history = json.dumps(scrubbed((await handle.fetch_history()).to_json_dict()), indent=1, sort_keys=True)
    (HISTORIES / f"{name}.json").write_text(history + "\n")
    found = await replayed(WorkflowHistory.from_json(handle.id, history), WORKFLOWS)
    if found.failure is not None:
        raise found.failure
    (HISTORIES / f"{name}.txt").write_text("\n".join(found.lines) + "\n")
    print(f"{name}: {len(found.lines)} activations")


async def main(names: list[str]) -> None:
    wanted = names or [name for name in STORIES if not (HISTORIES / f"{name}.json").exists()]
    HISTORIES.mkdir(exist_ok=True)
    async with open_house(is_encrypted=False) as house:
        for name in wanted:
            await record(house, name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
