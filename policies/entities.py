"""The firm's legal entities: currency, country, tax registrations, working time, billing calendar, approvals (R95, R155)."""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal

from pydantic import Field

from canonical.errors import NotFound
from canonical.money import Currency, Money, Rounding
from canonical.party import Country, TaxRegistration
from canonical.rules.tax_numbers import is_valid
from policies.calendar import BusinessCalendar, TimeZone, WorkingTime
from policies.shape import Flaw, Path, Shape, Version, Versioned


class BillingCalendar(Shape):
    """When an entity bills: the day of the month after which a month's work is invoiced, and when its period closes."""

    invoice_day: int = Field(default=1, ge=1, le=28)
    closes_after_business_days: int = Field(default=5, ge=0)


class ReconciliationCalendar(Shape):
    """When an entity reconciles, on its own clock, and over how many days; what changes later that day is late, not missing."""

    at: time = time(20)
    look_back_days: int = Field(default=45, ge=1, le=400)


class Approval(Shape):
    """From which amount on a role must approve what the entity commits to."""

    role: str
    above: Decimal = Field(ge=0, description="in the entity's own currency")


class Entity(Shape):
    """One legal entity that sells, delivers or both."""

    name: str
    region: str = ""
    currency: Currency
    accepts_currencies: tuple[Currency, ...] = ()
    country: Country
    tax_registrations: tuple[TaxRegistration, ...] = ()
    time_zone: TimeZone
    working_time: WorkingTime = WorkingTime()
    billing: BillingCalendar = BillingCalendar()
    reconciliation: ReconciliationCalendar = ReconciliationCalendar()
    rounding: Rounding = Rounding.HALF_UP
    approvals: tuple[Approval, ...] = ()

    @property
    def calendar(self) -> BusinessCalendar:
        """Its business time."""
        return BusinessCalendar(time_zone=self.time_zone, working=self.working_time)

    @property
    def currencies(self) -> tuple[Currency, ...]:
        """What it sells in: its own currency and the others it accepts."""
        return tuple(dict.fromkeys((self.currency, *self.accepts_currencies)))

    def approver(self, amount: Money) -> str | None:
        """The role that must approve an amount: the highest threshold it passes; the highest of all in a foreign currency."""
        passed = [a for a in self.approvals if amount.currency != self.currency or amount.amount > a.above]
        return max(passed, key=lambda approval: approval.above).role if passed else None


class EntitiesVersion(Version):
    """The entities, from a date; ``home`` is whose calendar counts where no entity is known yet."""

    home: str
    entities: dict[str, Entity] = Field(min_length=1)

    def calendar(self, entity: str) -> BusinessCalendar:
        """The entity's business time; the home entity's while none, or an unknown one, is named."""
        return (self.entities.get(entity) or self.entities[self.home]).calendar

    def entity(self, code: str) -> Entity:
        """That entity; an unknown code is refused with the known ones."""
        if code not in self.entities:
            known = ", ".join(sorted(self.entities))
            raise NotFound(f"There is no legal entity {code!r}", remedy=f"Use one of {known}, or add it to entities.")
        return self.entities[code]


class Entities(Versioned[EntitiesVersion]):
    """The entities file."""

    @property
    def codes(self) -> frozenset[str]:
        """Every entity of any version."""
        return frozenset(code for version in self.versions for code in version.entities)

    def flaws(self, roles: frozenset[str]) -> Iterator[Flaw]:
        """The home entity exists, own tax numbers are valid, approving roles exist."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            path: Path = ("versions", number)
            if version.home not in version.entities:
                yield Flaw((*path, "home"), f"there is no entity {version.home!r}", "Name one of the entities of this version.")
            for code, entity in version.entities.items():
                yield from _entity_flaws((*path, "entities", code), entity, roles)


def _entity_flaws(path: Path, entity: Entity, roles: frozenset[str]) -> Iterator[Flaw]:
    for number, registration in enumerate(entity.tax_registrations):
        if not is_valid(registration.country, registration.number):
            yield Flaw(
                (*path, "tax_registrations", number, "number"),
                f"{registration.number!r} is not a valid tax number of {registration.country}",
                "Correct the number, or its country.",
            )
    for number, approval in enumerate(entity.approvals):
        if approval.role not in roles:
            yield Flaw((*path, "approvals", number, "role"), f"there is no role {approval.role!r}", "Name a role of access.yaml.")
