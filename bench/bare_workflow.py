"""The bare way: a Temporal workflow that makes the calls of a handoff, one activity each, and keeps nothing but their ids."""

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import workflow

BARE_QUEUE = "bench.bare"


class Shape(BaseModel):
    """A call as the workflow sees it: after which others, and with which of their ids."""

    number: int
    needs: list[int]
    uses: list[str]


class BareProvision(BaseModel):
    """Provision this contract."""

    serial: str
    calls: list[Shape]


class MakeCall(BaseModel):
    """One call, with the ids that it is made with."""

    number: int
    serial: str
    known: dict[str, str]


@workflow.defn(name="bare_provision")
class BareProvisionWorkflow:
    """Calls that were made together are made together, and branches run beside each other, as in ours."""

    @workflow.run
    async def run(self, asked: BareProvision) -> int:
        """Every call, each when those before it are done."""
        known: dict[str, str] = {}
        done: dict[int, asyncio.Task[None]] = {}
        for call in asked.calls:
            done[call.number] = asyncio.create_task(self._make(call, asked.serial, known, done))
        await asyncio.gather(*done.values())
        return len(done)

    async def _make(self, call: Shape, serial: str, known: dict[str, str], done: dict[int, "asyncio.Task[None]"]) -> None:
        await asyncio.gather(*(done[number] for number in call.needs))
        request = MakeCall(number=call.number, serial=serial, known={name: known[name] for name in call.uses})
        answer: dict[str, str] = await workflow.execute_activity(
            "make_call", request, start_to_close_timeout=timedelta(minutes=1), result_type=dict[str, str]
        )
        known.update(answer)
