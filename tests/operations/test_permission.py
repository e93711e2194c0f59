"""Whoever is named at a desk may do there what policies/access says, whatever the surface that names them (R151)."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from operations.billing import BillingDesk
from operations.cash import CashDesk
from operations.closing import ClosingDesk
from operations.credit_desk import CreditDesk
from operations.engine import Engine
from operations.office import Office
from operations.permission import NotPermitted, require
from operations.receivables import ReceivablesDesk
from operations.reconciliation import ReconciliationDesk
from policies.access import Permission
from tests.activities.firm import Firm

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESKS = (BillingDesk, CashDesk, ClosingDesk, CreditDesk, ReceivablesDesk, ReconciliationDesk)
BY_THE_RULES_OF_THE_EXCEPTION = {"CreditDesk.approve", "CreditDesk.reject"}
STRANGER, AUDITOR, COLLECTOR = "nobody@elsewhere.example", "ada.audit@northwind.example", "cole.collect@northwind.example"


def deeds() -> Iterator[tuple[type[Any], str]]:
    """Everything that somebody is named for at a desk where money changes."""
    for desk in DESKS:
        for name, work in inspect.getmembers(desk, inspect.iscoroutinefunction):
            named = "actor" in inspect.signature(work).parameters
            if named and not name.startswith("_") and f"{desk.__name__}.{name}" not in BY_THE_RULES_OF_THE_EXCEPTION:
                yield desk, name


DEEDS = list(deeds())


def at(desk: type[Any], firm: Firm) -> Any:
    """The desk, with the ledger and the firm's rules and without an engine: a refusal needs none."""
    more = [None] if desk in {CreditDesk, ReceivablesDesk} else []
    return desk(Engine(), firm.books, firm.policies, *more)


@pytest.mark.parametrize(("desk", "name"), DEEDS, ids=[f"{desk.__name__}.{name}" for desk, name in DEEDS])
@pytest.mark.parametrize("who", [STRANGER, AUDITOR])
async def test_nobody_is_taken_at_their_word(firm: Firm, desk: type[Any], name: str, who: str) -> None:
    deed = getattr(at(desk, firm), name)
    asked: dict[str, Any] = {
        one.name: None
        for one in inspect.signature(deed).parameters.values()
        if one.default is inspect.Parameter.empty and one.name != "actor"
    }
    with pytest.raises(NotPermitted, match="takes the permission") as refused:
        await deed(*(asked.pop(one.name) for one in positional(deed)), **asked, actor=who)
    assert who in refused.value.message and "--as" in refused.value.remedy


def positional(deed: Any) -> list[inspect.Parameter]:
    """What is given by place."""
    kinds = inspect.signature(deed).parameters.values()
    return [one for one in kinds if one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty]


async def test_the_desks_where_money_changes_were_found() -> None:
    found = {f"{desk.__name__}.{name}" for desk, name in DEEDS}
    assert {"CashDesk.deposit", "CashDesk.apply", "ReceivablesDesk.open_dispute", "ReceivablesDesk.settle_dispute"} <= found
    assert {"BillingDesk.bill", "BillingDesk.raise_limit", "CreditDesk.propose", "ClosingDesk.reverse"} <= found


async def test_a_role_may_what_its_permissions_name_and_nothing_else(office: Office) -> None:
    await require(office, COLLECTOR, Permission.RECEIVABLES)
    with pytest.raises(NotPermitted) as refused:
        await require(office, COLLECTOR, Permission.BILL)
    assert refused.value.evidence == {"permission": "bill"}
