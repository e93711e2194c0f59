"""Which of several planned faults a call meets."""

import asyncio

from sandbox.faults import Fault, FaultPlan, Match


def _plan(*faults: Fault) -> FaultPlan:
    plan = FaultPlan()
    for fault in faults:
        plan.add(fault)
    return plan


def _met(plan: FaultPlan, path: str) -> str | None:
    fault = plan.take("POST", path, b"")
    return fault.name if fault else None


def test_the_first_that_matches_is_done() -> None:
    plan = _plan(Fault(kind="hold", name="first", skip=1), Fault(kind="answer", name="second", status=400, times=None))
    assert [_met(plan, "/a") for _ in range(3)] == ["second", "first", "second"]


def test_one_that_yields_lets_every_other_go_before_and_counts_what_they_took() -> None:
    refused = Fault(kind="answer", name="refused", status=400, times=None, on=Match(path="/refused"))
    plan = _plan(Fault(kind="hold", name="killer", skip=2, yields=True), refused)
    assert [_met(plan, path) for path in ("/a", "/refused", "/refused", "/a", "/a")] == [
        None,
        "refused",
        "refused",
        "killer",
        None,
    ]


def test_one_that_yields_outlives_what_is_lifted_and_goes_on_counting() -> None:
    plan = _plan(Fault(kind="hold", name="killer", skip=2, yields=True), Fault(kind="answer", name="refused", times=None))
    assert [_met(plan, "/a") for _ in range(2)] == ["refused", "refused"]
    plan.lift()
    assert [one["name"] for one in plan.listed()] == ["killer"]
    assert [_met(plan, "/a") for _ in range(2)] == ["killer", None]
    plan.clear()
    assert plan.listed() == []


async def test_answers_that_are_held_go_when_faults_are_lifted_but_for_those_that_yield() -> None:
    plan = _plan(Fault(kind="hold", name="story"), Fault(kind="hold", name="killer", yields=True))
    assert [_met(plan, "/a") for _ in range(2)] == ["story", "killer"]
    story, killer = asyncio.create_task(plan.held("story")), asyncio.create_task(plan.held("killer"))
    await asyncio.sleep(0)
    plan.lift()
    await asyncio.wait_for(story, 60)
    assert not killer.done()
    plan.release("killer")
    await asyncio.wait_for(killer, 60)
