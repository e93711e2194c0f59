"""Which of several planned faults a call meets."""

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
