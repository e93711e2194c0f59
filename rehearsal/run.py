"""A run over many stories: each plainly, if wanted in hard variants too; some at a time, results in the order of the files."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.hard import Hard, hard_ways, named, one_way, perform_hard, random_kills, spread
from rehearsal.performance import Performance, perform
from rehearsal.player import Tell
from rehearsal.reading import Story
from rehearsal.real import RealSystems
from rehearsal.result import Report, Result
from rehearsal.stage import Servers
from runtime.embedded.signals import sigterm_cancels_this_task

Shown = Callable[[Result], None]


@dataclass(frozen=True)
class Job:
    """A story to be played plainly, or in a hard way that is compared with its plain performance."""

    number: int
    story: Story
    place: int = 0
    way: Hard | None = None
    plain: Performance | None = None

    @property
    def turn(self) -> tuple[int, int]:
        """The first hard variant of every story comes before the second of any."""
        return self.place, self.number


Jobs = asyncio.PriorityQueue[tuple[tuple[int, int], Job]]
Done = dict[tuple[int, int], Result]


@dataclass(frozen=True)
class Wish:
    """What a run is to do; ``lanes`` is how many stories are played at the same time, each lane with servers of its own.

    ``is_hard`` is for every hard variant, or those that are ``named`` so, and of the kills at writes for at most so many
    (``writes``). ``kills`` is how often each is played with the worker killed at a random moment. ``sample`` is the seed of what
    is by chance; alone it asks for one hard variant of each story, or of those ``sampled``.
    """

    policies: Path
    is_hard: bool = False
    named: tuple[str, ...] = ()
    writes: int | None = None
    sample: int | None = None
    sampled: frozenset[str] | None = None
    kills: int = 0
    lanes: int = 1

    def ways(self, story: Story, plain: Performance) -> list[Hard]:
        """The hard variants wanted of a story whose plain performance was good."""
        if self.kills:
            return random_kills(story, plain, self.sample or 0, self.kills)
        if self.is_hard:
            return self._hard(story, plain, self.sample if self.sample is not None else 1)
        if self.sample is not None:
            is_chosen = self.sampled is None or story.name in self.sampled
            return one_way(story, plain, self.sample) if is_chosen else []
        return []

    def _hard(self, story: Story, plain: Performance, seed: int) -> list[Hard]:
        ways = named(hard_ways(story, plain, seed), self.named)
        return ways if self.writes is None else spread(ways, plain, self.writes, f"{seed} {story.name}")


@dataclass
class Run:
    """Plays stories; everything it starts lives in this folder and ends with it."""

    home: Path
    wish: Wish
    tell: Tell = lambda _: None
    shown: Shown = lambda _: None
    real: RealSystems = field(default_factory=RealSystems)

    async def all(self, stories: Sequence[Story]) -> Report:
        """Every story."""
        began, done = time.monotonic(), Done()
        jobs: Jobs = asyncio.PriorityQueue()
        for number, story in enumerate(stories):
            _queue(jobs, Job(number, story))
        async with AsyncExitStack() as house:
            house.enter_context(sigterm_cancels_this_task())
            await house.enter_async_context(self.real)
            # One after another: the migrations' own library keeps its context in globals of the process.
            homes = [self.home / f"lane-{number + 1}" for number in range(self.wish.lanes if stories else 0)]
            lanes = [await house.enter_async_context(Servers(home, self.real)) for home in homes]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._lane(servers, jobs, done)) for servers in lanes]
                await jobs.join()
                for task in tasks:
                    task.cancel()
        ordered = [done[place] for place in sorted(done)]
        return Report(results=ordered, seconds=round(time.monotonic() - began, 1), seed=self.wish.sample)

    async def _lane(self, servers: Servers, jobs: Jobs, done: Done) -> None:
        while True:
            _, job = await jobs.get()
            done[job.number, job.place] = await self._done(job, servers, jobs)
            jobs.task_done()

    async def _done(self, job: Job, servers: Servers, jobs: Jobs) -> Result:
        policies, story = self.wish.policies, job.story
        if job.way is not None and job.plain is not None:
            tell = self._teller(story, str(job.way))
            return self._result(story, str(job.way), await perform_hard(story, servers, policies, job.way, job.plain, tell=tell))
        plain = await perform(story, servers, policies, tell=self._teller(story, "plain"))
        result = self._result(story, "plain", plain)
        # Where the plain performance differs, the hard ones would only say so again.
        for place, way in enumerate(self.wish.ways(story, plain) if result.passed else [], start=1):
            _queue(jobs, Job(job.number, story, place, way, plain))
        return result

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
            is_missed=seen.is_missed,
        )
        self.shown(result)
        return result


def _queue(jobs: Jobs, job: Job) -> None:
    jobs.put_nowait((job.turn, job))
