"""Handoff's own processes over the real Tryton: its own scenarios hold, and those of all that fit its books.

By hand every story is played; where CI is set, one of each scenario by chance.
The seed is printed, and can be given in HANDOFF_SEED.
"""

import os
import random
from collections.abc import Sequence
from itertools import groupby

import pytest
import pytest_asyncio

from rehearsal.reading import Story, read_stories
from rehearsal.real import RealSystems
from rehearsal.result import Report
from rehearsal.run import Run, Wish
from runtime.embedded.plan import ROOT
from runtime.embedded.tryton.server import Host
from tests.tryton.fitting import hindrance, overlaid

OWN = read_stories([ROOT / "scenarios" / "tryton"])
STORIES = OWN + [overlaid(story) for story in read_stories([ROOT / "scenarios"]) if not hindrance(story)]
LANES = 3
pytestmark = [pytest.mark.scenario, pytest.mark.timeout(3600), pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def chosen(request: pytest.FixtureRequest) -> list[Story]:
    """Those that are asked for."""
    asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    names = {given["story"].name for given in asked if "story" in given}
    stories = [story for story in STORIES if story.name in names]
    return _one_of_each(stories) if os.environ.get("CI") else stories


def _one_of_each(stories: Sequence[Story]) -> list[Story]:
    seed = int(os.environ.get("HANDOFF_SEED") or random.randrange(1_000_000))
    print(f"one story of each scenario chosen with HANDOFF_SEED={seed}")
    chance = random.Random(seed)
    return [chance.choice(list(variants)) for _, variants in groupby(stories, key=lambda story: story.scenario.scenario)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def report(chosen: list[Story], host: Host, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The chosen stories, each over books of its own; each test looks at its own."""
    wish = Wish(ROOT / "policies" / "demo", lanes=LANES)
    return await Run(tmp_path_factory.mktemp("tryton"), wish, real=RealSystems(host=host)).all(chosen)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name.replace(" ", "-"))
async def test_a_scenario_holds_over_the_real_tryton(story: Story, chosen: list[Story], report: Report) -> None:
    if story not in chosen:
        pytest.skip("another story of its scenario was played")
    results = [result for result in report.results if result.story == story.name]
    assert results, "it was not played"
    told = [f"{result.manner}: {difference}" for result in results for difference in result.differences]
    assert not told, "\n".join(told)
