"""Documents: the signed contract, evidence, the workspace they live in."""

from datetime import datetime
from enum import StrEnum

from canonical.reference import Reference
from canonical.schema import Canonical, Part, published


class DocumentReference(Part):
    """A document where it lives; ``sha256`` of its bytes once they were read."""

    system: str
    target_id: str
    name: str
    sha256: str = ""


class SigningState(StrEnum):
    """Where a signature stands."""

    UNDER_WAY = "under_way"
    EXECUTED = "executed"
    DECLINED = "declined"
    VOIDED = "voided"


@published
class SignedContract(Canonical):
    """What was signed, as the e-signature or CLM holds it: the final terms by label, and the document (R38).

    ``version`` is that system's own (the completion time of the envelope); ``terms`` are raw labelled texts that
    policies/contracts maps to canonical fields.
    """

    target_id: str
    version: str
    contract: Reference | None = None
    state: SigningState
    executed_at: datetime | None = None
    signers: tuple[str, ...] = ()
    terms: dict[str, str] = {}
    document: DocumentReference | None = None
