"""Reading a contract whole: the deal, the quote, what was signed, the accounts and the ERP's candidates, judged by nobody yet."""

import asyncio
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from activities.billing_ports import Tax
from activities.ports import ActivationPolicy, Contracts, Crm, Customers, Quotes
from activities.systems import Systems, required
from activities.tax_question import contract_question
from canonical.activation import ActivationDossier
from canonical.contract import Contract
from canonical.document import SignedContract
from canonical.errors import NotFound
from canonical.landscape import Capability, Scope
from canonical.party import Customer
from canonical.quote import Deal, Quote
from canonical.rules.activation import ActivationCase, ActivationRules, Judgement
from canonical.rules.comparison import differences
from canonical.rules.composition import compose
from canonical.rules.matching import Match, MatchKind, match
from canonical.rules.planning import plan_project, plan_revenue, plan_schedule
from canonical.rules.recurring import RecurringPolicy
from canonical.rules.signed_terms import SignedTerms, read_terms
from canonical.service_template import ServiceTemplate
from canonical.tax import TaxAnswer


class _Records(BaseModel):
    """What was read from the selling side."""

    deal: Deal
    customer: Customer
    payer: Customer | None
    quote: Quote
    signed: SignedContract
    terms: SignedTerms


class ReadContract(BaseModel):
    """Everything the control point judges, read at one time, and where its steps are routed."""

    case: ActivationCase
    signed: SignedContract
    scope: Scope

    @property
    def billed_by(self) -> tuple[str, date]:
        """Whose billing terms hold, and those of which day: of the first one of the contract."""
        return self.case.contract.entity, self.scope.service_date


@dataclass(frozen=True)
class ContractReader:
    """Reads only; the control point and the dry run share it."""

    systems: Systems
    policy: ActivationPolicy

    async def read(self, reference: str, *, version: int, today: date, adopted: str = "") -> ReadContract:
        """The contract as composed, with everything needed to judge it. Raises NotFound where deal or contract are missing."""
        records = await self._records(reference, today)
        contract = compose(version=version, **{name: getattr(records, name) for name in _Records.model_fields})
        scope = _scope(contract, today)
        tolerance = self.policy.quote_tolerance(contract.entity, contract.currency, today)
        rules = self.policy.activation_rules(contract.entity, today)
        found, tax = await asyncio.gather(self._match(contract, scope, adopted), self._tax(contract, scope, rules))
        case = ActivationCase(
            contract=contract,
            rules=rules,
            templates=tuple(self.policy.templates(today)),
            match=found,
            tax=tax,
            differences=tuple(differences(records.quote, records.terms, tolerance=tolerance)),
            own_findings=tuple(self.policy.own_findings("contract_activation", contract, today)),
        )
        return ReadContract(case=case, signed=records.signed, scope=scope)

    async def _records(self, reference: str, today: date) -> _Records:
        anywhere = Scope(service_date=today)
        crm = self.systems.get(self._system(Capability.CRM, anywhere), Crm)
        contracts = self.systems.get(self._system(Capability.CONTRACTS, anywhere), Contracts)
        quotes = self.systems.get(self._system(Capability.QUOTES, anywhere), Quotes)
        signed, deal = await asyncio.gather(contracts.find_signed(reference), crm.find_deal(reference))
        if signed is None:
            raise NotFound(f"No contract system knows contract {reference}", remedy="Send it for signature under this reference.")
        if deal is None or deal.quote_id is None:
            raise NotFound(
                f"The CRM has no deal with a primary quote for contract {reference}",
                remedy="Put the contract's reference on the deal and make its quote the primary one, then settle with retry.",
            )
        customer, payer, quote = await asyncio.gather(
            crm.read_account(deal.account_id), _payer(crm, deal), quotes.read_quote(deal.quote_id)
        )
        terms = read_terms(signed.terms, self.policy.signed_labels(today))
        return _Records(deal=deal, customer=customer, payer=payer, quote=quote, signed=signed, terms=terms)

    async def _match(self, contract: Contract, scope: Scope, adopted: str) -> Match:
        name = self.policy.system_for(Capability.CUSTOMERS, scope)
        if name is None:
            return Match(kind=MatchKind.NONE)
        candidates = await self.systems.get(name, Customers).candidates(contract.payer)
        chosen = [record for record in candidates if record.target_id == adopted]
        if chosen:
            return Match(kind=MatchKind.SAME, record=chosen[0])
        return match(contract.payer, candidates, entity=contract.entity)

    async def _tax(self, contract: Contract, scope: Scope, rules: ActivationRules) -> TaxAnswer | None:
        """The engine's answer about all that is sold (R96); none where nobody serves tax there, or nothing could be taxed yet."""
        name = self.policy.system_for(Capability.TAX, scope)
        if name is None or contract.entity not in rules.entity_currencies:
            return None
        question = contract_question(contract, self.policy, scope.service_date)
        return await self.systems.get(name, Tax).probe(question) if question else None

    def _system(self, capability: Capability, scope: Scope) -> str:
        return required(capability, self.policy.system_for(capability, scope), scope)


def dossier_of(
    read: ReadContract,
    judgement: Judgement,
    *,
    policy_version: str,
    recurring: RecurringPolicy,
    workstreams: list[str] | None = None,
    part: str = "",
) -> ActivationDossier:
    """Everything that is to be created from a judged contract, for the workstreams that may start."""
    contract, templates = read.case.contract, {template.reference: template for template in read.case.templates}
    wanted = workstreams if workstreams is not None else list(contract.workstreams)
    ready = [workstream for workstream in wanted if workstream not in judgement.held]
    schedule = plan_schedule(contract, workstreams=ready, recurring=recurring)
    if part:
        schedule = schedule.model_copy(update={"reference": f"{schedule.reference}.{part}"})
    return ActivationDossier(
        contract=contract,
        signed=read.signed,
        project=plan_project(contract, templates, workstreams=ready),
        schedule=schedule,
        revenue=plan_revenue(contract, templates, workstreams=ready, recurring=recurring),
        folders=_folders(contract, templates),
        workstreams=tuple(ready),
        policy_version=policy_version,
        exemption_certificate=read.case.tax.exemption_certificate if read.case.tax else "",
    )


def _scope(contract: Contract, today: date) -> Scope:
    start = contract.term.start if contract.term else today
    return Scope(entity=contract.entity, region=contract.region, service_line=contract.service_line, service_date=start)


async def _payer(crm: Crm, deal: Deal) -> Customer | None:
    if not deal.bill_to_account_id or deal.bill_to_account_id == deal.account_id:
        return None
    return await crm.read_account(deal.bill_to_account_id)


def _folders(contract: Contract, templates: dict[str, ServiceTemplate]) -> tuple[str, ...]:
    names = (folder for line in contract.lines for folder in templates[line.service_template].documents)
    return tuple(dict.fromkeys(names))
