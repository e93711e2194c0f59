"""AvaTax as much of it as we use; satisfies ``Tax``."""

from datetime import timedelta

from canonical.errors import Misconfigured, NotFound, Rejected
from canonical.tax import TaxAnswer, TaxQuestion
from canonical.written import ClosedPeriod, Declaration, RoundingLevel, Written
from connectors.avatax import mapping
from connectors.avatax.account import Account, transaction_path
from connectors.avatax.mapping import CANCELLED, COMMITTED, document_code
from connectors.avatax.refusals import ALREADY_VOID
from connectors.avatax.registrations import Registrations
from connectors.avatax.schemas import Company, Transaction
from connectors.avatax.settings import Settings

# Nothing is documented but a simulated timeout of 30 seconds (ForceTimeout); a calculation takes less than one.
_UPSTREAM = timedelta(minutes=2)
_VISIBLE = timedelta(seconds=10)
_KIND = "tax_document"


class AvaTax:
    """One account."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.name, self._settings = system, settings
        self._account = Account(system, settings)
        self._registrations = Registrations(self._account)

    def declares(self, kind: str) -> Declaration:
        """What this account says of a kind of write."""
        if kind != _KIND:
            raise Misconfigured(f"{self.name} writes no '{kind}'", remedy=f"Route it to a system that does; this writes {_KIND}.")
        declared = Declaration(
            kind=_KIND,
            searchable_key="code",
            visibility_delay=_VISIBLE,
            upstream_timeout=_UPSTREAM,
            reverse="void",
            rounding=RoundingLevel(self._settings.rounding),
            closed_period=ClosedPeriod.REFUSES,  # what was filed is locked
        )
        return self._settings.timing.applied(declared)

    async def check(self) -> str:
        """One list of companies: it needs the credentials, and each entity needs its company, active and rounding as declared."""
        wanted = sorted(set(self._settings.companies.values()))
        names = ",".join("'{}'".format(code.replace("'", "''")) for code in wanted)
        listed = self._account.every("/companies", Company, filter=f"companyCode in ({names})")
        found = {company.company_code: company async for company in listed}
        for code in wanted:
            self._require_usable(code, found.get(code))
        return f"{self._settings.base_url} answers; companies {', '.join(wanted)}, rounding by {self._settings.rounding}"

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._account.aclose()

    async def probe(self, question: TaxQuestion) -> TaxAnswer:
        """An order: AvaTax calculates and records nothing."""
        company = self._company(question.entity)
        estimate = await self._account.transact("/transactions/create", mapping.estimate_model(question, company))
        return await self._answer(company, estimate)

    async def record(self, question: TaxQuestion, *, key: str) -> Written:
        """Asked first, so that a zero for want of nexus is never recorded; then created or adjusted, and committed."""
        company = self._company(question.entity)
        self._require_nexus(question, await self.probe(question))
        model = mapping.record_model(question, company, key=key)
        recorded = await self._account.transact("/transactions/createoradjust", model)
        answer = await self._answer(company, recorded)
        if answer.missing_nexus:  # the registration ended between question and record
            await self._void(company, recorded)
            self._require_nexus(question, answer)
        return self._written(question.reference, company, recorded, answer)

    async def find_recorded(self, reference: str, *, key: str) -> Written | None:
        """By code, committed only, and only the revision that this key made: an earlier one is adjusted by recording again."""
        company, found = await self._find(reference)
        if found is None or found.status != COMMITTED or found.reference_code != key:
            return None
        answer = await self._answer(company, found)
        return None if answer.missing_nexus else self._written(reference, company, found, answer)

    async def read_answer(self, reference: str) -> TaxAnswer:
        """What is on record; a void document bears no tax and is not there."""
        company, found = await self._find(reference)
        if found is None or found.status == CANCELLED:
            raise NotFound(
                f"{self.name} holds no tax document {reference}{' but a void one' if found else ''}",
                remedy=f"Record the tax of {reference} first, or look for it in the company that it belongs to.",
                evidence={"code": document_code(reference), "companies": ", ".join(self._settings.companies.values())},
            )
        return (await self._answer(company, found)).changed(target_id=reference)

    async def void(self, reference: str, reason: str, *, key: str) -> Written:
        """Cancelled there, where reasons are codes, not texts; one that is void or unknown stays so."""
        company, found = await self._find(reference)
        if found is None:
            return Written(target_id=reference, details={"void": "it does not exist"})
        if found.status != CANCELLED:
            found = await self._void(company, found)
        return mapping.written_of(reference, found, company=company, certificate=mapping.certificate_of(found))

    async def _void(self, company: str, transaction: Transaction) -> Transaction:
        path = transaction_path(company, transaction.code, "void")
        try:
            return await self._account.transact(path, {"code": "DocVoided"}, documentType=transaction.type)
        except Rejected as refused:
            if refused.evidence.get("vendor_code") != ALREADY_VOID:
                raise
            return transaction.model_copy(update={"status": CANCELLED})

    async def _find(self, reference: str) -> tuple[str, Transaction | None]:
        """In whichever of our companies it is; one that is void only if there is no other."""
        void: tuple[str, Transaction | None] = ("", None)
        for company in dict.fromkeys(self._settings.companies.values()):
            found = await self._account.find(company, document_code(reference))
            if found is not None and found.status != CANCELLED:
                return company, found
            void = (company, found) if found is not None else void
        return void

    async def _answer(self, company: str, transaction: Transaction) -> TaxAnswer:
        certificate = mapping.certificate_of(transaction)
        missing = await self._registrations.missing(transaction) - self._left_out(company)
        if missing and not certificate:
            certificate = await self._registrations.certificate(transaction)
        is_exempt = bool(certificate) and not transaction.total_tax
        return mapping.answer_of(transaction, missing_nexus=() if is_exempt else missing, certificate=certificate)

    def _left_out(self, company: str) -> frozenset[str]:
        """Where the entities of a company knowingly do not register."""
        entities = (entity for entity, code in self._settings.companies.items() if code == company)
        return frozenset[str]().union(*(self._settings.knowingly_unregistered.get(entity, ()) for entity in entities))

    def _written(self, reference: str, company: str, transaction: Transaction, answer: TaxAnswer) -> Written:
        return mapping.written_of(reference, transaction, company=company, certificate=answer.exemption_certificate)

    def _company(self, entity: str) -> str:
        if entity not in self._settings.companies:
            raise Misconfigured(
                f"{self.name} has no company for the legal entity {entity}",
                remedy=f"Name the AvaTax company of {entity} under companies in policies/landscape, or route {entity} elsewhere.",
            )
        return self._settings.companies[entity]

    def _require_nexus(self, question: TaxQuestion, answer: TaxAnswer) -> None:
        if not answer.missing_nexus:
            return
        places = ", ".join(answer.missing_nexus)
        raise Rejected(
            f"No tax is charged on {question.reference} only because {question.entity} has not declared nexus in {places}",
            remedy=f"To tax it you must declare the nexus of {question.entity} in {places} with {self.name}; where it need not "
            "register, name the place under knowingly_unregistered in policies/landscape. Then settle with retry.",
            evidence={"entity": question.entity, "jurisdictions": places, "reference": question.reference},
            code="TAX_NEXUS_MISSING",
        )

    def _require_usable(self, code: str, company: Company | None) -> None:
        if company is None or not company.is_active:
            raise Misconfigured(
                f"{self.name} has no active company '{code}'",
                remedy="Correct companies in policies/landscape, or activate the company in AvaTax.",
            )
        level = company.rounding_level_id.lower()
        if level != self._settings.rounding:
            raise Misconfigured(
                f"Company '{code}' of {self.name} rounds by {level}, not by {self._settings.rounding}",
                remedy="Set rounding in policies/landscape as the company rounds; companies that differ need a system each.",
            )


def connect(system: str, settings: Settings) -> AvaTax:
    """The connector for one account."""
    return AvaTax(system, settings)
