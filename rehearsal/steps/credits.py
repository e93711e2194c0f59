"""Credits as finance asks for them: proposed, approved by another person, rejected."""

from collections.abc import Awaitable
from datetime import date, timedelta
from typing import Any

from pydantic import Field

from canonical.billable import CreditDisposition
from canonical.credit import CreditPart, CreditRequest, Rebill
from canonical.errors import Failure
from canonical.party import Address, Customer, TaxRegistration
from policies.shape import Shape
from rehearsal.deal import Party
from rehearsal.scene import Scene, StepFailed
from rehearsal.steps.verb import asked, decided
from rehearsal.words import Amount, MoneyText, Stretch, spoken

_FIN = "fin.okafor@northwind.example"
_CORA = "cora.control@northwind.example"
_ITEMS = """
SELECT DISTINCT b.reference, b.currency FROM allocations a JOIN billables b ON b.id = a.billable
WHERE a.document = $1 AND a.kind = 'bill' AND ($2::date IS NULL OR b.service_from = $2) AND ($3 = '' OR b.line = $3)
  AND ($4 = '' OR b.role = $4) ORDER BY 1
"""


class CreditedWork(Shape):
    """What of an invoice is credited: the work of a day, line or role; all of it, or so many ``hours`` or so much money."""

    on: date | None = None
    line: str = ""
    role: str = ""
    hours: Amount | None = None
    amount: MoneyText | None = None


class Credit(Shape):
    """A person proposes to credit the invoice of a billing run, all that stands of it unless ``items`` or ``amount`` say less.

    ``rebill`` bills what is re-opened again, ``bill_to`` to another company; ``refused`` is the code of an expected refusal.
    """

    contract: str
    run: str
    name: str = Field(default="CR1", description="behind the invoice's reference")
    items: tuple[CreditedWork, ...] = ()
    amount: MoneyText | None = None
    becomes: CreditDisposition = CreditDisposition.REOPENED
    reason: str = "as the scenario says"
    on: date | None = None
    rebill: bool = False
    bill_to: Party | None = None
    by: str = _FIN
    refused: str = ""


class DecideCredit(Shape):
    """A second person approves or rejects it; ``refused`` is the code of the refusal that is expected."""

    contract: str
    run: str
    name: str = "CR1"
    by: str = _CORA
    reason: str = "as the scenario says"
    refused: str = ""


class CreditEnds(Shape):
    """Until nothing of a credit goes on, and nobody is asked about it any more."""

    contract: str
    run: str
    name: str = "CR1"
    within: Stretch = timedelta(seconds=30)


class CreditVerbs(Shape):
    """The verbs of this topic."""

    credit: Credit | None = None
    approve_credit: DecideCredit | None = None
    reject_credit: DecideCredit | None = None
    credit_ends: CreditEnds | None = None


class Credits:
    """The people of finance, at Handoff."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._desk = scene, scene.office.credits

    async def credit(self, given: Credit) -> None:
        """Propose it; below the firm's amount it goes through at once."""
        request = CreditRequest(
            reference=_reference(given),
            invoice=f"{given.contract}.{given.run}",
            parts=await self._parts(given),
            reason=given.reason,
            on=given.on,
            rebill=await self._rebill(given),
        )
        await _expecting(given.refused, self._desk.propose(request, actor=given.by))

    async def approve_credit(self, given: DecideCredit) -> None:
        """The second pair of eyes."""
        await self._decided(given, self._desk.approve(_reference(given), actor=given.by, reason=given.reason))

    async def reject_credit(self, given: DecideCredit) -> None:
        """It is not to be."""
        await self._decided(given, self._desk.reject(_reference(given), actor=given.by, reason=given.reason))

    async def credit_ends(self, given: CreditEnds) -> None:
        """Look until its process is over."""
        handle = self._scene.office.client.get_workflow_handle(f"credit_and_rebill/{_reference(given)}")

        async def is_over() -> bool | None:
            return (await handle.describe()).close_time is not None or None

        if await self._scene.until(is_over, given.within) is None:
            raise StepFailed(f"after {spoken(given.within)} credit {_reference(given)} still goes on")

    async def _decided(self, given: DecideCredit, asking: Awaitable[object]) -> None:
        await (_expecting(given.refused, asking) if given.refused else decided(self._scene, asking))

    async def _parts(self, given: Credit) -> tuple[CreditPart, ...]:
        if not given.items:
            return (CreditPart(amount=given.amount, disposition=given.becomes),)
        return tuple([part for work in given.items for part in await self._of(given, work)])

    async def _of(self, given: Credit, work: CreditedWork) -> list[CreditPart]:
        rows = await self._scene.view.rows(_ITEMS, f"{given.contract}.{given.run}", work.on, work.line, work.role)
        if not rows:
            raise StepFailed(f"invoice {given.contract}.{given.run} bills no such work: {work.model_dump(exclude_defaults=True)}")
        if len(rows) > 1 and (work.hours is not None or work.amount is not None):
            raise StepFailed(f"{len(rows)} items are meant, and a part of which of them is to be credited is not said")
        how_much: dict[str, Any] = {"quantity": work.hours, "amount": work.amount}
        return [CreditPart(billable=row["reference"], **how_much, disposition=given.becomes) for row in rows]

    async def _rebill(self, given: Credit) -> Rebill | None:
        if not given.rebill and given.bill_to is None:
            return None
        return Rebill(bill_to=await self._customer(given, given.bill_to) if given.bill_to else None)

    async def _customer(self, given: Credit, party: Party) -> Customer:
        invoices = await self._scene.view.rows(
            "SELECT currency FROM billing_documents WHERE reference = $1", f"{given.contract}.{given.run}"
        )
        return Customer(
            reference=f"CUST-{party.number}",
            legal_name=party.legal_name or party.name,
            trading_name=party.name,
            currency=invoices[0]["currency"] if invoices else "USD",
            addresses=(_address(party),),
            tax_registrations=(TaxRegistration(country=party.country, number=party.tax_number),) if party.tax_number else (),
        )


def _address(party: Party) -> Address:
    return Address(
        line1=party.street or "",
        city=party.city or "",
        region=party.state or "",
        postal_code=party.postal_code or "",
        country=party.country,
    )


def _reference(given: Credit | DecideCredit | CreditEnds) -> str:
    return f"{given.contract}.{given.run}.{given.name}"


async def _expecting(code: str, asking: Any) -> None:
    """Where a refusal is what the story is about, anything else fails the step."""
    if not code:
        await asked(asking)
        return
    try:
        await asking
    except Failure as failure:
        if failure.specific_code == code:
            return
        raise StepFailed(f"it was refused as {failure.specific_code}, not as {code}: {failure.message}") from failure
    raise StepFailed(f"it was to be refused as {code}, and was taken")
