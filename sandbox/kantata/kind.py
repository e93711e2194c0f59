"""What a record type of the API is: writable fields, what is required, bulk limits, includes, sort fields."""

from dataclasses import dataclass, field
from functools import cached_property

REFERENCE = {"external_reference": "reference"}
COMMON_INCLUDES = {"external_references": ("external_reference_ids", "external_references")}


@dataclass(frozen=True)
class Kind:
    """One record type. ``includes`` name the id field that appears and the top-level key it refers to."""

    plural: str
    singular: str
    subject_type: str
    fields: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    bulk: int = 0
    includes: dict[str, tuple[str, str]] = field(default_factory=dict)
    orders: tuple[str, ...] = ("created_at", "updated_at")
    default_order: str = "updated_at:desc"
    may: frozenset[str] = frozenset({"list", "show", "create", "update"})
    event: bool = True

    @cached_property
    def included_fields(self) -> frozenset[str]:
        """The id fields that appear only where their association is included."""
        return frozenset(name for name, _ in self.includes.values())


READ_ONLY = frozenset({"list", "show"})


def reference_data(plural: str, singular: str, subject_type: str) -> Kind:
    """A type that can only be read here."""
    return Kind(plural, singular, subject_type, may=READ_ONLY, includes=COMMON_INCLUDES)
