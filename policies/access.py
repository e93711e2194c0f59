"""Access: roles, what each may do, and which fields each may see (R151)."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from policies.shape import Flaw, Path, Shape, Version, Versioned

WITHHELD = "(withheld)"


class Permission(StrEnum):
    """What a role may do; which exceptions it may settle goes by their codes besides."""

    READ = "read"
    PLAN = "plan"
    START = "start"
    CANCEL = "cancel"
    SIGNAL = "signal"
    SETTLE = "settle"
    SUBMIT = "submit"
    BILL = "bill"
    CREDIT = "credit"
    RECEIVABLES = "receivables"
    AUDIT = "audit"
    OPERATE = "operate"
    DECODE = "decode"
    CLOSE = "close"
    RECONCILE = "reconcile"


class Role(Shape):
    """One role. ``settles`` names groups of exception codes, ``sees`` groups of protected fields."""

    title: str
    permissions: tuple[Permission, ...] = (Permission.READ,)
    settles: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()


class FieldGroup(Shape):
    """Fields that only some roles see, wherever they occur; of exceptions with ``codes`` also what the words give away."""

    title: str
    fields: tuple[str, ...] = Field(min_length=1)
    codes: tuple[str, ...] = ()


class AccessVersion(Version):
    """Roles, people and programs, from a date. ``everybody_else`` are the roles of a subject that is not named."""

    roles: dict[str, Role] = Field(min_length=1)
    code_groups: dict[str, tuple[str, ...]] = {}
    field_groups: dict[str, FieldGroup] = {}
    subjects: dict[str, tuple[str, ...]] = Field(default={}, description="roles by the subject of the identity token")
    everybody_else: tuple[str, ...] = ()

    def roles_of(self, subject: str) -> tuple[str, ...]:
        """The roles of a person or program."""
        return self.subjects.get(subject, self.everybody_else)

    def may(self, roles: Iterable[str], permission: str) -> bool:
        """Whether one of the roles has the permission."""
        return any(permission in self.roles[role].permissions for role in roles if role in self.roles)

    def allows(self, subject: str, permission: str) -> bool:
        """Whether a person or program has the permission."""
        return self.may(self.roles_of(subject), permission)

    def may_settle(self, roles: Iterable[str], code: str) -> bool:
        """Whether one of the roles settles a group that holds the code; ``*`` in a group stands for every code no group names."""
        groups = {group for role in roles if role in self.roles for group in self.roles[role].settles}
        named = {group for group, codes in self.code_groups.items() if code in codes}
        return bool(groups & (named or {group for group, codes in self.code_groups.items() if "*" in codes}))

    def hidden_from(self, roles: Iterable[str]) -> tuple[FieldGroup, ...]:
        """The groups of fields that none of the roles may see."""
        seen = {group for role in roles if role in self.roles for group in self.roles[role].sees}
        return tuple(group for name, group in self.field_groups.items() if name not in seen)

    def redacted(self, roles: Iterable[str] | str, content: Any) -> Any:
        """The content as plain data with everything withheld that none of the roles may see."""
        hidden = self.hidden_from((roles,) if isinstance(roles, str) else roles)
        fields = frozenset(name for group in hidden for name in group.fields)
        codes = frozenset(code for group in hidden for code in group.codes)
        return _redacted(content, fields, codes)

    def flaws(self, path: Path) -> Iterator[Flaw]:
        """Groups and roles that are named exist."""
        for name, role in self.roles.items():
            for field, named, known in (("settles", role.settles, self.code_groups), ("sees", role.sees, self.field_groups)):
                for number, group in enumerate(named):
                    if group not in known:
                        yield _unknown((*path, "roles", name, field, number), "group", group, known)
            if role.settles and Permission.SETTLE not in role.permissions:
                yield Flaw(
                    (*path, "roles", name, "settles"), "this role may not settle anything", "Add settle to its permissions."
                )
        for subject, roles in self.subjects.items():
            yield from self._role_flaws((*path, "subjects", subject), roles)
        yield from self._role_flaws((*path, "everybody_else"), self.everybody_else)

    def _role_flaws(self, path: Path, roles: Iterable[str]) -> Iterator[Flaw]:
        for number, role in enumerate(roles):
            if role not in self.roles:
                yield _unknown((*path, number), "role", role, self.roles)


class Access(Versioned[AccessVersion]):
    """The access file."""

    @property
    def role_names(self) -> frozenset[str]:
        """Roles that exist in every version, so that others may name them."""
        return frozenset.intersection(*(frozenset(version.roles) for version in self.versions))

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong in any version."""
        yield from self.order_flaws()
        for number, version in enumerate(self.versions):
            yield from version.flaws(("versions", number))


_TELLS = frozenset({"sentence", "evidence", "money", "money_amount", "reason", "details"})
"""What an exception of a protected code would give away in words."""


def _redacted(content: Any, fields: frozenset[str], codes: frozenset[str]) -> Any:
    match content:
        case BaseModel():
            return _redacted(content.model_dump(mode="json"), fields, codes)
        case Mapping():
            withheld = fields | _TELLS if content.get("code") in codes else fields
            return {
                key: WITHHELD if key in withheld and value not in (None, "", [], {}) else _redacted(value, fields, codes)
                for key, value in content.items()
            }
        case list() | tuple():
            return [_redacted(one, fields, codes) for one in content]
        case _:
            return content


def _unknown(path: Path, kind: str, name: str, known: Mapping[str, object]) -> Flaw:
    return Flaw(path, f"there is no {kind} {name!r}", f"Use one of {', '.join(sorted(known)) or 'none yet: add it'}.")
