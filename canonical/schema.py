"""Versioned canonical objects: each carries its schema version; older payloads are upcast, newer ones parked (R29, C4)."""

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from canonical.errors import UnknownSchemaVersion

Payload = dict[str, Any]
Upcast = Callable[[Payload], Payload]


class Canonical(BaseModel):
    """A canonical object; ``schema_version`` is part of every payload and ``VERSION`` is the one this release writes.

    ``UPCASTS[n]`` turns a payload of version n into version n + 1; a test demands one for every step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    VERSION: ClassVar[int] = 1
    UPCASTS: ClassVar[dict[int, Upcast]] = {}
    schema_version: int = 0

    @model_validator(mode="before")
    @classmethod
    def _upcast(cls, payload: Any) -> Any:
        if not isinstance(payload, dict):
            return payload
        version = payload.get("schema_version") or cls.VERSION
        if not isinstance(version, int) or not 1 <= version <= cls.VERSION:
            raise UnknownSchemaVersion(
                f"{cls.__name__} came in schema version {version}; this release knows up to {cls.VERSION}",
                evidence={"object": cls.__name__, "version": version, "known": cls.VERSION},
            )
        for step in range(version, cls.VERSION):
            payload = cls.UPCASTS[step](dict(payload))
        return {**payload, "schema_version": cls.VERSION}


Model = TypeVar("Model", bound=BaseModel)


def trusted(kind: type[Model], fields: dict[str, Any]) -> Model:
    """An object of all its fields, which were validated before: what the ledger holds, or a sum of what is money already.

    For what is made by the hundred thousand; pydantic's own model_construct takes as long as validating.
    """
    made = kind.__new__(kind)
    object.__setattr__(made, "__dict__", fields)
    object.__setattr__(made, "__pydantic_fields_set__", set(fields))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


Kind = TypeVar("Kind", bound=type[Canonical])
PUBLISHED: dict[str, type[Canonical]] = {}


def published(kind: Kind) -> Kind:
    """Class decorator: the object is part of the published language (`handoff schema` prints its JSON Schema)."""
    PUBLISHED[kind.__name__] = kind
    return kind


class Part(BaseModel):
    """A piece of a canonical object, versioned with the whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, **fields: object) -> Self:
        """The same with some fields replaced."""
        return self.model_copy(update=fields)
