"""Making the books over JSON-RPC: currencies, companies with chart, taxes, years and dimensions, and the integration user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from runtime.embedded.tryton import firm
from runtime.embedded.tryton.session import Session, linked, new

INTEGRATION = "integration"
_GROUPS = (
    ("party", "group_party_admin"),
    ("account", "group_account"),
    ("account", "group_account_admin"),
    ("account_credit_limit", "group_credit_limit"),  # without it limits are neither seen nor kept, and Tryton says nothing
    ("analytic_account", "group_analytic_admin"),
    ("project", "group_project_admin"),
    ("timesheet", "group_timesheet_admin"),
)


@dataclass
class Made:
    """The ids of what later steps refer to; ``company`` and ``accounts`` are those of the company whose books are made."""

    company: int = 0
    currencies: dict[str, int] = field(default_factory=dict)
    countries: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)


async def make_books(session: Session, password: str) -> None:
    """Everything, in the order in which each needs the other; ``password`` is the integration user's."""
    made = Made()
    await _world(session, made)
    await _terms(session)
    await session.create("project.work.status", name=firm.WITHDRAWN, types=["project", "task"], count=False)
    companies = [await _books_of(session, made, company) for company in firm.COMPANIES]
    await _integration_user(session, companies, password)


async def _books_of(session: Session, made: Made, given: firm.Company) -> int:
    """One company's."""
    await _company(session, made, given)
    await _chart(session, made)
    await _defaults(session, made)
    for tax in given.taxes:
        await _tax(session, made, tax)
    for year in firm.YEARS:
        await _year(session, made, year)
    await _payment_methods(session, made)
    await _dimensions(session, made)
    return made.company


async def _world(session: Session, made: Made) -> None:
    for code, (name, rate) in firm.CURRENCIES.items():
        rates = new({"date": date(2020, 1, 1), "rate": rate})
        made.currencies[code] = await session.create(
            "currency.currency", name=name, symbol=code, code=code, digits=2, rounding=Decimal("0.01"), rates=rates
        )
    for code, (name, long_code, number) in firm.COUNTRIES.items():
        made.countries[code] = await session.create("country.country", name=name, code=code, code3=long_code, code_numeric=number)


async def _company(session: Session, made: Made, given: firm.Company) -> None:
    """The company, and from here on every call is made for it; without its id in the context nothing of it is seen."""
    party = await session.create(
        "party.party",
        name=given.name,
        code=given.entity,
        addresses=new({"country": made.countries[given.country], "city": given.city}),
        identifiers=new({"type": "eu_vat", "code": given.vat_number}) if given.vat_number else [],
    )
    made.company = await session.create(
        "company.company", party=party, currency=made.currencies[given.currency], timezone=given.time_zone
    )
    await session.write("res.user", session.user, companies=linked(made.company), company=made.company, company_filter="all")
    session.context.update(company=made.company, companies=[made.company])


async def _chart(session: Session, made: Made) -> None:
    """The firm's own chart: one type for each kind, one account for each number."""
    types = {
        kind: await session.create("account.account.type", name=kind.capitalize(), company=made.company, **facts)
        for kind, facts in firm.KINDS.items()
    }
    for account in firm.CHART:
        made.accounts[account.number] = await session.create(
            "account.account",
            name=account.name,
            code=account.number,
            company=made.company,
            type=types[account.kind],
            party_required=account.number in firm.PER_PARTY,
            reconcile=account.number in firm.SETTLED,
        )


async def _defaults(session: Session, made: Made) -> None:
    configured = await session.call("account.configuration", "search", [], 0, 1, None)
    values = {
        "default_account_receivable": made.accounts["1100"],
        "default_account_payable": made.accounts["2000"],
        "currency_exchange_debit_account": made.accounts["7000"],
        "currency_exchange_credit_account": made.accounts["7000"],
        "tax_rounding": "document",
    }
    if configured:
        await session.write("account.configuration", configured[0], **values)
    else:
        await session.create("account.configuration", **values)


