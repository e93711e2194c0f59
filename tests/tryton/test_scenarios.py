"""Handoff's own processes over the real Tryton: its own scenarios hold, and those of all that fit its books."""

import pytest
import pytest_asyncio

from rehearsal.reading import Story, read_stories
from rehearsal.real import RealSystems
from rehearsal.result import Report
from rehearsal.run import Run, Wish
from runtime.embedded.plan import ROOT
from runtime.embedded.tryton.server import Host
from tests.tryton.fitting import FITTING

OWN = read_stories([ROOT / "scenarios" / "tryton"])
STORIES = OWN + [story.over("tryton-us") for story in read_stories([ROOT / "scenarios"]) if story.name in FITTING]
pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="session")]


def test_every_story_that_fits_is_there() -> None:
    assert {story.name for story in STORIES if story.scenario.overlay == "tryton-us"} == set(FITTING)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def report(request: pytest.FixtureRequest, host: Host, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """All stories that are asked for, each over books of its own; each test looks at its own."""
    asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    chosen = {given["story"].name for given in asked if "story" in given}
    wish = Wish(ROOT / "policies" / "demo", lanes=2)
    run = Run(tmp_path_factory.mktemp("tryton"), wish, real=RealSystems(host=host))
    return await run.all([story for story in STORIES if story.name in chosen])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name.replace(" ", "-"))
async def test_a_scenario_holds_over_the_real_tryton(story: Story, report: Report) -> None:
    results = [result for result in report.results if result.story == story.name]
    assert results, "it was not played"
    told = [f"{result.manner}: {difference}" for result in results for difference in result.differences]
    assert not told, "\n".join(told)
