"""Which customer of the ERP is this one: by tax number first, then our reference, then name; never by luck (R39, S31)."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from canonical.party import Customer, CustomerRecord
from canonical.rules.tax_numbers import compact
from canonical.schema import Part

_LEGAL_FORMS = frozenset(
    {
        *("inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp", "ltd", "limited", "plc"),
        *("gmbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "as", "aps"),
        *("pty", "pvt", "private"),
    }
)


class MatchKind(StrEnum):
    """How sure we are."""

    SAME = "same"
    OTHER_ENTITY = "other_entity"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


class Match(Part):
    """The outcome; ``record`` is set for SAME, ``others`` lists what a person must look at."""

    kind: MatchKind
    record: CustomerRecord | None = None
    others: tuple[CustomerRecord, ...] = ()


def bare_name(name: str) -> str:
    """A company's name without accents, punctuation and legal form: 'ACME Inc.' and 'Acme, Inc.' are one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace(".", ""))
    return " ".join(word for word in words if word not in _LEGAL_FORMS)


def match(customer: Customer, candidates: Sequence[CustomerRecord], *, entity: str) -> Match:
    """Decide among the ERP's records; inactive ones never match."""
    active = [record for record in candidates if record.is_active]
    numbers = {compact(registration.number) for registration in customer.tax_registrations}
    by_number = [r for r in active if numbers & {compact(n) for n in r.tax_numbers}]
    by_reference = [r for r in active if r.reference and r.reference == customer.reference]
    for certain in (by_number, by_reference):
        if certain:
            return _certain(certain, entity)
    by_name = [r for r in active if bare_name(r.legal_name) == bare_name(customer.legal_name) and r.entity == entity]
    if by_name:
        return Match(kind=MatchKind.AMBIGUOUS, others=tuple(by_name))
    return Match(kind=MatchKind.NONE)


def _certain(records: Sequence[CustomerRecord], entity: str) -> Match:
    here = [record for record in records if record.entity == entity]
    if len(here) == 1:
        return Match(kind=MatchKind.SAME, record=here[0])
    if here:
        return Match(kind=MatchKind.AMBIGUOUS, others=tuple(here))
    return Match(kind=MatchKind.OTHER_ENTITY, others=tuple(records))
