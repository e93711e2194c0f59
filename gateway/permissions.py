"""The gate before every request of a person or client: who is it, and may it do this."""

from dataclasses import dataclass

from fastapi import Request
from operations.office import Office

from gateway.identity import Identities
from gateway.problems import NotAllowed


@dataclass(frozen=True)
class Gate:
    """Identity from the token, permission from policies/access."""

    identities: Identities
    office: Office

    async def require(self, request: Request, permission: str) -> str:
        """The subject, if it may; raises NotAuthenticated or NotAllowed."""
        subject = await self.identities.subject(request.headers.get("authorization"))
        if not self.office.policies.access.may(subject, permission):
            raise NotAllowed(permission)
        return subject
