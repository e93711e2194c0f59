"""The customer master: who might be meant, the new party, and taking one back."""

from collections.abc import Sequence

from canonical.errors import Conflict, NotFound, Rejected
from canonical.money import Money
from canonical.party import Customer, CustomerRecord
from canonical.written import Written
from connectors.tryton.database import Database
from connectors.tryton.directory import Directory
from connectors.tryton.mapping import name_stem, party_values
from connectors.tryton.schemas import AddressShape, CompanyShape, IdentifierShape, PartyShape, Record, WorkShape
from connectors.tryton.wire import identity, reference_in

PARTY = "party.party"
_WHATEVER_STATE = ["active", "in", [True, False]]
_MOST_ALIKE = 25


class CustomerMaster:
    """Satisfies ``Customers``. A party is shared by all companies; what it owes is asked for in the customer's own company."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database, self._directory = database, directory

    async def candidates(self, customer: Customer) -> Sequence[CustomerRecord]:
        """Same tax number, our reference, or a similar name."""
        company = await self._directory.company(customer.entity)
        numbers = [found.number for found in customer.tax_registrations]
        same = [["code", "in", self._ours(customer)], ["identifiers.code", "in", [*numbers, *_with_country(customer)]]]
        certain = await self._find(["OR", *same], company=company.id)
        stem = name_stem(customer.legal_name)
        alike = await self._find([["name", "ilike", f"%{stem}%"]], company=company.id) if stem else []
        found = {party.id: party for party in [*certain, *alike[:_MOST_ALIKE]] if party.id != company.party}
        return [await self._record(party, customer, company) for _, party in sorted(found.items())]

    async def create_customer(self, customer: Customer, *, key: str) -> Written:
        """A new party; one that is there already is never overwritten, since the ERP owns its terms and limits."""
        company = await self._directory.company(customer.entity)
        if await self._of_key(key):
            raise self._held(key)
        countries = {address.country: await self._directory.country(address.country) for address in customer.addresses}
        values = party_values(customer, countries=countries, key=key)
        if customer.credit_limit is not None:
            values["credit_limit_amount"] = _limit(customer, company)  # as a line of its own it is dropped in silence
        try:
            made = await self._database.create(PARTY, values, company=company.id)
        except Rejected as refused:
            if await self._of_key(key):
                raise self._held(key) from refused
            raise
        return self._written(made, reference_in(key))

    async def find_customer(self, reference: str, *, key: str) -> Written | None:
        """By the code, which is unique."""
        found = await self._of_key(key)
        return self._written(found.id, found.code or reference) if found else None

    async def withdraw_customer(self, target_id: str, reason: str, *, key: str) -> Written:
        """Inactive, unless others made it or projects use it by now; one that is gone counts as withdrawn."""
        found = await self._find([["id", "=", identity(target_id)]])
        if not found:
            return Written(target_id=target_id, details={"withdrawn": "it does not exist"})
        party = found[0]
        if party.maker != self._database.settings.login:
            return Written(target_id=target_id, details={"kept": "others made it"})
        if await self._is_used(party.id):
            return Written(target_id=target_id, details={"kept": "projects or invoices use it"})
        if party.active:
            await self._database.write(PARTY, party.id, {"active": False})
        return self._written(party.id, party.code or "")

    async def party(self, customer: str, entity: str) -> int:
        """The id of a party by its own id, our key, or our reference of the customer."""
        codes = [f"{customer}.{entity}", customer]
        found = await self._database.find(PARTY, PartyShape, ["code", "in", codes])
        if found:
            return min(found, key=lambda party: codes.index(party.code or customer)).id
        if customer.isdigit() and await self._find([["id", "=", int(customer)]]):
            return int(customer)
        raise NotFound(
            f"{self._database.system} has no customer {customer}",
            remedy="Create the customer by its own handoff first, then settle the exception with retry.",
            evidence={"customer": customer, "entity": entity},
        )

    async def bill_to(self, party: int) -> int:
        """The id of the address that invoices go to."""
        found = await self._database.find("party.address", AddressShape, ["party", "=", party])
        if not found:
            remedy = "Give the customer an address in Tryton, then settle the exception with retry."
            raise Rejected(f"{self._database.system} has no address of customer {party}", remedy=remedy)
        return min(found, key=lambda address: (not address.invoice, address.id)).id

    async def entity(self, party: int) -> str:
        """The legal entity that a customer was made for, as its code says; the only one where there is just one."""
        found = await self._find([["id", "=", party]])
        entities = list(self._database.settings.companies)
        named = (found[0].code or "").rpartition(".")[2] if found else ""
        if named in entities or len(entities) == 1:
            return named if named in entities else entities[0]
        remedy = "Give the customer in Tryton a code that ends with its legal entity, such as CUST-100.DE01."
        raise Rejected(f"{self._database.system} does not say whose customer {party} is", remedy=remedy)

    async def _is_used(self, party: int) -> bool:
        """By a project, or by an invoice."""
        is_sold = await self._database.find("project.work", WorkShape, ["party", "=", party], limit=1)
        return bool(is_sold or await self._database.find("account.invoice", Record, ["party", "=", party], limit=1))

    async def _of_key(self, key: str) -> PartyShape | None:
        found = await self._find([["code", "=", reference_in(key)]])
        return found[0] if found else None

    async def _find(self, domain: list[object], *, company: int | None = None) -> list[PartyShape]:
        return await self._database.listed(PARTY, PartyShape, [domain, _WHATEVER_STATE], company=company)

    async def _record(self, party: PartyShape, customer: Customer, company: CompanyShape) -> CustomerRecord:
        """``exposure`` is what Tryton calls the receivable: posted and not paid. Unbilled work is not known to it."""
        currency = company.money.code or customer.currency
        numbers = await self._database.find("party.identifier", IdentifierShape, ["party", "=", party.id])
        addresses = await self._database.find("party.address", AddressShape, ["party", "=", party.id])
        countries = [address.country.code for address in addresses if address.country and address.country.code]
        return CustomerRecord(
            target_id=str(party.id),
            reference=customer.reference if party.code in self._ours(customer) else party.code or "",
            legal_name=party.name or "",
            entity=customer.entity,
            tax_numbers=tuple(number.code for number in numbers),
            country=countries[0] if countries else "",
            is_active=party.active,
            credit_limit=None if party.credit_limit is None else Money.of(party.credit_limit, currency),
            exposure=None if party.receivable is None else Money.of(party.receivable, currency),
        )

    def _ours(self, customer: Customer) -> list[str]:
        entities = [customer.entity, *self._database.settings.companies]
        return list(dict.fromkeys([*(f"{customer.reference}.{entity}" for entity in entities if entity), customer.reference]))

    def _held(self, key: str) -> Conflict:
        return Conflict(
            f"{self._database.system} has the customer {reference_in(key)} already", evidence={"code": reference_in(key)}
        )

    def _written(self, party: int, code: str) -> Written:
        return Written(target_id=str(party), number=code, url=self._database.page(PARTY, party))


def _with_country(customer: Customer) -> list[str]:
    return [
        f"{found.country}{found.number}" for found in customer.tax_registrations if not found.number.startswith(found.country)
    ]


def _limit(customer: Customer, company: CompanyShape) -> object:
    """Tryton keeps the limit in the currency of the company."""
    limit = customer.credit_limit
    if limit is None or limit.currency != company.money.code:
        raise Rejected(
            f"The credit limit {limit} of {customer.reference} is not in the currency of {customer.entity}, {company.money.code}",
            remedy=f"State the limit in {company.money.code} in its system of record, then settle the exception with retry.",
        )
    return limit.amount
