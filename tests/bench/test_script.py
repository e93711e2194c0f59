"""The scriptwriter learns from two recordings what another contract fills in otherwise, and the figures are what they say."""

import itertools
import json
from typing import Any

import pytest

from bench.deliveries import Deliveries
from bench.figures import Round, comparison, percentile, side
from bench.recorder import Call
from bench.script import Script
from bench.scriptwriter import Take, write


def call(system: str, method: str, target: str, body: Any = None, answer: Any = None, at: float = 0.0, **more: Any) -> Call:
    given = {"headers": {}, "status": 200, "answer_headers": {}, "began": at, "ended": at + 1, **more}
    text = json.dumps(body) if body is not None else ""
    return Call(system=system, method=method, target=target, body=text, answer=json.dumps(answer), **given)


def a_take(serial: str, customer: int, job: int, key: str) -> Take:
    """A control point of one call, two branches, an opening and a telling."""
    location = {"location": f"http://127.0.0.1:8301/record/v1/job/{job}"}
    calls = [
        call("salesforce", "GET", f"/query?q=Contract%3D%27B-{serial}%27", answer={"records": [{"Id": f"006{serial}AA"}]}, at=0),
        call("netsuite", "POST", "/customer", {"name": f"Customer {serial}"}, {"id": str(customer)}, at=2),
        call("kantata", "POST", "/workspaces", {"title": "Rollout"}, {"results": [{"id": f"1{customer}"}]}, at=2.5),
        call("netsuite", "POST", "/job", {"parent": customer}, at=4, answer_headers=location, headers={"x-key": key}),
        call("kantata", "PUT", f"/workspaces/1{customer}?open", at=6),
        call("salesforce", "PATCH", f"/deal/006{serial}AA", {"project": f"1{customer}", "job": job}, at=8),
    ]
    return Take(serial, calls, [1.5, 5.5, 7.5])


FIRST = a_take("3400001", 1042, 5042, "0f5e8a52-0000-5000-8000-000000000001")
SECOND = a_take("3400002", 1062, 5062, "0f5e8a52-0000-5000-8000-000000000002")


@pytest.fixture
def script() -> Script:
    return write(FIRST, SECOND)


class TestScript:
    def test_the_order_is_that_of_the_recording_and_branches_do_not_wait_for_each_other(self, script: Script) -> None:
        assert [one.needs for one in script.calls] == [[], [0], [0], [1], [2, 3], [4]]

    def test_every_id_comes_from_the_answer_that_brought_it(self, script: Script) -> None:
        assert script.unexplained == []
        assert [len(one.uses) for one in script.calls] == [0, 0, 0, 1, 1, 2]
        known = {"deal": "006XYZ"}
        for one in script.calls:
            answer = {"results": [{"id": "77"}], "id": "78", "records": [{"Id": "006XYZ"}]}
            known |= {name: source.read(answer, "http://127.0.0.1:9/record/v1/job/79") for name, source in one.finds.items()}
        last = script.calls[-1]
        assert script.written(last.target, "3400009", known).startswith("/deal/006")
        assert json.loads(script.written(last.body, "3400009", known)) == {"project": "77", "job": 79}

    def test_a_contract_is_replaced_wherever_it_stands(self, script: Script) -> None:
        assert script.written(script.calls[0].target, "3400009", {}) == "/query?q=Contract%3D%27B-3400009%27"
        assert json.loads(script.written(script.calls[1].body, "3400009", {})) == {"name": "Customer 3400009"}

    def test_an_idempotency_key_is_another_for_each_contract(self, script: Script) -> None:
        keys = {script.written(script.calls[3].headers["x-key"], serial, {}) for serial in ("3400008", "3400009")}
        assert len(keys) == 2 and all(len(key) == 36 for key in keys)

    def test_recordings_of_two_stories_are_refused(self) -> None:
        shorter = Take(SECOND.serial, SECOND.calls[:-1], SECOND.stages)
        with pytest.raises(ValueError, match="only one of them has PATCH salesforce"):
            write(FIRST, shorter)


class TestFigures:
    def test_a_percentile_is_a_sample(self) -> None:
        samples = [float(n) for n in range(1, 101)]
        assert (percentile(samples, 0.5), percentile(samples, 0.99), percentile([3.0], 0.99)) == (50.0, 99.0, 3.0)

    def test_one_stalled_round_does_not_move_the_medians(self) -> None:
        calm, stalled = Round(milliseconds=[10.0] * 10, seconds=1), Round(milliseconds=[90.0] * 10, seconds=9)
        found = side([calm, stalled, calm])
        assert (found.per_second, found.p50, found.p99, found.count) == (10.0, 10.0, 90.0, 30)

    def test_ratios_are_ours_by_the_bare_way(self) -> None:
        ours, bare = Round(milliseconds=[10.0] * 8, seconds=1), Round(milliseconds=[20.0] * 4, seconds=1)
        found = comparison("here", [ours], [bare])
        assert (found.rate, found.p50, found.p99) == (2.0, 0.5, 0.5)


def test_about_every_tenth_delivery_is_a_repeat_of_an_earlier_one() -> None:
    source = Deliveries("a key")
    sent = list(itertools.islice(source, 1000))
    assert len({delivery.body for delivery in sent}) == source.distinct
    assert 850 <= source.distinct <= 950
