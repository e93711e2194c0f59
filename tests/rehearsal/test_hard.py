"""Which hard variants a story gets."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from canonical.errors import Misconfigured
from rehearsal.hard import Hard, hard_ways, named, one_way, random_kills, require_known, spread
from rehearsal.performance import Performance
from rehearsal.player import ASKED_AGAIN
from rehearsal.reading import read_stories
from rehearsal.run import Wish
from rehearsal.step import Step

ROOT = Path(__file__).parents[2]


def test_moments_by_chance_lie_within_the_play_and_are_the_same_for_the_same_seed() -> None:
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    plain = Performance(seconds=20.0, played=4.0)
    ways = random_kills(story, plain, seed=7, times=20)
    moments = [way.after for way in ways if way.after is not None]
    assert len(set(moments)) == 20 and all(0 <= moment <= 4.0 for moment in moments)
    assert random_kills(story, plain, seed=7, times=20) == ways != random_kills(story, plain, seed=8, times=20)


def test_a_story_that_spares_its_worker_is_not_killed() -> None:
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    sparing = replace(story, scenario=story.scenario.model_copy(update={"spares": {"killed": "it kills by itself"}}))
    assert random_kills(sparing, Performance(played=4.0), seed=7, times=20) == []


PLAIN = Performance(
    writes={"kantata": ["POST /workspaces"], "netsuite": [*["POST /charge"] * 9, "POST /invoice", *["POST /charge"] * 9]}
)


def every_way() -> list[Hard]:
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    return hard_ways(story, PLAIN, 1)


def test_ways_are_chosen_by_the_beginning_of_their_names() -> None:
    assert [str(way) for way in named(every_way(), ["twice", "shuffled"])] == ["twice", "shuffled (seed 1)"]
    assert [str(way) for way in named(every_way(), ["killed after write 19 to netsuite"])] == [
        "killed after write 19 to netsuite"
    ]
    assert named(every_way(), []) == every_way() and len(every_way()) == 22


def test_a_name_that_no_hard_variant_has_is_refused() -> None:
    require_known(["twice", "killed after write 3 to netsuite"])
    with pytest.raises(Misconfigured, match="No hard variant is called slowly"):
        require_known(["twice", "slowly"])


@pytest.mark.parametrize("seed", ["1 S01", "2 S01", "3 S01"])
def test_a_few_kills_are_of_different_kinds_of_writes_first(seed: str) -> None:
    kinds = [PLAIN.writes[way.system][way.write] for way in spread(every_way(), PLAIN, 3, seed) if way.system]
    assert sorted(kinds) == ["POST /charge", "POST /invoice", "POST /workspaces"]
    ten = spread(every_way(), PLAIN, 10, seed)
    assert len(ten) == 12 and ten == spread(every_way(), PLAIN, 10, seed) and set(ten) <= set(every_way())
    assert spread(every_way(), PLAIN, 0, seed) == every_way()[:2]


@pytest.mark.parametrize("seed", ["1 S01", "2 S01", "3 S01"])
def test_a_few_kills_are_of_what_comes_after_the_activation_first(seed: str) -> None:
    provisioning = ["POST /customer", "POST /job", "PATCH /job"]
    billing = ["POST /charge", "POST /charge", "PATCH /job", "POST /invoice"]
    plain = Performance(writes={"netsuite": provisioning + billing}, provisioning={"netsuite": len(provisioning)})
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    ways = hard_ways(story, plain, 1)

    def kinds(most: int) -> list[str]:
        return sorted(plain.writes[way.system][way.write] for way in spread(ways, plain, most, seed) if way.system)

    assert kinds(2) == ["POST /charge", "POST /invoice"]
    assert kinds(3) == ["PATCH /job", "POST /charge", "POST /invoice"]
    assert kinds(6) == sorted([*provisioning, "POST /charge", "PATCH /job", "POST /invoice"])
    assert kinds(7) == sorted(provisioning + billing)


def test_each_sort_of_hard_way_is_as_likely_however_much_provisioning_writes() -> None:
    plain = Performance(writes={"netsuite": [*["POST /job"] * 40, "POST /invoice"]}, provisioning={"netsuite": 40})
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    seen = Counter(str(way).partition(" to ")[0] for seed in range(400) for way in one_way(story, plain, seed))
    shuffled = sum(times for name, times in seen.items() if name.startswith("shuffled"))
    assert all(70 < times < 130 for times in (seen["twice"], shuffled, seen["killed after write 41"]))
    assert one_way(story, plain, 7) == one_way(story, plain, 7)


def test_a_run_is_asked_for_some_of_the_ways() -> None:
    [story] = read_stories([ROOT / "scenarios" / "S01.yaml"])
    wish = Wish(ROOT / "policies" / "demo", is_hard=True, named=("killed",), writes=2, sample=7)
    assert [way.kind for way in wish.ways(story, PLAIN)] == ["killed", "killed"]
    assert Wish(ROOT / "policies" / "demo").ways(story, PLAIN) == []


def test_what_is_asked_again_are_verbs() -> None:
    assert set(Step.model_fields) >= ASKED_AGAIN