async def _tax(session: Session, made: Made, tax: firm.SalesTax) -> None:
    account = made.accounts["2200"]
    await session.create(
        "account.tax",
        name=tax.name,
        description=tax.name,
        company=made.company,
        type="percentage",
        rate=tax.rate,
        invoice_account=account,
        credit_note_account=account,
        legal_notice=tax.notice,
    )


async def _year(session: Session, made: Made, year: int) -> None:
    """A fiscal year with months. Numbers go without gaps in the order of dates, so that each month has numbers of its own:
    what is billed late for one month does not stand behind what was billed before for another."""
    fiscal_year = await session.create(
        "account.fiscalyear",
        name=str(year),
        company=made.company,
        start_date=date(year, 1, 1),
        end_date=date(year, 12, 31),
        move_sequence=(await _sequences(session, made, "account", "sequence_type_account_move", ""))[0],
    )
    await session.call("account.fiscalyear", "create_period", [fiscal_year])
    months = await session.call("account.period", "search", [["fiscalyear", "=", fiscal_year]], 0, None, [["start_date", "ASC"]])
    prefixes = [f"{kind}-{year}-{month:02}-" for kind in ("INV", "CN") for month in range(1, 13)] + [f"SUP-{year}-"]
    sequences = await _sequences(session, made, "account_invoice", "sequence_type_account_invoice", *prefixes)
    supplier = {"in_invoice_sequence": sequences[-1], "in_credit_note_sequence": sequences[-1]}
    lines = [
        {
            "company": made.company,
            "period": month,
            "out_invoice_sequence": invoices,
            "out_credit_note_sequence": notes,
            **supplier,
        }
        for month, invoices, notes in zip(months, sequences[:12], sequences[12:24], strict=True)
    ]
    await session.write("account.fiscalyear", fiscal_year, invoice_sequences=new(*lines))


async def _sequences(session: Session, made: Made, module: str, kind: str, *prefixes: str) -> list[int]:
    sequence_type = await session.shipped(module, kind)
    common = {"sequence_type": sequence_type, "company": made.company, "padding": 5}
    values = [{"name": prefix.rstrip("-") or "Moves", "prefix": prefix, **common} for prefix in prefixes]
    return [int(made_one) for made_one in await session.call("ir.sequence.strict", "create", values)]


async def _terms(session: Session) -> None:
    for days in firm.TERM_DAYS:
        line: dict[str, object] = {"type": "remainder"}
        if days:
            line["relativedeltas"] = new({"days": days})
        name = f"Net {days}" if days else "Due on receipt"
        await session.create("account.invoice.payment_term", name=name, lines=new(line))


async def _payment_methods(session: Session, made: Made) -> None:
    """Money that came in, and a deposit that is used up: the same step in Tryton, from two accounts. And what a customer kept of
    an invoice as tax, which is written off to what the tax office owes."""
    journal = await session.shipped("account", "journal_cash")
    for name, number in ((firm.BANK, "1000"), (firm.DEPOSIT, "2350")):
        account = made.accounts[number]
        await session.create(
            "account.invoice.payment.method",
            name=name,
            company=made.company,
            journal=journal,
            credit_account=account,
            debit_account=account,
        )

    withheld = made.accounts["1120"]
    await session.create(
        "account.move.reconcile.write_off",
        name=firm.WITHHELD,
        company=made.company,
        journal=await session.shipped("account", "journal_currency_exchange"),  # the one of its type that is shipped
        credit_account=withheld,
        debit_account=withheld,
    )


async def _dimensions(session: Session, made: Made) -> None:
    """An axis of analytic accounting for each dimension; its values are made when the first posting bears them."""
    for name in firm.DIMENSIONS:
        await session.create("analytic_account.account", name=name, code=name, company=made.company, type="root", state="opened")


async def _integration_user(session: Session, companies: Sequence[int], password: str) -> None:
    """No administrator; ``company_filter`` all, because with 'one' the record rules ignore the company of the context."""
    groups = [await session.shipped(module, name) for module, name in _GROUPS]
    await session.create(
        "res.user",
        name="Integration",
        login=INTEGRATION,
        password=password,
        companies=linked(*companies),
        company=companies[0],
        company_filter="all",
        groups=linked(*groups),
    )
