"""Revenue treatment by line type (R93); the process that recognizes it comes with its own issue."""

from collections.abc import Iterator

from canonical.quote import BillingKind
from canonical.revenue_event import Treatment
from policies.shape import Flaw, Version, Versioned


class RevenueVersion(Version):
    """The treatments in use, from a date."""

    by_line_kind: dict[BillingKind, Treatment]
    allowed: tuple[Treatment, ...] = tuple(Treatment)


class Revenue(Versioned[RevenueVersion]):
    """The revenue file."""

    @property
    def treatments(self) -> frozenset[str]:
        """The treatments a service template may name."""
        return frozenset(treatment.value for version in self.versions for treatment in version.allowed)

    def flaws(self) -> Iterator[Flaw]:
        """Every kind of line has a treatment, one that is in use."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            path = ("versions", number, "by_line_kind")
            for missing in [kind for kind in BillingKind if kind not in version.by_line_kind]:
                yield Flaw(path, f"{missing.value} has no revenue treatment", f"Add {missing.value}.")
            for kind, treatment in version.by_line_kind.items():
                if treatment not in version.allowed:
                    yield Flaw((*path, kind.value), f"{treatment.value} is not allowed here", "Add it to allowed.")
