"""Several stories told one after another on one stage, each added to what is there; every fact is checked and said in words."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from canonical.errors import Misconfigured
from rehearsal.check import Check
from rehearsal.estate import estate
from rehearsal.inventory import holdings
from rehearsal.judgement import differences
from rehearsal.player import Player, Tell
from rehearsal.reading import Story
from rehearsal.record import Holding
from rehearsal.scene import Scene, StepFailed
from rehearsal.universal import breaches, mentioned


class Fact(BaseModel):
    """Something that was checked, and what was found where it does not hold."""

    says: str
    found: list[str] = []

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return not self.found


class Chapter(BaseModel):
    """One story as it was told."""

    name: str
    title: str
    seconds: float
    facts: list[Fact]
    holdings: dict[str, list[Holding]]


class Told(BaseModel):
    """The whole tale; ``breaches`` are universal assertions that do not hold at its end."""

    chapters: list[Chapter]
    breaches: list[str]

    @property
    def holds(self) -> bool:
        """Whether every fact does."""
        return not self.breaches and all(fact.holds for chapter in self.chapters for fact in chapter.facts)


@dataclass
class Teller:
    """Who listens: to the beginning of a chapter, to its steps, to a fact, to its end."""

    begins: Callable[[Story], None]
    step: Tell
    fact: Callable[[Fact], None]
    ends: Callable[[Chapter], None]


def changes_in(stories: Iterable[Story]) -> dict[str, Any]:
    """What the chapters change of the firm's policies: they are told on one stage, so that what one says holds for all."""
    changes: dict[str, Any] = {}
    for story in stories:
        for path, value in story.scenario.policies.items():
            if changes.setdefault(path, value) != value:
                raise Misconfigured(
                    f"Chapter {story.name} changes the policy {path} otherwise than a chapter before it",
                    remedy="Let both say the same, or tell one of them on a stage of its own.",
                )
    return changes


async def told(stories: Iterable[Story], scene: Scene, teller: Teller) -> Told:
    """All chapters; one that fails does not keep the others from being told."""
    chapters, known = [], set[str]()
    for story in stories:
        known |= mentioned(story)
        chapters.append(await _chapter(story, scene, teller))
    return Told(chapters=chapters, breaches=await breaches(scene, known))


async def _chapter(story: Story, stage_scene: Scene, teller: Teller) -> Chapter:
    began, facts = time.monotonic(), list[Fact]()
    scene = replace(stage_scene, world=story.scenario.world)
    vendors = scene.stage.vendors
    teller.begins(story)
    seeds = story.scenario.world.seeds()
    for system, vendor in vendors.by_name.items():
        await vendor.seed(seeds[system])

    async def judge(checks: tuple[Check, ...]) -> None:
        differing = await differences(scene, checks)
        for number, check in enumerate(checks):
            facts.append(Fact(says=check.fact or check.about, found=differing.get(number, [])))
            teller.fact(facts[-1])

    def in_between(number: int) -> Awaitable[None]:
        return judge(story.scenario.steps[number].check or ())

    player = Player(story, scene, judge=in_between, tell=teller.step)
    try:
        await player.play()
        await judge(story.scenario.then)
    except StepFailed as failed:
        facts.append(Fact(says=f"{failed.place} could be played", found=[str(failed)]))
        teller.fact(facts[-1])
    records = await estate(vendors)
    held = {contract: await holdings(vendors, records, contract) for contract in story.scenario.world.deals}
    chapter = Chapter(
        name=story.scenario.scenario,
        title=story.scenario.title,
        seconds=round(time.monotonic() - began, 1),
        facts=facts,
        holdings=held,
    )
    teller.ends(chapter)
    return chapter
