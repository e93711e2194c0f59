"""What the workflow code asks of the engine while a recorded history is replayed: a line for each activation that asks."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.plugin import SimplePlugin
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import _Definition as Definition

from runtime.plugin import handoff_plugin

UNRECORDED = {"respond_to_query"}


@dataclasses.dataclass(frozen=True)
class Replayed:
    """The lines, and why the replay failed where it did."""

    lines: list[str]
    failure: Exception | None


async def replayed(history: WorkflowHistory, workflows: Sequence[type[Any]]) -> Replayed:
    """Replay with the production plugin, watching what the code asks."""
    watched: list[str] = []

    def watching(runner: WorkflowRunner | None) -> WorkflowRunner:
        assert runner is not None
        return Watching(runner, watched)

    plugins = [handoff_plugin(None), SimplePlugin("watching", workflow_runner=watching)]
    result = await Replayer(workflows=workflows, plugins=plugins).replay_workflow(history, raise_on_replay_failure=False)
    return Replayed(watched, result.replay_failure)


class Watching(WorkflowRunner):
    """Another runner, looked at."""

    def __init__(self, runner: WorkflowRunner, seen: list[str]) -> None:
        self._runner, self._seen = runner, seen

    def prepare_workflow(self, defn: Definition) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _watched(self._runner.create_instance(det), self._seen)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


def _watched(instance: WorkflowInstance, seen: list[str]) -> WorkflowInstance:
    activate: Callable[[WorkflowActivation], WorkflowActivationCompletion] = instance.activate

    def and_look(act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = activate(act)
        asked = [line for command in completion.successful.commands if (line := described(command))]
        if asked:
            seen.append(", ".join(asked))
        return completion

    instance.activate = and_look  # type: ignore[method-assign]
    return instance


def described(command: WorkflowCommand) -> str:
    """A command in a few words: its kind, and the name that a change of code would change."""
    kind = command.WhichOneof("variant") or ""
    match kind:
        case _ if kind in UNRECORDED:
            return ""
        case "schedule_activity":
            return f"activity {command.schedule_activity.activity_type} on {command.schedule_activity.task_queue}"
        case "start_child_workflow_execution":
            return f"child {command.start_child_workflow_execution.workflow_type}"
        case "signal_external_workflow_execution":
            return f"signal {command.signal_external_workflow_execution.signal_name}"
        case "set_patch_marker":
            return f"patch {command.set_patch_marker.patch_id}"
        case "update_response":
            return f"update {command.update_response.WhichOneof('response')}"
        case _:
            return kind.replace("_", " ")
