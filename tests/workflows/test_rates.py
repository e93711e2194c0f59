"""Rate cards that change for work already done, one version after the other, on the real engine and ledger (R56, S05)."""

from datetime import date

import pytest

from canonical.credit import ProposalState
from canonical.rate_card import Rate, RateCard
from operations.billing import BillingDesk, RatesTaken
from operations.engine import Engine
from tests.build import an_entry, usd
from tests.workflows.house import House
from tests.workflows.test_billing import polled, released
from tests.workflows.test_credits import MAKER, desk, invoiced

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def imported(house: House, contract: str, version: int, rate: int) -> RatesTaken:
    card = RateCard(
        reference=f"{contract}.agreed",
        contract=contract,
        version=version,
        rates=(Rate(role="Senior", line="L2", rate=usd(rate), since=date(2026, 4, 1)),),
    )
    firm = house.firm
    return await BillingDesk(Engine(house.client), firm.books, firm.policies).import_rates(card, actor=MAKER)


async def net(house: House, contract: str) -> str:
    """What stands billed of the contract."""
    query = "SELECT sum(billed - credited) FROM billables WHERE contract = $1"
    return f"{await house.firm.books.database.value(query, contract):.2f}"


async def test_each_version_is_a_difference_to_what_was_billed_by_then(house: House, contract: str) -> None:
    await invoiced(house, contract, "8")
    taken = await imported(house, contract, 2, 240)
    assert (taken.is_new, [(one.deltas, one.delta) for one in taken.followed]) == (True, [(1, usd(120))])
    again = await imported(house, contract, 2, 240)
    assert (again.is_new, [one.deltas for one in again.followed]) == (False, [0])
    await (await released(house, contract, "second")).result()
    assert await net(house, contract) == "1920.00"
    third = await imported(house, contract, 3, 250)
    assert [one.delta for one in third.followed] == [usd(80)]
    await (await released(house, contract, "third")).result()
    assert await net(house, contract) == "2000.00"


async def test_a_lower_rate_is_credited_on_the_lines_that_bill_it(house: House, contract: str) -> None:
    invoice = await invoiced(house, contract, "8", "2")
    [followed] = (await imported(house, contract, 2, 210)).followed
    assert (followed.deltas, followed.credits) == (0, [f"{invoice}.agreed-v2"])
    await house.client.get_workflow_handle(f"credit_and_rebill/{invoice}.agreed-v2").result()
    story = await desk(house).show(f"{invoice}.agreed-v2")
    assert (story.proposal.state, story.proposal.net, story.proposal.reopened) == (ProposalState.POSTED, usd(150), ())
    assert await net(house, contract) == "2100.00"
    [again] = (await imported(house, contract, 2, 210)).followed
    assert (again.credits, again.deltas, again.rated_again) == ([], 0, 0)


async def test_what_is_not_billed_is_rated_again_and_a_rate_of_zero_is_not_billed(house: House, contract: str) -> None:
    await invoiced(house, contract, "8")
    house.firm.psa.record(an_entry(contract, source_id=f"{contract}-9", work_date=date(2026, 4, 20)))
    await polled(house, contract, 9)
    house.firm.psa.entries.clear()
    [followed] = (await imported(house, contract, 2, 0)).followed
    assert {one.code for one in followed.findings} == {"RATE_ZERO"}
    await (await released(house, contract, "second")).result()
    assert await net(house, contract) == "1800.00"
    [followed] = (await imported(house, contract, 3, 240)).followed
    assert (followed.rated_again, followed.delta) == (1, usd(120))
    await (await released(house, contract, "third")).result()
    assert await net(house, contract) == "3840.00"
    assert "RATE_ZERO" not in {case.code for case in await house.cases(contract)}
