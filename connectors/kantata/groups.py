"""Client companies: one group for each customer, found by our reference, else by its name, which is unique there."""

from canonical.errors import Rejected
from connectors.kantata import mapping
from connectors.kantata.api import Api
from connectors.kantata.mapping import CUSTOMER
from connectors.kantata.schemas import ExternalReference, WorkspaceGroup


class Groups:
    """The account's client companies."""

    def __init__(self, api: Api, service: str) -> None:
        self._api, self._service = api, service

    async def of(self, customer: str, *, key: str) -> str:
        """The id of the customer's group, made if there is none; two that try at once get the same one."""
        known = await self._find(customer)
        if known:
            return known
        named = mapping.reference_body(self._service, CUSTOMER, customer, key=key)
        body = {"name": customer, "company": True, "external_reference": named}
        try:
            made = await self._api.create("workspace_groups", "workspace_group", body)
        except Rejected as refused:
            return await self._of_that_name(customer, refused, key)
        return str(made.records[0]["id"])

    async def _find(self, customer: str) -> str | None:
        query = {"subject_type": "WorkspaceGroup", "service_name": self._service, "service_model": CUSTOMER}
        same = [r async for r in self._api.every("external_references", ExternalReference, service_model_ref=customer, **query)]
        return min((r.subject_id for r in same if r.service_model_ref == customer), default=None, key=int)

    async def _of_that_name(self, customer: str, refused: Rejected, key: str) -> str:
        """Names are unique whatever their case: the group is there, made by another project's call or by a person."""
        async for group in self._api.every("workspace_groups", WorkspaceGroup):
            if group.name.lower() == customer.lower():
                await self._api.refer(
                    "WorkspaceGroup", group.id, mapping.reference_body(self._service, CUSTOMER, customer, key=key)
                )
                return group.id
        raise refused
