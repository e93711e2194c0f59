"""Schedules on a real server: created, brought up to date, and left paused where a person paused them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.client import Client

from canonical.errors import NotFound
from operations.office import Office
from operations.schedules import Scheduled, Schedules
from workflows.schedules import SCHEDULES

pytestmark = pytest.mark.asyncio(loop_scope="session")


def timeless(scheduled: Scheduled) -> Scheduled:
    """Without its next time, which goes on while one looks."""
    return scheduled.model_copy(update={"next_at": None})


async def test_schedules_are_listed_applied_and_applied_again(office: Office) -> None:
    names = [*(planned.id for planned in SCHEDULES), *(f"reconcile/{entity}" for entity in ("DE01", "IN01", "UK01", "US01"))]
    assert names[:1] == ["sweep"]
    assert [(one.id, one.is_applied) for one in await office.schedules()] == [(name, False) for name in names]
    with pytest.raises(NotFound, match="no schedule sweep"):
        await office.trigger_schedule("sweep")
    [applied, *_] = await office.apply_schedules()
    assert applied.is_applied and not applied.is_paused and applied.next_at is not None and applied.every_seconds == 900
    assert [timeless(one) for one in await office.apply_schedules()] == [timeless(one) for one in await office.schedules()]
    await office.trigger_schedule("sweep")
    with pytest.raises(NotFound, match="no schedule nonsense"):
        await office.trigger_schedule("nonsense")


async def test_what_differs_is_updated_and_what_a_person_paused_stays_paused(office: Office, client: Client) -> None:
    await office.apply_schedules()
    handle = client.get_schedule_handle("sweep")
    changed = replace(SCHEDULES[0], every=timedelta(hours=3), note="Less often.")
    schedules = Schedules(client, (changed,))
    await schedules.apply()
    described = (await handle.describe()).schedule
    assert (described.spec.intervals[0].every, described.state.note) == (timedelta(hours=3), "Less often.")
    await handle.pause(note="the auditors are in")
    [kept, *_] = await office.apply_schedules()
    described = (await handle.describe()).schedule
    assert kept.is_paused and described.state.note == "the auditors are in"
    assert described.spec.intervals[0].every == SCHEDULES[0].every
