"""What customers say of milestones, and how it comes to us: submitted, as a CloudEvent, or in Kantata, which is then asked."""

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from typing import Literal

import httpx2 as httpx
from pydantic import Field
from temporalio.service import RPCError

from canonical.acceptance import Acceptance, AcceptanceState
from policies.shape import Shape
from rehearsal.estate import estate
from rehearsal.record import Json, Record
from rehearsal.scene import Scene, StepFailed
from rehearsal.stage import SUBJECT
from rehearsal.steps.delivery import TOLD
from rehearsal.steps.verb import asked

Told = Literal["desk", "cloudevent", "kantata"]
_JUDGED, _ANSWERS = timedelta(seconds=20), timedelta(seconds=2)
_EVENT = "handoff.milestone.acceptance.v1"
_ENDED = {"duplicate", "stale", "conflicting", "parked", "foreign"}
_FIELDS = {"Accepted on": "on", "Accepted by": "by", "Acceptance record": "evidence"}
_STATES = {AcceptanceState.ACCEPTED: "completed", AcceptanceState.REJECTED: "needs info", AcceptanceState.WITHDRAWN: "started"}


class Accept(Shape):
    """The customer accepts a milestone (or rejects it, or takes that back), with the record that proves it; told ``times`` times.

    ``told`` says how: submitted at the ``desk``, as a ``cloudevent`` to /events, or in ``kantata``, where the milestone is
    completed or taken up again, with custom fields of the names Accepted on, Accepted by and Acceptance record if there are.
    """

    contract: str
    times: int = Field(default=1, ge=1)
    milestone: str
    on: date
    by: str = "pat.customer@acme.example"
    evidence: str = "https://firm.example/acceptance"
    version: str = Field(default="", description="the day unless given; Kantata gives its own")
    state: AcceptanceState = AcceptanceState.ACCEPTED
    told: Told = "desk"


class AcceptanceVerbs(Shape):
    """The verbs of this topic."""

    accept: Accept | None = None


class Acceptances:
    """Customers, and who passes on what they say."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.billing

    async def accept(self, given: Accept) -> None:
        """Say it, and wait until it is entered, or waits for somebody: people look at one before they submit the next."""
        if given.told == "kantata":
            await self._in_kantata(given)
            return
        acceptance = Acceptance(
            contract=given.contract,
            milestone=given.milestone,
            version=given.version or given.on.isoformat(),
            state=given.state,
            accepted_on=given.on,
            accepted_by=given.by,
            evidence_url=given.evidence,
        )
        say = self._submitted if given.told == "desk" else self._as_event
        copies = given.times * self._scene.manner.copies
        await asyncio.gather(*(say(acceptance) for _ in range(copies)))
        await self._judged(acceptance.subject, acceptance.version, acceptance.billing)

    async def _submitted(self, acceptance: Acceptance) -> None:
        await asked(self._desk.accept(acceptance, actor=SUBJECT))

    async def _as_event(self, acceptance: Acceptance) -> None:
        word = acceptance.model_dump(mode="json", exclude={"contract", "schema_version"})
        body = {
            "specversion": "1.0",
            "id": f"{acceptance.subject}-{acceptance.version}-{acceptance.state}",
            "source": "rehearsal",
            "type": _EVENT,
            "data": {"contract": acceptance.contract, "acceptance": word},
        }
        stage = self._scene.stage
        headers = {"Authorization": f"Bearer {stage.api_key}", "Content-Type": "application/cloudevents+json"}
        async with httpx.AsyncClient(base_url=stage.gateway, timeout=30, trust_env=False, headers=headers) as http:
            answer = await http.post("/events", json=body)
        if answer.status_code != 202:
            raise StepFailed(f"/events answered {answer.status_code}: {answer.text[:300]}")

    async def _in_kantata(self, given: Accept) -> None:
        """Its milestone is completed there, and asked for."""
        kantata, reference = self._scene.stage.vendors["kantata"], f"{given.contract}.{given.milestone}"
        records = [one for one in await estate(self._scene.stage.vendors) if one.system == "kantata" and one.kind == "milestone"]
        story = next((one for one in records if one.reference == reference), None)
        if story is None:
            raise StepFailed(f"Kantata has no milestone {given.milestone} of {given.contract}")
        await kantata.seed({"custom_field_values": self._fields(given, story, await kantata.state())})
        change = {"does": "change", "to": {"state": _STATES[given.state]}}
        await kantata.post(f"kantata/records/stories/{story.id}", change)
        await asyncio.sleep(TOLD)
        for _ in range(given.times * self._scene.manner.copies):
            await self._scene.office.sweep()
        await self._noticed(story.id, reference)

    def _fields(self, given: Accept, story: Record, state: Json) -> Json:
        wanted = {number: _FIELDS[one["name"]] for number, one in state["custom_fields"].items() if one["name"] in _FIELDS}
        return {
            f"{story.id}{number}": {
                "subject_type": "Story",
                "subject_id": story.id,
                "custom_field_id": number,
                "value": str(getattr(given, name)),
            }
            for number, name in wanted.items()
        }

    async def _noticed(self, story: str, reference: str) -> None:
        """Until every word of it came to something."""

        async def version() -> str | None:
            sql = "SELECT outcome FROM inbox WHERE payload->>'object_kind' = 'psa_milestone' AND payload->>'object_id' = $1"
            rows = await self._scene.view.rows(sql, story)
            if not rows or any(row["outcome"] is None for row in rows):
                return None
            known = await self._scene.view.rows(
                "SELECT version FROM facts WHERE kind = 'acceptance' AND reference = $1 ORDER BY version COLLATE \"C\" DESC",
                reference,
            )
            return str(known[0]["version"]) if known else ""

        found = await self._scene.until(version, _JUDGED)
        if found:
            contract, _, milestone = reference.rpartition(".")
            await self._judged(reference, found, f"bill_milestone/{contract}/{milestone}/{found}")

    async def _judged(self, subject: str, version: str, workflow_id: str) -> None:
        handle = self._scene.office.client.get_workflow_handle(workflow_id)

        async def is_judged() -> bool | None:
            if await self._came_to_nothing(subject, version):
                return True
            with suppress(RPCError):  # it is not begun yet, or nobody answers while the worker is away
                if (await handle.describe()).close_time is not None:
                    return True
                return bool(await handle.query("waits_for", rpc_timeout=_ANSWERS)) or None
            return None

        await self._scene.until(is_judged, _JUDGED)

    async def _came_to_nothing(self, subject: str, version: str) -> bool:
        """Whether all words of this version were parked, or turned out to be old or known."""
        sql = (
            "SELECT i.outcome FROM inbox i JOIN dossiers d ON d.fingerprint = i.payload->>'object_id'"
            " WHERE d.kind = 'acceptance' AND d.reference = $1 AND i.payload->>'object_version' = $2"
        )
        rows = await self._scene.view.rows(sql, subject, version)
        return bool(rows) and all(row["outcome"] in _ENDED for row in rows)
