"""The shape of everything in a policy file: frozen, unknown keys refused, versions in force from a date."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from canonical.errors import Misconfigured

Path = tuple[str | int, ...]


class Shape(BaseModel):
    """A piece of a policy file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Flaw(NamedTuple):
    """Something wrong in a file that is well formed: where (as a path of keys), what, and what to do."""

    path: Path
    wrong: str
    remedy: str

    def under(self, *path: str | int) -> "Flaw":
        """The same, seen from further out."""
        return self._replace(path=(*path, *self.path))


def under(flaws: Iterable[Flaw], *path: str | int) -> Iterator[Flaw]:
    """All of them, seen from further out."""
    return (flaw.under(*path) for flaw in flaws)


class Version(Shape):
    """One version of a policy; ``version`` is what the audit trail calls it."""

    effective_from: date
    version: Annotated[str, Field(min_length=1), BeforeValidator(lambda text: str(text) if text is not None else text)]


Kind = TypeVar("Kind", bound=Version)


class Versioned(Shape, Generic[Kind]):
    """A policy file: its versions, each in force from its date until the next one's."""

    versions: tuple[Kind, ...] = Field(min_length=1)

    def on(self, day: date) -> Kind:
        """The version in force on a business date."""
        in_force = [version for version in self.versions if version.effective_from <= day]
        if not in_force:
            raise Misconfigured(
                f"No version of {type(self).__name__.lower()} is in force on {day}",
                remedy=f"Add a version to that policy with an effective_from of {day} or earlier.",
            )
        return in_force[-1]

    def order_flaws(self) -> Iterator[Flaw]:
        """Versions stand in order of their dates, and each has a name of its own."""
        names: set[str] = set()
        for number, version in enumerate(self.versions):
            if version.version in names:
                yield Flaw(
                    ("versions", number, "version"), f"version {version.version!r} exists already", "Give it a name of its own."
                )
            names.add(version.version)
            if number and version.effective_from <= self.versions[number - 1].effective_from:
                yield Flaw(
                    ("versions", number, "effective_from"),
                    f"{version.effective_from} is not later than the version before it",
                    "Put the versions in order of effective_from, each on its own date.",
                )
