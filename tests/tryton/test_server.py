"""The runner serves a prepared Tryton: its books are there, its integration user is no administrator."""

import httpx2 as httpx
import pytest

from runtime.embedded.tryton import firm
from runtime.embedded.tryton.server import Tryton
from runtime.embedded.tryton.session import Refused, Session


@pytest.fixture
async def session(tryton: Tryton) -> Session:
    return await Session.opened(tryton.url, tryton.database, tryton.login, tryton.passwords.integration)


async def _in_company(session: Session) -> None:
    company = await session.one("company.company", ["party.code", "=", firm.COMPANY.entity])
    session.context.update(company=company, companies=[company])


def _ours(session: Session) -> list[object]:
    return ["company", "=", session.context["company"]]


async def test_the_chart_is_the_firms_own(session: Session) -> None:
    await _in_company(session)
    found = await session.call("account.account", "search_read", [_ours(session)], 0, None, None, ["code", "name"])
    assert {row["code"]: row["name"] for row in found} == {account.number: account.name for account in firm.CHART}


async def test_both_years_have_twelve_months(session: Session) -> None:
    await _in_company(session)
    periods = await session.call("account.period", "search_read", [_ours(session)], 0, None, None, ["fiscalyear.name"])
    assert [row["fiscalyear."]["name"] for row in periods].count("2026") == 12
    assert [row["fiscalyear."]["name"] for row in periods].count("2027") == 12


async def test_the_integration_user_may_not_make_users(session: Session) -> None:
    with pytest.raises(Refused, match=r"res\.user"):
        await session.create("res.user", name="Intruder", login="intruder")


async def test_a_wrong_password_is_refused(tryton: Tryton) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await Session.opened(tryton.url, tryton.database, tryton.login, "wrong")
    assert refused.value.response.status_code == 401
