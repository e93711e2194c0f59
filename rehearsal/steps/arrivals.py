"""Facts on their way to us: webhooks sent again, our own asking, CloudEvents."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import httpx2 as httpx
from pydantic import Field

from policies.shape import Shape
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import brief
from rehearsal.systems.docusign import envelope_id
from rehearsal.systems.registry import SystemName

Source = Literal["connect", "outbound", "poll", "cloudevent"]
_EVENT = "handoff.contract.executed.v1"
_WEBHOOKS: dict[Source, SystemName] = {"connect": "docusign", "outbound": "salesforce"}


class Deliver(Shape):
    """The fact that a contract was executed arrives, ``times`` in all, from these sources in turn.

    ``connect`` is DocuSign's webhook, ``outbound`` Salesforce's message, ``poll`` our own asking, ``cloudevent`` a message to
    /events, which may claim a ``version`` (``of record`` for the true one) and a ``value``.
    """

    contract: str
    sources: tuple[Source, ...] = Field(default=("connect",), alias="from", min_length=1)
    times: int = Field(default=1, ge=1)
    concurrent: int = Field(default=1, ge=1)
    events: int = Field(default=1, ge=1, description="over how many event ids the CloudEvents are spread")
    claims: dict[Literal["version", "value"], str] = {}


class ArrivalVerbs(Shape):
    """The verbs of this topic."""

    deliver: Annotated[Deliver, brief(Deliver)] | None = None


class Arrivals:
    """Deliveries, as often and from where the story says."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._stage = scene, scene.stage

    async def deliver(self, given: Deliver) -> None:
        """All of them, the sources at the same time, each with its share."""
        times = given.times * self._scene.manner.copies
        share, rest = divmod(times, len(given.sources))
        shares = [share + (1 if number < rest else 0) for number in range(len(given.sources))]
        await asyncio.gather(*(self._from(source, given, n) for source, n in zip(given.sources, shares, strict=True) if n))

    async def _from(self, source: Source, given: Deliver, times: int) -> None:
        if source == "poll":
            for _ in range(times):
                await self._scene.office.sweep()
        elif source == "cloudevent":
            await self._cloudevents(given, times)
        else:
            await self._again(_WEBHOOKS[source], given, times)

    async def _again(self, system: SystemName, given: Deliver, times: int) -> None:
        vendor = self._stage.vendors[system]
        await vendor.flush()
        subject = await self._subject(system, given.contract)
        labels = [sent["label"] for sent in await vendor.deliveries() if subject and subject in sent["label"]]
        if not labels or await vendor.deliver_again(labels[-1], times, given.concurrent) != times:
            raise StepFailed(f"{system} has sent nothing about {given.contract} yet that it could send again")

    async def _subject(self, system: SystemName, contract: str) -> str:
        """The record of a contract that a vendor's webhooks are labelled with."""
        if system == "docusign":
            return envelope_id(contract)
        deals = (await self._stage.vendors[system].state()).get("Opportunity", {}).values()
        return next((deal["Id"] for deal in deals if deal.get("Contract_Reference__c") == contract), "")

    async def _cloudevents(self, given: Deliver, times: int) -> None:
        version = await self._version_of_record(given.contract) if given.claims.get("version") == "of record" else None
        claims = {name: version if value == "of record" else value for name, value in given.claims.items()}
        gate = asyncio.Semaphore(given.concurrent)
        headers = {"Authorization": f"Bearer {self._stage.api_key}", "Content-Type": "application/cloudevents+json"}
        async with httpx.AsyncClient(base_url=self._stage.gateway, timeout=30, trust_env=False, headers=headers) as http:
            await asyncio.gather(*(self._one(http, gate, given, n, claims) for n in range(times)))

    async def _one(self, http: httpx.AsyncClient, gate: asyncio.Semaphore, given: Deliver, n: int, claims: Any) -> None:
        told = "-".join(f"{name}.{value}" for name, value in sorted(given.claims.items()))
        event = {
            "specversion": "1.0",
            "id": f"{given.contract}-{n % given.events}{told}"[:200],
            "source": "rehearsal",
            "type": _EVENT,
            "data": {"contract": given.contract, **claims},
        }
        async with gate:
            started = asyncio.get_running_loop().time()
            answer = await http.post("/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
            self._scene.acknowledged.append(asyncio.get_running_loop().time() - started)
        if answer.status_code != 202:
            raise StepFailed(f"/events answered {answer.status_code}: {answer.text[:300]}")

    async def _version_of_record(self, contract: str) -> str:
        """The version that the signed contract has, as its system of record tells it: when it was completed."""
        envelopes = (await self._stage.vendors["docusign"].state())["envelopes"]
        completed = envelopes[envelope_id(contract)].get("completedDateTime")
        if completed is None:
            raise StepFailed(f"contract {contract} is not signed, so there is no version of record to claim")
        return datetime.fromisoformat(completed).astimezone(UTC).isoformat(timespec="milliseconds")
