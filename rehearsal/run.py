"""A run over many stories: each plainly, and if wanted in its hard variants; results in the order of the files."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rehearsal.hard import Hard, hard_ways, one_way, perform_hard
from rehearsal.performance import Performance, perform
from rehearsal.reading import Story
from rehearsal.result import Report, Result
from rehearsal.stage import Servers

Heard = Callable[[str], None]
Shown = Callable[[Result], None]


@dataclass(frozen=True)
class Wish:
    """What a run is to do."""

    policies: Path
    is_hard: bool = False
    sample: int | None = None

    def ways(self, story: Story, plain: Performance) -> list[Hard]:
        """The hard variants wanted of a story whose plain performance was good."""
        if self.sample is not None:
            return one_way(story, plain, self.sample)
        return hard_ways(story, plain, 1) if self.is_hard else []


@dataclass
class Run:
    """Plays stories on servers that run already."""

    servers: Servers
    wish: Wish
    heard: Heard = lambda _: None
    shown: Shown = lambda _: None

    async def all(self, stories: Iterable[Story]) -> Report:
        """Every story, one after another."""
        began = time.monotonic()
        results = [result for story in stories for result in await self.story(story)]
        return Report(results=results, seconds=time.monotonic() - began, seed=self.wish.sample)

    async def story(self, story: Story) -> list[Result]:
        """One story; where its plain performance differs, the hard ones would only say so again."""
        plain = await perform(story, self.servers, self.wish.policies, tell=self._teller(story, "plain"))
        results = [self._result(story, "plain", plain)]
        for way in self.wish.ways(story, plain) if results[0].passed else []:
            seen = await perform_hard(story, self.servers, self.wish.policies, way, plain, tell=self._teller(story, str(way)))
            results.append(self._result(story, str(way), seen))
        return results

    def _teller(self, story: Story, manner: str) -> Heard:
        return lambda words: self.heard(f"{story.name}, {manner}: {words}")

    def _result(self, story: Story, manner: str, seen: Performance) -> Result:
        result = Result(
            story=story.name,
            title=story.scenario.title,
            manner=manner,
            file=story.file,
            seconds=round(seen.seconds, 1),
            differences=seen.differences,
        )
        self.shown(result)
        return result
