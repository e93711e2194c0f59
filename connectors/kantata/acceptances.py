"""Acceptances: a milestone's story is completed, and its audit trail says when; completed no more, it is taken back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from canonical.acceptance import Acceptance, AcceptanceState
from canonical.errors import Malformed
from connectors.kantata import mapping
from connectors.kantata.api import Api
from connectors.kantata.names import Names
from connectors.kantata.schemas import CustomFieldValue, MilestoneStory, StoryStateChange
from connectors.kantata.settings import AcceptanceFact, Settings

MILESTONE = "psa_milestone"
_COMPLETED, _AT_ONCE = "completed", 200
_ANYWHERE = {"show_archived": "true"}


class Acceptances:
    """Satisfies ``Accepting``."""

    def __init__(self, api: Api, settings: Settings, names: Names) -> None:
        self._api, self._settings, self._known_names = api, settings, names

    async def read_acceptance(self, target_id: str) -> Acceptance | None:
        """What the milestone says now; nothing where it is none of ours, or was never completed."""
        found = await self._api.show("stories", target_id, include="external_references")
        story = self._api.read(MilestoneStory, found.records[0])
        own = mapping.own_reference(story, found.references, self._settings.service_name)
        contract = (await self._known_names.references("workspaces", [story.workspace_id])).get(story.workspace_id)
        if story.story_type != "milestone" or own is None or contract is None:
            return None
        trail = [one async for one in self._api.every("story_state_changes", StoryStateChange, story_id=target_id)]
        return await self._as_accepted(contract, own.service_model_ref, target_id, sorted(trail, key=_version))

    async def touched(self, numbers: Sequence[str]) -> AsyncIterator[str]:
        """Which of these stories are milestones of ours."""
        for start in range(0, len(numbers), _AT_ONCE):
            some = ",".join(numbers[start : start + _AT_ONCE])
            found = await self._api.every_referenced("stories", only=some, story_type="milestone", **_ANYWHERE)
            for item in found.records:
                story = self._api.read(MilestoneStory, item)
                if mapping.own_reference(story, found.references, self._settings.service_name):
                    yield story.id

    async def _as_accepted(
        self, contract: str, milestone: str, number: str, trail: Sequence[StoryStateChange]
    ) -> Acceptance | None:
        completed = [change for change in trail if change.state == _COMPLETED]
        if not completed:
            return None
        facts, last = await self._facts(number), trail[-1]
        return Acceptance(
            contract=contract,
            milestone=milestone,
            version=_version(last),
            state=AcceptanceState.ACCEPTED if last.state == _COMPLETED else AcceptanceState.WITHDRAWN,
            accepted_on=self._day(facts.get("on", ""), completed[-1].created_at, number),
            accepted_by=facts.get("by") or await self._user(completed[-1].user_id),
            evidence_url=facts.get("record", ""),
        )

    async def _facts(self, number: str) -> Mapping[AcceptanceFact, str]:
        """What the firm's own fields say of it."""
        fields = self._settings.acceptance_fields
        if not fields:
            return {}
        query = {"subject_type": "Story", "with_subject_id": number, "include": "custom_field"}
        values = {
            one.custom_field_id: one.value async for one in self._api.every("custom_field_values", CustomFieldValue, **query)
        }
        return {fact: str(values[field]) for fact, field in fields.items() if values.get(field)}

    def _day(self, said: str, completed_at: datetime, number: str) -> date:
        """The day that the field says, else that of its completion, as days are there."""
        if not said:
            return completed_at.astimezone(ZoneInfo(self._settings.time_zone)).date()
        try:
            return date.fromisoformat(said[:10])
        except ValueError as error:
            raise Malformed(
                f"The milestone {number} of {self._api.name} was accepted on {said[:40]!r}, which is no day",
                remedy="Make the custom field a date, or write it like 2026-04-17, then settle with retry.",
                evidence={"milestone": number},
            ) from error

    async def _user(self, number: str | None) -> str:
        return (await self._known_names.people([number])).get(number or "", "")


def _version(change: StoryStateChange) -> str:
    """Sorts as text; two changes of one second are told apart by their ids, which grow."""
    return f"{change.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}.{int(change.id):015}"
