"""What people do in the vendors' systems: sign, decline, win a deal, correct its records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from policies.shape import Shape
from rehearsal.scene import Scene
from rehearsal.steps.verb import brief
from rehearsal.systems.docusign import envelope_id
from rehearsal.systems.registry import SystemName
from rehearsal.vendors import Vendor


class Sign(Shape):
    """Everybody signs a contract. ``terms`` are what they sign other than was sent; a second signature is a new version."""

    contract: str
    terms: dict[str, str] = {}
    webhook: Literal["sent", "lost"] = "sent"


class End(Shape):
    """A contract that is declined by a signer, or voided by the sender."""

    contract: str
    reason: str = "no longer wanted"
    webhook: Literal["sent", "lost"] = "sent"


class Win(Shape):
    """The deal is closed as won."""

    contract: str
    webhook: Literal["sent", "lost"] = "sent"


class ChangeDeal(Shape):
    """People change the deal or the account in the CRM; ``purchase_orders`` replaces them all."""

    contract: str
    purchase_orders: dict[str, str] | None = None
    entity: str | None = None
    tax_number: str | None = None
    street: str | None = None
    city: str | None = None


class ChangeRecords(Shape):
    """Records change in a vendor's system, in its own words, as its seed is written."""

    system: SystemName
    records: dict[str, Any]


class BusinessVerbs(Shape):
    """The verbs of this topic."""

    sign: Annotated[Sign, brief(Sign)] | None = None
    decline: Annotated[End, brief(End)] | None = None
    void: Annotated[End, brief(End)] | None = None
    win: Annotated[Win, brief(Win)] | None = None
    change_deal: ChangeDeal | None = None
    change_records: ChangeRecords | None = None


class Business:
    """The customer's and the firm's people, outside Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._vendors = scene, scene.stage.vendors

    async def sign(self, given: Sign) -> None:
        """Everybody signs; a second time it is a new version."""
        async with self._heard("docusign", given.webhook) as docusign:
            await docusign.post(f"envelopes/{envelope_id(given.contract)}/sign", {"tabs": given.terms} if given.terms else {})

    async def decline(self, given: End) -> None:
        """A signer does not want it."""
        await self._end("decline", given)

    async def void(self, given: End) -> None:
        """The sender takes it back."""
        await self._end("void", given)

    async def win(self, given: Win) -> None:
        """The deal is closed."""
        async with self._heard("salesforce", given.webhook) as salesforce:
            await salesforce.seed({"_change": {"Opportunity": {given.contract: {"StageName": "Closed Won"}}}})

    async def change_deal(self, given: ChangeDeal) -> None:
        """Sales operations corrects the deal, or the account behind it."""
        deal, account = self._deal_fields(given), self._account_fields(given)
        edits: dict[str, Any] = {"Opportunity": {given.contract: deal}} if deal else {}
        if account:
            edits["Account"] = {f"account {self._scene.deal(given.contract).customer.number}": account}
        await self._vendors["salesforce"].seed({"_change": edits})

    async def change_records(self, given: ChangeRecords) -> None:
        """Records change in a vendor's own words."""
        await self._vendors[given.system].seed(given.records)

    async def _end(self, how: str, given: End) -> None:
        async with self._heard("docusign", given.webhook) as docusign:
            await docusign.post(f"envelopes/{envelope_id(given.contract)}/{how}", {"reason": given.reason})

    @asynccontextmanager
    async def _heard(self, system: Any, webhook: str) -> AsyncIterator[Vendor]:
        """The vendor, whose webhook about what is done in the block may be lost on its way."""
        vendor = self._vendors[system]
        if webhook == "lost":
            await vendor.behave(copies=0)
        try:
            yield vendor
        finally:
            if webhook == "lost":
                await vendor.behave(**self._scene.manner.webhooks)

    @staticmethod
    def _deal_fields(given: ChangeDeal) -> dict[str, str]:
        fields: dict[str, str] = {}
        if given.purchase_orders is not None:
            fields["Purchase_Orders__c"] = "\n".join(f"{w}={n}" if w else n for w, n in given.purchase_orders.items())
        if given.entity is not None:
            fields["Legal_Entity__c"] = given.entity
        return fields

    @staticmethod
    def _account_fields(given: ChangeDeal) -> dict[str, str]:
        named = {"Tax_Number__c": given.tax_number, "BillingStreet": given.street, "BillingCity": given.city}
        return {name: value for name, value in named.items() if value is not None}
