"""A firm for tests: the demo policies, the real ledger over a real PostgreSQL, and systems that remember."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

from temporalio.testing import ActivityEnvironment

from activities.activation import ActivationActivities, JudgeActivation, Judged
from activities.step import Step
from canonical.document import SignedContract
from canonical.event import FactKind, InboundEvent
from canonical.provenance import Origin
from ledger.books import Books
from ledger.database import Database
from ledger.effects import Effects
from ledger.lease import LeaseTerms
from policies.firm import Policies
from policies.loading import load
from tests.activities.ports import (
    RememberingContracts,
    RememberingCrm,
    RememberingDocuments,
    RememberingErp,
    RememberingPsa,
)
from tests.build import a_customer, a_deal, a_quote, a_signed_contract
from tests.policies.build import DEMO
from worker import activities

QUICK = LeaseTerms(length=timedelta(seconds=0.6), renew_every=timedelta(seconds=0.2))
Result = TypeVar("Result")


@cache
def demo_policies() -> Policies:
    """The demo firm's rules."""
    return load(DEMO)


def quick_books(database: Database) -> Books:
    """The ledger, with a write protocol that knows that these systems lose no time."""
    return replace(Books.over(database), writes=Effects(database, lease=QUICK, margin=timedelta(0)))


@dataclass
class Firm:
    """Everything that activities work with, under the names of the demo landscape."""

    books: Books
    policies: Policies = field(default_factory=demo_policies)
    crm: RememberingCrm = field(default_factory=lambda: RememberingCrm("salesforce"))
    contracts: RememberingContracts = field(default_factory=lambda: RememberingContracts("docusign"))
    psa: RememberingPsa = field(default_factory=lambda: RememberingPsa("kantata"))
    erp: RememberingErp = field(default_factory=lambda: RememberingErp("netsuite"))
    documents: RememberingDocuments = field(default_factory=lambda: RememberingDocuments("sharepoint"))

    @property
    def systems(self) -> dict[str, Any]:
        """As worker.py connects them."""
        return {s.name: s for s in (self.crm, self.contracts, self.psa, self.erp, self.documents)}

    def activities(self) -> list[Callable[..., Any]]:
        """The product's own composition."""
        return activities(self.books, self.policies, self.systems)

    async def run(self, method: Callable[[Any, Any], Coroutine[Any, Any, Result]], argument: object) -> Result:
        """One attempt of an activity, named as workflows name it."""
        [bound] = [one for one in self.activities() if one.__qualname__ == method.__qualname__]
        done: Result = await ActivityEnvironment().run(bound, argument)
        return done

    def sell(self, contract: str, *, orders: dict[str, str] | None = None, **customer: Any) -> SignedContract:
        """A deal with its quote and a customer of its own, signed by everybody."""
        account, quote = f"001-{contract}", f"a0A-{contract}"
        deal = a_deal(target_id=f"006-{contract}", contract=contract, account_id=account, quote_id=quote)
        self.crm.deals[contract] = deal.model_copy(update={"purchase_orders": orders} if orders is not None else {})
        self.crm.accounts[account] = a_customer(reference=f"CUST-{contract}", **customer)
        self.crm.quotes[quote] = a_quote()
        return self.sign(contract)

    def sign(self, contract: str, **changes: Any) -> SignedContract:
        """An envelope of the contract."""
        held = self.contracts.envelopes.setdefault(contract, [])
        facts = {"target_id": f"env-{contract}-{len(held) + 1}", "contract": contract}
        held.append(a_signed_contract(**{**facts, **changes}))
        return held[-1]

    def order(self, contract: str, **numbers: str) -> None:
        """Purchase orders by workstream ('WS_B') onto the deal."""
        deal = self.crm.deals[contract]
        orders = {**deal.purchase_orders, **{name.replace("_", "-"): number for name, number in numbers.items()}}
        self.crm.deals[contract] = deal.model_copy(update={"purchase_orders": orders})

    async def receive(self, contract: str, *event_ids: str, **more: Any) -> list[int]:
        """Deliveries into the inbox, their ids made unique by the contract; answers the numbers of the new ones."""
        received = await self.books.inbox.receive([a_delivery(contract, f"{contract}/{one}", **more) for one in event_ids])
        return list(received.new)

    async def judged(self, contract: str, **asked: Any) -> Judged:
        """What the control point says."""
        request = {"origin": an_origin(contract), "contract": contract, "version": 1, **asked}
        return await self.run(ActivationActivities.judge_activation, JudgeActivation.model_validate(request))

    async def step(self, contract: str, capability: str, *, part: str = "", **targets: str) -> Step:
        """A step of a contract that was judged."""
        judged = await self.judged(contract)
        system = judged.routes.get(capability) or ""
        return Step(origin=an_origin(contract), dossier=judged.dossier, system=system, part=part, targets=targets)

    async def make_due(self) -> None:
        """Let every wait for a look-up pass without waiting."""
        await self.books.database.execute("UPDATE effects SET look_after = clock_timestamp() WHERE state = 'unknown'")

    async def effects(self, contract: str) -> dict[str, str]:
        """How every write of an engagement stands, by key."""
        rows = await self.books.database.rows("SELECT key, state FROM effects WHERE engagement = $1 ORDER BY key", contract)
        return {row["key"]: row["state"] for row in rows}


def an_origin(contract: str) -> Origin:
    return Origin(correlation=f"{contract}.1", engagement=contract, actor="ann", workflow=f"provision_project/{contract}/1")


def a_delivery(contract: str | None, event_id: str, **changes: Any) -> InboundEvent:
    facts: dict[str, Any] = {
        "source": "docusign",
        "event_id": event_id,
        "kind": FactKind.CONTRACT_EXECUTED,
        "object_kind": "envelope",
        "object_id": f"env-{contract}-1",
        "contract": contract,
    }
    return InboundEvent(**{**facts, **changes})
