"""Taking the steps of a handoff: each with its undo registered first, and with a person asked where it fails for good."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.activation import Judged
    from activities.step import Step, Undo
    from canonical.engagement import EngagementStatus
    from canonical.exception import Decision, Finding
    from canonical.provenance import Origin
    from canonical.written import Written
    from workflows import options
    from workflows.insistent import Insistent
    from workflows.review import Subject
    from workflows.saga import Failed, Saga


_LIVES_IN = {"workspace": ("workspace_url", "signed_contract"), "psa_project": ("staffing",)}
"""What goes with a thing when it is undone."""


class Stepwise(Insistent):
    """Base of handoffs: which contract version, what was judged, what exists so far and how it is undone."""

    def __init__(self, contract: str, version: int, actor: str) -> None:
        super().__init__(actor)
        self._contract, self._version = contract, version
        self._judged = Judged()
        self._targets: dict[str, str] = {}
        self._saga = Saga()
        self._why = ""
        self._waits_as = EngagementStatus.WAITING

    async def made(
        self, name: str, do: Any, capability: str, *, undo: Any = None, saga: Saga | None = None, part: str = ""
    ) -> Written:
        """Take a step whose record is a target of the handoff; its undo is registered first, as its outcome may stay unknown."""
        if undo is not None:
            (saga or self._saga).on_failure(name, lambda: self._undo(name, undo, capability, part))
        written = await self.step(do, capability, name.replace("_", " "), part=part)
        self._targets[f"{name}.{part}" if part else name] = written.target_id
        return written

    async def step(self, do: Any, capability: str, what: str, *, part: str = "") -> Written:
        """Take a step of the write protocol at the system that serves the capability."""

        async def take() -> Written:
            step = self.at(do.__name__, capability, part=part)
            written: Written = await workflow.execute_activity_method(
                do,
                step,
                task_queue=options.account(step.system),
                summary=f"{what} in {step.system}",
                priority=options.fair(self._contract),
                **options.VENDOR_WRITE,
            )
            return written

        return await self.insisted(take, do.__name__)

    async def _undo(self, name: str, undo: Any, capability: str, part: str) -> None:
        step = self.at(undo.__name__, capability, part=part)
        await workflow.execute_activity_method(
            undo,
            Undo(step=step, reason=_short(self._why)),
            task_queue=options.account(step.system),
            summary=f"undo: {name.replace('_', ' ')} in {step.system}",
            priority=options.fair(self._contract),
            **options.VENDOR_UNDO,
        )
        for gone in (name, *_LIVES_IN.get(name, ())):
            self._targets.pop(f"{gone}.{part}" if part else gone, None)

    async def undo_by_hand(self, failure: Failed) -> None:
        """A compensation that failed is a person's: retry it, or override when it was undone by hand."""
        compensation, error = failure.compensation, failure.error
        while True:
            origin = self.origin(f"undo_{compensation.step}")
            finding = Finding(
                code="COMPENSATION_FAILED",
                sentence=f"'{compensation.step}' of contract {self._contract} could not be undone: {said(error)}",
                remedy="Undo it in the target system and override, or correct the cause and retry.",
                subject=compensation.step,
            )
            self.subject = self.trouble()
            try:
                answers = await self.reviewed(origin, [finding], status=EngagementStatus.WITHDRAWING)
            except ApplicationError:
                return  # rejected: it is to stay as it is
            if any(answer.decision is Decision.OVERRIDE for _, answer in answers):
                return
            try:
                await compensation.undo()
                await self.resolved(origin, [finding], "It is undone.")
                return
            except FailureError as again:
                error = again

    def trouble(self) -> Subject:
        """A step's failure is the whole contract's: it waits with it."""
        judged = self._judged
        return Subject("project_provisioning", judged.entity, judged.customer, self._contract, judged.at_risk)

    def at(self, name: str, capability: str, *, part: str = "") -> Step:
        system = (self._judged.routes.get(capability) or "") if capability else ""
        return Step(origin=self.origin(name), dossier=self._judged.dossier, system=system, part=part, targets=dict(self._targets))

    def origin(self, step: str, actor: str = "") -> Origin:
        return Origin(
            correlation=f"{self._contract}.{self._version}",
            engagement=self._contract,
            actor=actor or self._actor,
            workflow=workflow.info().workflow_id,
            step=step,
            mapping_version=self._judged.policy_version,
        )


def said(error: BaseException) -> str:
    cause = error.cause if isinstance(error, ActivityError) else error
    return getattr(cause, "message", None) or str(cause)


def _short(text: str) -> str:
    return text[:250]
