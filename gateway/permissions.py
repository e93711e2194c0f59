"""The gate before every request of a person or client: who is it, and may it do this."""

from dataclasses import dataclass

from fastapi import Request

from gateway.identity import Identities
from gateway.problems import NotAllowed
from operations.office import Office
from policies.access import Permission


@dataclass(frozen=True)
class Gate:
    """Identity from the token, permission from policies/access."""

    identities: Identities
    office: Office

    async def require(self, request: Request, permission: Permission) -> str:
        """The subject, if it may; raises NotAuthenticated or NotAllowed."""
        subject = await self.identities.subject(request.headers.get("authorization"))
        if not await self.office.may(subject, permission):
            raise NotAllowed(permission.value)
        return subject
