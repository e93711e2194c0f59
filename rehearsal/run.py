"""A run over many stories: each plainly, if wanted in hard variants too; some at a time, results in the order of the files."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rehearsal.hard import Hard, hard_ways, one_way, perform_hard
from rehearsal.performance import Performance, perform
from rehearsal.player import Tell
from rehearsal.reading import Story
from rehearsal.result import Report, Result
from rehearsal.stage import Servers
from runtime.embedded.signals import sigterm_cancels_this_task

Shown = Callable[[Result], None]
Numbered = tuple[int, Story]


@dataclass(frozen=True)
class Wish:
    """What a run is to do; ``lanes`` is how many stories are played at the same time, each lane with servers of its own."""

    policies: Path
    is_hard: bool = False
    sample: int | None = None
    lanes: int = 1

    def ways(self, story: Story, plain: Performance) -> list[Hard]:
        """The hard variants wanted of a story whose plain performance was good."""
        if self.sample is not None:
            return one_way(story, plain, self.sample)
        return hard_ways(story, plain, 1) if self.is_hard else []


@dataclass
class Run:
    """Plays stories; everything it starts lives in this folder and ends with it."""

    home: Path
    wish: Wish
    tell: Tell = lambda _: None
    shown: Shown = lambda _: None

    async def all(self, stories: Sequence[Story]) -> Report:
        """Every story."""
        began = time.monotonic()
        waiting, results = iter(list(enumerate(stories))), dict[int, list[Result]]()
        async with AsyncExitStack() as house:
            house.enter_context(sigterm_cancels_this_task())
            # One after another: the migrations' own library keeps its context in globals of the process.
            homes = [self.home / f"lane-{number + 1}" for number in range(min(self.wish.lanes, len(stories)))]
            lanes = [await house.enter_async_context(Servers(home)) for home in homes]
            async with asyncio.TaskGroup() as group:
                for servers in lanes:
                    group.create_task(self._lane(servers, waiting, results))
        ordered = [result for number in sorted(results) for result in results[number]]
        return Report(results=ordered, seconds=round(time.monotonic() - began, 1), seed=self.wish.sample)

    async def _lane(self, servers: Servers, waiting: Iterator[Numbered], results: dict[int, list[Result]]) -> None:
        for number, story in waiting:
            results[number] = await self._story(story, servers)

    async def _story(self, story: Story, servers: Servers) -> list[Result]:
        """Where its plain performance differs, the hard ones would only say so again."""
        policies = self.wish.policies
        plain = await perform(story, servers, policies, tell=self._teller(story, "plain"))
        results = [self._result(story, "plain", plain)]
        for way in self.wish.ways(story, plain) if results[0].passed else []:
            seen = await perform_hard(story, servers, policies, way, plain, tell=self._teller(story, str(way)))
            results.append(self._result(story, str(way), seen))
        return results

    def _teller(self, story: Story, manner: str) -> Tell:
        return lambda words: self.tell(f"{story.name}, {manner}: {words}")

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
