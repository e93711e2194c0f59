"""The dossier of an activation: the contract as judged and everything that is about to be created from it."""

from canonical.billing_schedule import BillingSchedule, RevenuePlan
from canonical.contract import Contract
from canonical.document import SignedContract
from canonical.project import Project
from canonical.schema import Canonical, Part, published


class Route(Part):
    """Which system does a step, and on which task queue its calls are made; no system: nobody serves it."""

    capability: str
    system: str | None = None


@published
class ActivationDossier(Canonical):
    """What a handoff is about, kept by the hash of its content; workflows hold only that hash.

    ``exemption_certificate`` is what the tax engine relied on when it was asked before activation, if it did (R96).
    """

    contract: Contract
    signed: SignedContract
    project: Project
    schedule: BillingSchedule
    revenue: RevenuePlan
    folders: tuple[str, ...] = ()
    workstreams: tuple[str, ...] = ()
    policy_version: str = ""
    exemption_certificate: str = ""
