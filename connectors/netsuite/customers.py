"""The customer master: who might be meant, the new customer, and taking one back."""

from collections.abc import Sequence

from canonical.errors import Conflict, Rejected
from canonical.party import Customer, CustomerRecord
from canonical.written import Written
from connectors.netsuite.account import Account, literal, together
from connectors.netsuite.directory import Directory
from connectors.netsuite.mapping import OURS, customer_body, customer_record, marked, name_stem
from connectors.netsuite.refusals import RULES
from connectors.netsuite.schemas import CustomerShape
from connectors.netsuite.wire import external_id, reference_in, reference_of

_PAGE = "/app/common/entity/custjob.nl?id="
_MOST_ALIKE = 25  # a name of one common word may be part of hundreds


class CustomerMaster:
    """Satisfies ``Customers``."""

    def __init__(self, account: Account, directory: Directory) -> None:
        self._account, self._directory = account, directory

    async def candidates(self, customer: Customer) -> Sequence[CustomerRecord]:
        """Found by query, then read each: what a person or a control point judges is never the stale row of an index."""
        names = _similar_name(customer)
        found = {str(row["id"]) async for row in self._account.query(_certain(customer, self._ours(customer)))}
        alike = [str(row["id"]) async for row in self._account.query(names)] if names else []
        found.update(alike[:_MOST_ALIKE])
        new = [shape for shape in await together(map(self._find, self._ours(customer)[:2])) if shape]
        rest = sorted(found - {shape.id for shape in new}, key=int)
        others = await together(self._account.read("customer", key, CustomerShape, expandSubResources="true") for key in rest)
        return [await self._record(shape, customer) for shape in [*new, *others]]

    def _ours(self, customer: Customer) -> list[str]:
        """The external ids it can have: that of its entity and the bare one (both read at once), then others'."""
        entities = [customer.entity, *(entity for entity in self._account.settings.subsidiaries if entity != customer.entity)]
        first, *others = [external_id(f"{customer.reference}.{entity}") for entity in entities if entity]
        return [first, external_id(customer.reference), *others]

    async def create_customer(self, customer: Customer, *, key: str) -> Written:
        """A new customer; one that is there already is never overwritten, since the ERP owns its terms and limits."""
        body = customer_body(
            customer,
            subsidiary=self._directory.subsidiary(customer.entity),
            currency=await self._directory.currency(customer.currency),
            parent=await self._parent(customer),
            key=key,
            has_suite_tax=self._account.settings.has_suite_tax,
        )
        try:
            made = await self._account.create("customer", body)
        except Rejected as refused:
            await self._refuse_if_held(key, refused)
            raise
        return self._written(made, reference_in(key)) if made else await self._must_find(customer.reference, key)

    async def find_customer(self, reference: str, *, key: str) -> Written | None:
        """By external id, which sees it at once; it is that of the key, since a customer has one record in each legal entity."""
        found = await self._find(external_id(reference_in(key)))
        return self._written(found.id, reference, number=found.entity_id) if found else None

    async def withdraw_customer(self, target_id: str, reason: str, *, key: str) -> Written:
        """Inactive, unless others made it or projects use it by now; one that is gone counts as withdrawn."""
        found = await self._account.find("customer", target_id, CustomerShape)
        if found is None:
            return Written(target_id=target_id, details={"withdrawn": "it does not exist"})
        if not found.comments.startswith(OURS):
            return Written(target_id=target_id, details={"kept": "others made it"})
        async for _ in self._account.listed("job", f"parent ANY_OF [{target_id}] AND isInactive IS false"):
            return Written(target_id=target_id, details={"kept": "active projects use it"})
        if not found.is_inactive:
            await self._account.change("customer", target_id, {"isInactive": True, "comments": marked(key, reason)})
        return self._written(target_id, reference_of(found.external_id), number=found.entity_id)

    async def _parent(self, customer: Customer) -> str | None:
        """The parent's id, if the ERP has it: its own handoff brings it here, and nothing waits for that."""
        if customer.parent is None:
            return None
        references = (f"{customer.parent}.{customer.entity}", customer.parent)
        found = [shape for shape in await together(self._find(external_id(reference)) for reference in references) if shape]
        return found[0].id if found else None

    async def _refuse_if_held(self, key: str, refused: Rejected) -> None:
        """NetSuite has one code for a second record of a key and for any broken rule, so the key itself is asked."""
        if refused.evidence.get("vendor_code") == RULES and await self._find(external_id(reference_in(key))):
            said = f"{self._account.system} has the customer {reference_in(key)} already"
            raise Conflict(said, evidence=refused.evidence) from refused

    async def _must_find(self, reference: str, key: str) -> Written:
        found = await self.find_customer(reference, key=key)
        if found is None:
            said = f"{self._account.system} took the customer {reference} and does not show it"
            raise Rejected(said, remedy="Look for the customer in NetSuite; let our role see it, then settle with retry.")
        return found

    async def _find(self, external: str) -> CustomerShape | None:
        return await self._account.find("customer", f"eid:{external}", CustomerShape, expandSubResources="true")

    async def _record(self, found: CustomerShape, customer: Customer) -> CustomerRecord:
        currencies = await self._directory.currencies()
        is_ours = found.external_id in self._ours(customer)
        reference = customer.reference if is_ours else reference_of(found.external_id)
        return customer_record(found, entities=self._directory.entities, currencies=currencies, reference=reference)

    def _written(self, target_id: str, reference: str, *, number: str = "") -> Written:
        return Written(target_id=target_id, number=number or reference, url=self._account.page(_PAGE, target_id))


def _certain(customer: Customer, ours: Sequence[str]) -> str:
    externals = ", ".join(map(literal, ours))
    numbers = ", ".join(literal(found.number) for found in customer.tax_registrations) or "''"
    same = f"externalid IN ({externals}) OR vatregnumber IN ({numbers}) OR defaulttaxreg IN ({numbers})"
    return f"SELECT id FROM customer WHERE {same}"


def _similar_name(customer: Customer) -> str:
    """A name that holds the telling part of this one; wildcards in the name itself are taken out."""
    stem = name_stem(customer.legal_name).replace("%", "").replace("_", "")
    return f"SELECT id FROM customer WHERE UPPER(companyname) LIKE {literal(f'%{stem.upper()}%')} ORDER BY id" if stem else ""
