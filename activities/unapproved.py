"""What is not approved any more: it is withdrawn, and its charge with it; a credit does not make it billable again (R61)."""

from collections.abc import Sequence

from activities.billing_books import BillingBooks
from canonical.charge import TakenBack
from canonical.intake import Intake, Judgement
from canonical.provenance import Origin

CODE = "APPROVAL_WITHDRAWN"
"""The code under which the ledger holds what was billed and is not approved any more."""


async def withdraw(billing: BillingBooks, gone: Sequence[tuple[str, str, str]], why: str, *, origin: Origin) -> Intake:
    """Items by reference, source and version; what was posted as a charge is asked back there."""
    versions = {reference: version for reference, _, version in gone}
    intake = await billing.billables.withdraw(gone, why, origin=origin)
    exported = [one.reference for one in intake.of(Judgement.AFTER_EXPORT)]
    await billing.charges.ask_back([TakenBack(item=one, version=versions[one], reason=why) for one in exported])
    return intake


async def withdraw_unapproved(billing: BillingBooks, items: Sequence[str], *, origin: Origin) -> None:
    """Of these items, which a credit opened again; what is approved anew comes in again by itself. Safe to do twice."""
    held = [one for one in await billing.billables.read(items) if one.hold_code == CODE]
    gone = [(one.item.reference, one.item.source, one.item.source_version) for one in held]
    if gone:
        await withdraw(billing, gone, "it was credited after its approval was taken back", origin=origin)
