"""What a database calls our words: companies, currencies, accounts, taxes, dimensions; ids are read once and kept."""

import asyncio

from canonical.errors import Misconfigured, Rejected
from canonical.project import Dimensions
from connectors.tryton.database import Database
from connectors.tryton.schemas import CodedShape, CompanyShape, NamedShape
from connectors.tryton.wire import Values, new


class Directory:
    """Ids for our words; what is missing is refused with what has to be made in Tryton."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._companies: dict[str, CompanyShape] | None = None
        self._known: dict[tuple[str, int, str], int] = {}
        self._lock = asyncio.Lock()

    async def company(self, entity: str) -> CompanyShape:
        """The company that stands for a legal entity."""
        code = self._database.settings.companies.get(entity)
        found = (await self._all()).get(code or "")
        if found is None:
            raise Misconfigured(
                f"{self._database.system} has no company for the legal entity '{entity}'",
                remedy=f"Add {entity} with its party's code to 'companies' of {self._database.system} in policies/landscape.",
                evidence={"entity": entity, "code": code or ""},
            )
        return found

    async def entity(self, company: int) -> str:
        """Our legal entity for a company's id."""
        found = {known.id: known.about.code for known in (await self._all()).values()}
        codes = {code: entity for entity, code in self._database.settings.companies.items()}
        return codes.get(found.get(company) or "", "")

    async def companies(self) -> list[CompanyShape]:
        """Those of our legal entities."""
        codes = set(self._database.settings.companies.values())
        return [known for code, known in (await self._all()).items() if code in codes]

    async def currency(self, code: str) -> int:
        """The id of a currency."""
        return await self._coded("currency.currency", code, "currency")

    async def country(self, code: str) -> int:
        """The id of a country."""
        return await self._coded("country.country", code, "country")

    async def account(self, company: int, code: str) -> int:
        """The id of an account of the firm's chart."""
        return await self._coded("account.account", code, "account", company=company)

    async def journal(self, code: str) -> int:
        """The id of a journal; these came with Tryton."""
        return await self._coded("account.journal", code, "journal")

    async def tax(self, company: int, code: str) -> int:
        """The id of the tax that stands for one of our tax codes."""
        name = self._database.settings.taxes.get(code)
        if name is None:
            remedy = f"Add the tax code {code} to 'taxes' of {self._database.system} in policies/landscape."
            raise Misconfigured(f"{self._database.system} has no tax for our code '{code}'", remedy=remedy)
        found = await self._database.find(
            "account.tax", NamedShape, ["name", "=", name], ["company", "=", company], company=company
        )
        if not found:
            remedy = f"Create the tax in Tryton, or correct 'taxes' of {self._database.system} in policies/landscape."
            raise Misconfigured(f"{self._database.system} has no tax named '{name}'", remedy=remedy)
        return found[0].id

    async def status(self, name: str) -> int:
        """The id of a project status."""
        found = await self._database.find("project.work.status", NamedShape, ["name", "=", name])
        if not found:
            remedy = f"Create the project status {name} in Tryton, or correct 'withdrawn_status' in policies/landscape."
            raise Misconfigured(f"{self._database.system} has no project status '{name}'", remedy=remedy)
        return found[0].id

    async def analytic(self, company: int, dimensions: Dimensions) -> list[tuple[int, int]]:
        """Axis and value for each dimension that is said; a value that Tryton does not know yet is made."""
        said = [(axis, str(getattr(dimensions, axis, ""))) for axis in self._database.settings.dimensions]
        return [(await self._axis(company, axis), await self._value(company, axis, value)) for axis, value in said if value]

    async def _axis(self, company: int, axis: str) -> int:
        return await self._coded("analytic_account.account", axis, "axis of analytic accounting", company=company, type="root")

    async def _value(self, company: int, axis: str, value: str) -> int:
        key = (f"value of {axis}", company, value)
        async with self._lock:
            if key not in self._known:
                root = await self._axis(company, axis)
                domain = (["code", "=", value], ["root", "=", root], ["type", "=", "normal"])
                found = await self._database.find("analytic_account.account", CodedShape, *domain, company=company)
                values: Values = {"name": value, "code": value, "type": "normal", "state": "opened"}
                values |= {"company": company, "root": root, "parent": root}
                self._known[key] = (
                    found[0].id if found else await self._database.create("analytic_account.account", values, company=company)
                )
            return self._known[key]

    async def _coded(self, model: str, code: str, what: str, *, company: int = 0, **more: str) -> int:
        key = (model, company, code)
        if key not in self._known:
            domain = [["code", "=", code], *([["company", "=", company]] if company else [])]
            domain += [[name, "=", value] for name, value in more.items()]
            found = await self._database.find(model, CodedShape, *domain, company=company or None)
            if not found:
                raise Rejected(
                    f"{self._database.system} has no {what} {code}",
                    remedy=f"Create the {what} {code} in Tryton, then settle the exception with retry.",
                    evidence={"model": model, "code": code},
                )
            self._known[key] = found[0].id
        return self._known[key]

    async def _all(self) -> dict[str, CompanyShape]:
        async with self._lock:
            if self._companies is None:
                found = await self._database.find("company.company", CompanyShape)
                self._companies = {known.about.code: known for known in found if known.about.code}
            return self._companies


def analytic_entries(pairs: list[tuple[int, int]]) -> list[object]:
    """Axes and values as a line bears them."""
    return new(*({"root": axis, "account": value} for axis, value in pairs)) if pairs else []
