"""What the org's objects and fields are, read from the tables, and how a describe call shows them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.salesforce import cpq_tables, standard

_SYSTEM = """
Id id readonly
OwnerId reference>User
IsDeleted boolean readonly
CurrencyIsoCode picklist
CreatedDate datetime readonly
CreatedById reference>User readonly
LastModifiedDate datetime readonly
LastModifiedById reference>User readonly
SystemModstamp datetime readonly
"""
LENGTHS = {"string": 255, "picklist": 255, "textarea": 32_000, "url": 255, "phone": 40, "email": 80}


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    name: str
    type: str
    targets: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()

    @property
    def is_readonly(self) -> bool:
        """Whether only the platform sets it."""
        return "readonly" in self.flags

    @property
    def is_external(self) -> bool:
        """Whether upserts may name a record by it."""
        return "external" in self.flags

    @property
    def is_custom(self) -> bool:
        """Whether it is not a field of the platform itself."""
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """The name under which SOQL reaches the record that this field points at."""
        if self.type != "reference":
            return None
        return self.name[:-1] + "r" if self.is_custom else self.name.removesuffix("Id")

    def described(self) -> dict[str, Any]:
        """As a describe call shows it."""
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": LENGTHS.get(self.type, 0),
            "custom": self.is_custom,
            "nillable": "required" not in self.flags,
            "unique": "unique" in self.flags,
            "externalId": self.is_external,
            "idLookup": self.is_external or self.name == "Id",
            "createable": not self.is_readonly,
            "updateable": not self.is_readonly,
            "calculated": self.is_readonly and self.is_custom,
            "filterable": self.type not in {"textarea", "address"},
            "sortable": self.type not in {"textarea", "address"},
            "referenceTo": list(self.targets),
            "relationshipName": self.relationship,
            "restrictedPicklist": bool(self.values),
            "picklistValues": [{"active": True, "value": v, "label": v, "defaultValue": False} for v in self.values],
        }


@dataclass(frozen=True)
class Object:
    """One object (a table) of the org."""

    name: str
    prefix: str
    fields: dict[str, Field]

    @cached_property
    def by_lower_name(self) -> dict[str, Field]:
        """Fields by name in small letters: SOQL does not mind capitals."""
        return {name.lower(): field for name, field in self.fields.items()}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        """Reference fields by relationship name in small letters."""
        return {f.relationship.lower(): f for f in self.fields.values() if f.relationship}

    @cached_property
    def indexed(self) -> tuple[str, ...]:
        """Fields by which records are found without a scan."""
        return tuple(f.name for f in self.fields.values() if f.is_external or "unique" in f.flags or f.type == "reference")

    @cached_property
    def unique(self) -> tuple[str, ...]:
        """Fields of which no two records may share a value."""
        return tuple(f.name for f in self.fields.values() if "unique" in f.flags)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Fields without which a record is refused."""
        return tuple(f.name for f in self.fields.values() if "required" in f.flags)

    def described(self, version: str) -> dict[str, Any]:
        """The describe answer."""
        return self.summary(version) | {"fields": [f.described() for f in self.fields.values()], "childRelationships": []}

    def summary(self, version: str) -> dict[str, Any]:
        """What a global describe shows of the object."""
        address = f"/services/data/{version}/sobjects/{self.name}"
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "keyPrefix": self.prefix,
            "custom": self.name.endswith("__c"),
            "queryable": True,
            "createable": True,
            "updateable": True,
            "deletable": True,
            "retrieveable": True,
            "urls": {"sobject": address, "describe": f"{address}/describe", "rowTemplate": f"{address}/{{ID}}"},
        }


def _field(line: str) -> Field:
    name, kind, *flags = line.split(maxsplit=2)
    type_, _, targets = kind.partition(">")
    words, _, values = (flags[0] if flags else "").partition("oneof ")
    return Field(
        name,
        type_,
        tuple(targets.split("|")) if targets else (),
        frozenset(words.split()),
        tuple(values.split("|")) if values else (),
    )


def _object(block: str, more: str) -> Object:
    head, *lines = block.strip().splitlines()
    name, prefix, *kind = head.split()
    system = [line for line in _SYSTEM.strip().splitlines() if not (kind and line.startswith("OwnerId"))]
    fields = [_field(line) for line in (*system, *lines, *more.strip().splitlines())]
    return Object(name, prefix, {field.name: field for field in fields})


def _read() -> dict[str, Object]:
    ours = {"SBQQ__QuoteLine__c": standard.OURS_ON_QUOTE_LINE}
    blocks = [block for table in (standard.TABLES, cpq_tables.TABLES) for block in table.split("object ")[1:]]
    objects = [_object(block, ours.get(block.split()[0], "")) for block in blocks]
    return {made.name: made for made in objects}


OBJECTS = _read()
BY_LOWER_NAME = {name.lower(): made for name, made in OBJECTS.items()}
BY_PREFIX = {made.prefix: made for made in OBJECTS.values()}
