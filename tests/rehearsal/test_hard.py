"""Which hard variants a story gets."""

from dataclasses import replace
from pathlib import Path

from rehearsal.hard import random_kills
from rehearsal.performance import Performance
from rehearsal.reading import read_stories

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
