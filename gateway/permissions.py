"""The gate before every request of a person or client: who is it, may it do this, and which fields may it see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from canonical.engagement import EngagementRow
from gateway.identity import Identities
from operations.office import Office
from policies.access import Permission


@dataclass(frozen=True)
class Gate:
    """Identity from the token, permission and protected fields from policies/access."""

    identities: Identities
    office: Office

    async def require(self, request: Request, permission: Permission) -> str:
        """The subject, if it may; raises NotAuthenticated or NotPermitted."""
        subject = await self.identities.subject(request.headers.get("authorization"))
        await self.office.require(subject, permission)
        return subject

    async def shown(self, subject: str, content: Any, *, status: int = 200) -> Any:
        """The answer as this subject may see it; a response of its own, since what is withheld no longer has its type."""
        return JSONResponse(await self.office.redacted(subject, content), status_code=status)

    async def board(self, subject: str, rows: Sequence[EngagementRow]) -> list[Any]:
        """Engagements as this subject may see them; a note repeats what exceptions say, hence is withheld with them."""
        seen: list[Any] = await self.office.redacted_board(subject, rows)
        return seen
