"""Recorded histories replay under the code of today, command for command; no server is needed."""

import base64
import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory

from tests.replay.fingerprint import Replayed, replayed
from tests.replay.planted import WaitsFirst
from workflows.registry import WORKFLOWS

HISTORIES = Path(__file__).parent / "histories"
NAMES = sorted(file.stem for file in HISTORIES.glob("*.json"))
LESSON = """
The workflow code asks something else of the engine than it did when '{name}' was recorded.

What changed (recorded -, now +):
{changes}
{failure}
Why it matters: a handoff that is under way now was begun by the code of yesterday. When a worker with this code takes it up,
the engine replays its history and compares: at the first line that differs it stands still (non-determinism), and with it the
customer's project, until the change is taken back.

What to do:
* If the order or the set of steps was not meant to change, put it back: what an activity does inside may change freely, and so
  may its options and summaries; the order of activities, timers, children, signals and search attributes may not.
* If it was meant, keep both ways:
      if workflow.patched("what-changed"):
          ...  # the new way, taken by workflows that come here from now on
      else:
          ...  # the former way, for those that have been here before
  and once none of those runs any more: workflow.deprecate_patch("what-changed").
* Then record the new path beside the old ones: add a story beside tests/replay/stories.py, `python -m tests.replay.record NAME`.
* Record a history anew only if no workflow that was begun by released code can still be at it.
"""


def read(name: str) -> tuple[WorkflowHistory, list[str]]:
    """A recorded history and its fingerprint."""
    text = (HISTORIES / f"{name}.json").read_text()
    return WorkflowHistory.from_json(f"replayed/{name}", text), (HISTORIES / f"{name}.txt").read_text().splitlines()


def lesson(name: str, recorded: list[str], now: Replayed) -> str:
    """What is wrong, why it matters and what to do; nothing when all is well."""
    if now.lines == recorded and now.failure is None:
        return ""
    changes = "\n".join(f"  {line}" for line in difflib.unified_diff(recorded, now.lines, lineterm="", n=1))
    failure = f"\nThe engine says: {now.failure}\n" if now.failure else ""
    return LESSON.format(name=name, changes=changes or "  nothing in the commands", failure=failure)


@pytest.mark.parametrize("name", NAMES)
async def test_what_ran_yesterday_goes_on_today(name: str) -> None:
    history, recorded = read(name)
    taught = lesson(name, recorded, await replayed(history, WORKFLOWS))
    assert not taught, taught


async def test_a_change_that_would_stop_running_workflows_is_found_and_explained() -> None:
    history, recorded = read("check-systems")
    others = [kind for kind in WORKFLOWS if kind.__name__ != "CheckSystemsWorkflow"]
    now = await replayed(history, [*others, WaitsFirst])
    assert now.failure is not None and "TMPRL1100" in str(now.failure)
    taught = lesson("check-systems", recorded, now)
    assert (
        "+start timer" in taught
        and "-activity check_systems on ledger" in taught
        and 'workflow.patched("what-changed")' in taught
    )


def started(history: dict[str, Any]) -> str:
    """The type of the workflow."""
    kind: str = history["events"][0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
    return kind


def test_every_workflow_has_a_history() -> None:
    recorded = {started(json.loads((HISTORIES / f"{name}.json").read_text())) for name in NAMES}
    registered = {kind.__temporal_workflow_definition.name for kind in WORKFLOWS}
    assert registered - recorded == set(), "record them: python -m tests.replay.record (after adding their stories)"


def texts(value: Any) -> list[str]:
    """Every text in a history, payloads opened."""
    match value:
        case dict():
            opened = [
                base64.b64decode(inner).decode() for key, inner in value.items() if key == "data" and isinstance(inner, str)
            ]
            return opened + [text for inner in value.values() for text in texts(inner)]
        case list():
            return [text for inner in value for text in texts(inner)]
        case str():
            return [value]
        case _:
            return []


@pytest.mark.parametrize("name", NAMES)
def test_a_history_can_be_read_and_says_nothing_of_the_machine_that_recorded_it(name: str) -> None:
    found = texts(json.loads((HISTORIES / f"{name}.json").read_text()))
    assert any(text.startswith("{") for text in found) or name in {"sweep", "check-systems"}
    home = str(Path(__file__).parents[2])
    assert [text for text in found if home in text or "site-packages" in text or "postgresql://" in text] == []
