"""The phases, tasks and milestones of a project: what exists is found by our references, only the rest is made."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from canonical.project import Milestone, Phase, Project, Task
from canonical.quote import BillingKind
from connectors.kantata import mapping
from connectors.kantata.api import Api, Found
from connectors.kantata.mapping import MILESTONE, PHASE, TASK
from connectors.kantata.schemas import BillingMilestone, Body, Story

STORIES_AT_ONCE, MILESTONES_AT_ONCE = 300, 100

Kinds = Mapping[str, BillingKind]


@dataclass
class Held:
    """What a project holds of ours, by our reference; ``unnamed`` are stories that lost their external reference."""

    stories: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    unnamed: list[str] = field(default_factory=list)
    billed: dict[str, BillingMilestone] = field(default_factory=dict)

    def lacks(self, phases: Iterable[Phase]) -> list[str]:
        """The references of phases and tasks that are not there."""
        wanted = [name for phase in phases for name in (phase.reference, *(task.reference for task in phase.tasks))]
        return [reference for reference in wanted if reference not in self.stories]


class Structure:
    """Reads and completes what is inside a project."""

    def __init__(self, api: Api, service: str) -> None:
        self._api, self._service = api, service

    async def held(self, project_id: str, *, is_archived: bool = False) -> Held:
        """What is there now, archived tasks included."""
        buried = {"show_from_archived_workspaces": "true"} if is_archived else {}
        stories, billed = await asyncio.gather(
            self._api.every_referenced(
                "stories", workspace_id=project_id, show_archived="true", order="created_at:asc", **buried
            ),
            self._api.every_referenced("billing_milestones", workspace_ids=project_id, order="created_at:asc"),
        )
        held = Held()
        self._keep_stories(held, stories)
        self._keep_billed(held, billed)
        return held

    async def complete(self, project: Project, project_id: str, held: Held, *, key: str) -> None:
        """Make what the project lacks: top level first, then what hangs on it; each story is born with its reference."""
        kinds = {term.line: term.kind for term in project.billing}
        await self._name_again(held, key)
        await self._add_top(project_id, project.phases, project.milestones, kinds, held, key)
        await asyncio.gather(
            self._add_tasks(project_id, project.phases, kinds, held, key),
            self._add_billed(project_id, project.milestones, held, key),
        )

    async def complete_phases(self, project_id: str, phases: Sequence[Phase], held: Held, *, key: str) -> None:
        """Make the phases and tasks that are not there."""
        await self._name_again(held, key)
        await self._add_top(project_id, phases, (), {}, held, key)
        await self._add_tasks(project_id, phases, {}, held, key)

    async def _name_again(self, held: Held, key: str) -> None:
        for reference in held.unnamed:
            await self._api.refer("Story", held.stories[reference], self._named(held.models[reference], reference, key))
        held.unnamed.clear()

    async def _add_top(
        self, project_id: str, phases: Sequence[Phase], milestones: Sequence[Milestone], kinds: Kinds, held: Held, key: str
    ) -> None:
        new = [p for p in phases if p.reference not in held.stories]
        bodies = [
            mapping.phase_body(p, project_id, reference=self._named(PHASE, p.reference, key), kind=kinds.get(p.line)) for p in new
        ]
        for milestone in milestones:
            if milestone.reference not in held.stories:
                named = self._named(MILESTONE, milestone.reference, key)
                bodies.append(mapping.milestone_body(milestone, project_id, reference=named))
        self._keep_stories(held, await self._api.create_all("stories", bodies, at_most=STORIES_AT_ONCE))

    async def _add_tasks(self, project_id: str, phases: Sequence[Phase], kinds: Kinds, held: Held, key: str) -> None:
        new = [(phase, task) for phase in phases for task in phase.tasks if task.reference not in held.stories]
        bodies = [self._task(project_id, phase, task, kinds, held, key) for phase, task in new]
        self._keep_stories(held, await self._api.create_all("stories", bodies, at_most=STORIES_AT_ONCE))

    def _task(self, project_id: str, phase: Phase, task: Task, kinds: Kinds, held: Held, key: str) -> Body:
        named = self._named(TASK, task.reference, key)
        return mapping.task_body(task, project_id, held.stories[phase.reference], reference=named, kind=kinds.get(phase.line))

    async def _add_billed(self, project_id: str, milestones: Sequence[Milestone], held: Held, key: str) -> None:
        """Their amounts, too: one that an earlier try wrote otherwise is put right."""
        bodies: list[Body] = []
        for milestone in milestones:
            body, there = mapping.billing_milestone_body(milestone), held.billed.get(milestone.reference)
            if there is None:
                place = {"workspace_id": int(project_id), "story_id": int(held.stories[milestone.reference])}
                bodies.append(body | place | {"external_reference": self._named(MILESTONE, milestone.reference, key)})
            elif there.amount_in_cents != body["amount_in_cents"]:
                await self._api.update("billing_milestones", "billing_milestone", there.id, body)
        self._keep_billed(held, await self._api.create_all("billing_milestones", bodies, at_most=MILESTONES_AT_ONCE))

    def _keep_stories(self, held: Held, found: Found) -> None:
        for item in found.records:
            story = self._api.read(Story, item)
            reference = mapping.story_reference(story, found.references, self._service)
            if reference:
                own = mapping.own_reference(story, found.references, self._service)
                held.stories[reference] = story.id
                held.models[reference] = own.service_model if own else mapping.MODELS.get(story.story_type, "")
            if reference and own is None:
                held.unnamed.append(reference)

    def _keep_billed(self, held: Held, found: Found) -> None:
        for item in found.records:
            billed = self._api.read(BillingMilestone, item)
            own = mapping.own_reference(billed, found.references, self._service)
            if own:
                held.billed[own.service_model_ref] = billed

    def _named(self, model: str, reference: str, key: str) -> Body:
        return mapping.reference_body(self._service, model, reference, key=key)
