"""What a credit opened again and nobody stands by any more: it and its charge are withdrawn, not billed again (R61)."""

from collections.abc import Sequence

from activities.billing_books import BillingBooks
from canonical.charge import TakenBack
from canonical.intake import Judgement
from canonical.provenance import Origin

CODE = "APPROVAL_WITHDRAWN"
"""The code under which the ledger holds what was billed and is not approved any more."""


async def withdraw_unapproved(billing: BillingBooks, items: Sequence[str], *, origin: Origin) -> None:
    """Of these items; what is approved anew comes in again by itself. Safe to do twice."""
    held = [one for one in await billing.billables.read(items) if one.hold_code == CODE]
    if not held:
        return
    versions = {one.item.reference: one.item.source_version for one in held}
    gone = [(one.item.reference, one.item.source, one.item.source_version) for one in held]
    why = "it was credited after its approval was taken back"
    intake = await billing.billables.withdraw(gone, why, origin=origin)
    exported = [one.reference for one in intake.of(Judgement.AFTER_EXPORT)]
    await billing.charges.ask_back([TakenBack(item=one, version=versions[one], reason=why) for one in exported])
