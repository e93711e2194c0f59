"""Recording a handoff: our own worker runs it with proxies before the vendors, and the history says when its stages began."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

from bench.ground import Ground
from bench.ours import Ours
from bench.recorder import Call, Recorder
from bench.scriptwriter import Take

_CONTROL_POINT, _OPENING, _TELLING = "judge_activation", "activate_psa_project", "tell_deal"
_STARTED = EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
_COMPLETED = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
_SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


async def record(ground: Ground, ours: Ours, warm: Sequence[str], serials: Sequence[str]) -> list[Take]:
    """A take of each of these; the ``warm`` ones before them sign in and fill what the connectors remember."""
    recorder = Recorder()
    async with recorder.before(ground.addresses) as proxies:
        changes = {f"HANDOFF_SANDBOX_{name.upper()}_URL": url for name, url in proxies.items()}
        async with ground.worker(**changes):
            for serial in warm:
                await ours.run(serial)
            return [await _take(recorder, ours, serial) for serial in serials]


async def _take(recorder: Recorder, ours: Ours, serial: str) -> Take:
    recorder.calls.clear()
    await ours.run(serial)
    calls = sorted(recorder.calls, key=_began)
    return Take(serial, calls, await stages(ours.handle(serial)))


def _began(call: Call) -> float:
    return call.began


async def activities(handle: WorkflowHandle[object, object]) -> list[str]:
    """The activities that a workflow scheduled, by name."""
    events = [event async for event in handle.fetch_history_events()]
    return [_name(event) for event in events if event.event_type == _SCHEDULED]


async def stages(handle: WorkflowHandle[object, object]) -> list[float]:
    """When the control point was passed, when the project was opened, and when the deal was told."""
    events = [event async for event in handle.fetch_history_events()]
    named = {event.event_id: _name(event) for event in events if event.event_type == _SCHEDULED}
    started = {named[_scheduled(event)]: _at(event) for event in events if event.event_type == _STARTED}
    completed = {named[_scheduled(event)]: _at(event) for event in events if event.event_type == _COMPLETED}
    return [completed[_CONTROL_POINT], started[_OPENING], started[_TELLING]]


def _name(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


def _scheduled(event: HistoryEvent) -> int:
    if event.event_type == _STARTED:
        return event.activity_task_started_event_attributes.scheduled_event_id
    return event.activity_task_completed_event_attributes.scheduled_event_id


def _at(event: HistoryEvent) -> float:
    return event.event_time.ToNanoseconds() / 1e9
