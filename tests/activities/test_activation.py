"""The control point and the dry run: judged as often as asked, overridden by people, a customer adopted, nothing touched."""

from typing import Any

import pytest

from activities.plan import ActivationPlan, Effect, PlanActivation, PlanActivities
from canonical.engagement import EngagementStatus
from canonical.errors import NotFound, NotServed
from tests.activities.firm import Firm
from tests.build import a_customer_record, usd


async def plan(firm: Firm, contract: str) -> ActivationPlan:
    return await firm.run(PlanActivities.plan_activation, PlanActivation(contract=contract))


async def test_judging_twice_is_judging_once(firm: Firm) -> None:
    firm.sell("C-1")
    first, second = [await firm.judged("C-1") for _ in range(2)]
    assert first == second and first.findings == [] and first.dossier
    row = await firm.books.engagements.read("C-1")
    assert row is not None and (row.status, row.version, row.value) == (EngagementStatus.PROVISIONING, 1, usd(289_000))


async def test_what_nobody_serves_is_named_in_the_trail(firm: Firm) -> None:
    firm.sell("C-2")
    judged = await firm.judged("C-2")
    assert judged.routes["tax"] is None
    noted = {noted.entry.action: noted.entry.outcome for noted in await firm.books.audit.story("C-2")}
    assert noted == {"judge_activation": "clear", "step tax": "not served"}


async def test_a_finding_blocks_and_a_person_may_override_it(firm: Firm) -> None:
    firm.sell("C-3", tax_registrations=())
    blocked = await firm.judged("C-3")
    assert [finding.code for finding in blocked.findings] == ["TAX_ID_MISSING"] and blocked.dossier == ""
    [finding] = blocked.findings
    overridden = await firm.judged("C-3", overridden=[(finding.code, finding.subject)])
    assert overridden.findings == [] and overridden.dossier


async def test_a_customer_that_a_person_named_is_taken(firm: Firm) -> None:
    firm.sell("C-4")
    namesake = a_customer_record(target_id="777", reference="CUST-C-4", tax_numbers=())
    firm.erp.known = [namesake, namesake.model_copy(update={"target_id": "778"})]
    assert [finding.code for finding in (await firm.judged("C-4")).findings] == ["CUSTOMER_AMBIGUOUS"]
    adopted = await firm.judged("C-4", adopted_customer="778")
    assert adopted.findings == [] and adopted.customer_id == "778"


async def test_a_workstream_without_its_order_waits_and_the_rest_may_start(firm: Firm) -> None:  # S14
    firm.sell("C-5", orders={"WS-A": "4500-1"}, is_purchase_order_per_workstream=True)
    judged = await firm.judged("C-5")
    assert judged.findings == [] and list(judged.held) == ["WS-B"]
    rest = await firm.judged("C-5", workstreams=["WS-B"], part="WS-B", overridden=[("PO_MISSING", "WS-B")])
    assert rest.held == {} and rest.dossier not in {"", judged.dossier}


@pytest.mark.parametrize("missing", ["deal", "contract"])
async def test_a_missing_record_is_named_with_its_remedy(firm: Firm, missing: str) -> None:
    firm.sell("C-6")
    deals: dict[str, Any] = dict(firm.crm.deals)
    envelopes: dict[str, Any] = dict(firm.contracts.envelopes)
    del {"deal": deals, "contract": envelopes}[missing]["C-6"]
    firm.crm.deals, firm.contracts.envelopes = deals, envelopes
    with pytest.raises(NotFound) as refused:
        await firm.judged("C-6")
    assert "C-6" in refused.value.message and refused.value.remedy


async def test_a_capability_that_reading_needs_and_nobody_serves_is_refused(firm: Firm) -> None:
    firm.sell("C-7")
    serves = tuple(rule for rule in firm.policies.landscape.serves if "contracts" not in rule.capabilities)
    landscape = firm.policies.landscape.model_copy(update={"serves": serves})
    firm.policies = firm.policies.model_copy(update={"landscape": landscape})
    with pytest.raises(NotServed):
        await firm.judged("C-7")


async def test_a_plan_names_every_write_and_touches_nothing(firm: Firm) -> None:
    firm.sell("C-8")
    first, second = await plan(firm, "C-8"), await plan(firm, "C-8")
    assert first == second and first.findings == [] and first.value == str(usd(289_000))
    effects = {write.what.split(" ")[0]: write.effect for write in first.writes}
    assert effects["customer"] is Effect.CREATE and effects["status"] is Effect.CHANGE and effects["tax"] is Effect.NOT_SERVED
    assert all(system.order == [] and system.records == {} for system in firm.systems.values())
    assert await firm.effects("C-8") == {} and await firm.books.engagements.read("C-8") is None
    assert await firm.books.audit.story("C-8") == []


async def test_a_plan_sees_what_is_there_and_what_stands_in_the_way(firm: Firm) -> None:
    firm.sell("C-9")
    [key] = [write.key for write in (await plan(firm, "C-9")).writes if write.key.startswith("create_workspace")]
    await firm.documents.create_workspace("C-9", "Acme", [], key=key)
    [seen] = [write for write in (await plan(firm, "C-9")).writes if write.key == key]
    assert seen.effect is Effect.EXISTS and seen.target_id.startswith("sharepoint-workspace")
    firm.sell("C-10", tax_registrations=())
    blocked = await plan(firm, "C-10")
    assert [finding.code for finding in blocked.findings] == ["TAX_ID_MISSING"] and blocked.writes == []
