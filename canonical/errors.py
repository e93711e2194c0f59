"""Every named failure, by what must happen next; a leaf of the import graph."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

_SECRET_WORDS = ("secret", "password", "token", "authorization", "api_key", "private_key", "signature")
_LONGEST_EVIDENCE = 1_000


class Failure(Exception):
    """Something that went wrong, with what a person can do about it and the evidence, which never holds a secret.

    ``code`` is what exception policies are written against (``CREDIT_LIMIT``); it is stable, unlike the message.
    """

    code: ClassVar[str] = "FAILURE"
    retryable: ClassVar[bool] = False
    default_remedy: ClassVar[str] = "Ask the operator of Handoff to read the evidence."

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        evidence: Mapping[str, object] | None = None,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.default_remedy
        self.evidence = presentable(evidence or {})
        self.specific_code = code or self.code
        self.retry_after = retry_after


def presentable(evidence: Mapping[str, object]) -> dict[str, str]:
    """Evidence as bounded strings; a key that names a secret is a programming error and its value is withheld."""
    return {
        key: "(withheld)" if any(word in key.lower() for word in _SECRET_WORDS) else str(value)[:_LONGEST_EVIDENCE]
        for key, value in evidence.items()
    }


# Retry: the same call may succeed later.


class Transient(Failure):
    """The same call may succeed later."""

    code, retryable = "TRANSIENT", True
    default_remedy = "Nothing to do: it is tried again by itself."


class NotReached(Transient):
    """The call surely did not arrive: nothing listened, or the name could not be resolved."""

    code = "NOT_REACHED"


class Throttled(Transient):
    """They refused for now, without acting, because of a limit."""

    code = "THROTTLED"


class Unavailable(Transient):
    """They answered with a fault of their own; for a write the outcome is unknown until it is looked up."""

    code = "UNAVAILABLE"


class AnswerLost(Transient):
    """The call was sent and no usable answer came back: it may have been carried out."""

    code = "ANSWER_LOST"


class NotReady(Transient):
    """What is needed is still being made on their side (an asynchronous job, a calculation, an index)."""

    code = "NOT_READY"


class OutcomePending(Transient):
    """A write's outcome is unknown and it is too early to look it up."""

    code = "OUTCOME_PENDING"


# Read back: they already hold it.


class Conflict(Failure):
    """They already hold it: read it back and bind."""

    code = "CONFLICT"
    default_remedy = "Look the record up by its key; adopt it if it is ours."


# Fix data: a person corrects the record and settles with retry.


class Rejected(Failure):
    """They, or our own control points, refused this record."""

    code = "REJECTED"
    default_remedy = "Correct the record in its system of record, then settle the exception with retry."


class NotFound(Rejected):
    """The record that was named does not exist there."""

    code = "NOT_FOUND"


class KeyReusedWithDifferentContent(Rejected):
    """A business key came back with other content (R114, R123)."""

    code = "KEY_REUSED_WITH_DIFFERENT_CONTENT"
    default_remedy = "Compare both contents; issue a new version in the system of record, or reject the later one."


class OutcomeUnknown(Rejected):
    """A write's outcome is unknown and its target offers no way to look it up (DESIGN 4)."""

    code = "OUTCOME_UNKNOWN"
    default_remedy = (
        "Look in the target system; settle with 'adopt' and its id if the record is there, with 'retry' if it is not."
    )


class NotServed(Rejected):
    """No system of the landscape serves this capability for this entity at this date."""

    code = "CAPABILITY_NOT_SERVED"
    default_remedy = "Name a system for the capability in policies/landscape, or leave the step out."


class NotOwner(Rejected):
    """A system that does not own a field tried to change it (R25)."""

    code = "NOT_OWNER"
    default_remedy = "Change the field in its system of record, or change policies/ownership."


class MoveRefused(Rejected):
    """A state move that is not allowed."""

    code = "MOVE_REFUSED"


class PeriodIsClosed(Rejected):
    """The accounting period of the date is closed in the target ledger."""

    code = "PERIOD_CLOSED"
    default_remedy = "Choose an open accounting date, or have the controller reopen the period."


class Malformed(Rejected):
    """A message that cannot be read: the field and the remedy are named."""

    code = "MALFORMED"


class UnknownSchemaVersion(Rejected):
    """A payload of a newer schema version than this release knows (R29); it is parked."""

    code = "UNKNOWN_SCHEMA_VERSION"
    default_remedy = "Deploy the release that knows this version; the message waits."


class SignatureRefused(Rejected):
    """A delivery whose signature is wrong or stale: nothing of it is kept but the count."""

    code = "SIGNATURE_REFUSED"
    default_remedy = "Check the signing key of the sender against policies/landscape."


# Fix settings.


class Misconfigured(Failure):
    """Our credentials or settings are wrong."""

    code = "MISCONFIGURED"
    default_remedy = "Run `handoff connectors check` and correct the setting it names."


# Our own invariants: never fixed by retry.


class RuleBroken(Failure):
    """One of our own invariants does not hold."""

    code = "RULE_BROKEN"
    default_remedy = "Stop and call an engineer: an invariant of Handoff itself does not hold."


class Unbalanced(RuleBroken):
    """Debits and credits differ."""

    code = "UNBALANCED"


class CurrencyMismatch(RuleBroken):
    """Amounts of different currencies were combined."""

    code = "CURRENCY_MISMATCH"


class Defect(RuleBroken):
    """A step cannot be done by this release, however often it is tried: an error in a program, or something it cannot hold."""

    code = "DEFECT"
    default_remedy = (
        "Where the evidence names a field of a record, correct the record in its system of record; else have an engineer mend"
        " what it names, and deploy that. Then settle with retry."
    )


UNDECIDED: tuple[type[Transient], ...] = (AnswerLost, Unavailable)
"""After one of these a write may have been carried out: look it up before anything else."""
