"""Who may ask a desk for what: one check for every surface, by policies/access (R151)."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from canonical.errors import Rejected
from ledger.books import Books
from policies.access import Permission
from policies.firm import Policies


class NotPermitted(Rejected):
    """The person or program has no role that may do this."""

    code = "NOT_PERMITTED"
    default_remedy = "Ask somebody whose role in policies/access has the permission; at the command line `--as` says who acts."


class Guarded(Protocol):
    """What the check needs of a desk."""

    @property
    def policies(self) -> Policies: ...
    @property
    def books(self) -> Books: ...


Desk = TypeVar("Desk", bound=Guarded)
Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Work = Callable[Concatenate[Desk, Given], Coroutine[Any, Any, Answer]]


async def require(desk: Guarded, subject: str, permission: Permission) -> None:
    """Refuse a subject none of whose roles has the permission today."""
    access = desk.policies.access.on((await desk.books.clock.now()).date())
    if not access.allows(subject, permission):
        raise NotPermitted(
            f"{subject} may not do this: it takes the permission '{permission}'", evidence={"permission": permission.value}
        )


def needs(permission: Permission) -> Callable[[Work[Desk, Given, Answer]], Work[Desk, Given, Answer]]:
    """Before the desk does it: may ``actor``?"""

    def guard(work: Work[Desk, Given, Answer]) -> Work[Desk, Given, Answer]:
        @wraps(work)
        async def guarded(desk: Desk, /, *args: Given.args, **more: Given.kwargs) -> Answer:
            await require(desk, str(more["actor"]), permission)
            return await work(desk, *args, **more)

        return guarded

    return guard
