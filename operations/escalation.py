"""Who has an overdue exception next: the chain of policies/exceptions, in the entity's business hours."""

from datetime import datetime

from canonical.exception import Case
from ledger.settlement import Escalated, Escalation
from policies.firm import Policies


def by_policy(policies: Policies) -> Escalation:
    """The firm's rule; past the end of the chain its last role keeps the case, with as much time again."""

    def next_owner(case: Case, now: datetime) -> Escalated:
        told = policies.escalated_to(case.code, case.entity, case.opened_at or now, now)
        terms = policies.case_terms(case.code, case.entity, now)
        return Escalated(owner_role=told[-1] if told else terms.owner_role, due_at=terms.due_at)

    return next_owner
