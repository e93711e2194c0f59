"""The control point of a handoff: judged, people asked, judged again, until nothing stands in the way."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.activation import ActivationActivities, JudgeActivation, Judged
    from canonical.engagement import EngagementStatus
    from canonical.exception import Decision, Finding, Settlement
    from canonical.provenance import Origin
    from workflows import options
    from workflows.review import Subject, finding_of
    from workflows.saga import together
    from workflows.search_attributes import where
    from workflows.telling import Telling


class Controlled(Telling):
    """Base of handoffs that pass *contract activation*; what people overrode or adopted is kept for every later judgement."""

    def __init__(self, contract: str, version: int, actor: str) -> None:
        super().__init__(contract, version, actor)
        self._overridden: list[tuple[str, str]] = []
        self._adopted_customer = ""
        self._seen = 0

    async def _pass_control_point(self, actor: str) -> Judged:
        open_findings: list[Finding] = []
        while True:
            seen = self.desk.changes
            judged = await self._judge(self.origin("contract_activation", actor))
            if isinstance(judged, Finding):
                judged = Judged(findings=[judged])
            self._judged = judged
            self.subject = Subject("contract_activation", judged.entity, judged.customer, self._contract)
            gone = [f for f in open_findings if (f.code, f.subject) not in {(g.code, g.subject) for g in judged.findings}]
            origin = self.origin("contract_activation", actor)
            if gone:
                await self.resolved(origin, gone, "It no longer holds.")
            if not judged.findings:
                self._seen = seen
                workflow.upsert_search_attributes(where(status="provisioning", customer=judged.customer, entity=judged.entity))
                return judged
            open_findings = judged.findings
            self._take(await self._asked(origin, judged.findings, seen))

    async def _asked(self, origin: Origin, findings: list[Finding], seen: int) -> list[tuple[Finding, Settlement]]:
        """People are asked at once; the deal hears of it beside that, for a CRM that is down must not keep people waiting."""
        answers: list[tuple[Finding, Settlement]] = []

        async def ask() -> None:
            answers.extend(await self.reviewed(origin, findings, status=EngagementStatus.WAITING, seen=seen))

        await together(ask(), self._tell_waiting(findings))
        return answers

    async def _judge(self, origin: Origin, *, workstream: str | None = None) -> Judged | Finding:
        request = JudgeActivation(
            origin=origin,
            contract=self._contract,
            version=self._version,
            overridden=self._overridden,
            adopted_customer=self._adopted_customer,
            workstreams=None if workstream is None else [workstream],
            part=workstream or "",
        )
        try:
            return await workflow.execute_activity_method(
                ActivationActivities.judge_activation,
                request,
                task_queue=options.LEDGER,
                summary=f"control point: contract activation of {self._contract}",
                priority=options.fair(self._contract),
                **options.READ,
            )
        except ActivityError as error:
            finding = finding_of(error, subject="contract_activation")
            if finding is None:
                raise
            return finding

    def _take(self, answers: list[tuple[Finding, Settlement]]) -> None:
        for finding, settlement in answers:
            if settlement.decision is Decision.OVERRIDE:
                self._overridden.append((finding.code, finding.subject))
            elif settlement.decision is Decision.ADOPT:
                self._adopted_customer = settlement.adopt
