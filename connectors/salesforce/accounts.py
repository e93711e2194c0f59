"""What a customer owes, on its account and its deals: amounts in the account's currency as fields, everything in words."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from canonical.billing_view import Exposure
from canonical.errors import Conflict, Rejected
from canonical.receivable import DealStanding
from canonical.written import Written
from connectors.http import Json
from connectors.salesforce import schemas, soql
from connectors.salesforce.org import Org
from connectors.salesforce.schemas import NoteRow
from connectors.salesforce.settings import Settings

_AT_ONCE = 20  # a composite request takes 25 parts
_PREFIX = "CUST-"


class Standing(Protocol):
    """What an account is told (canonical.receivable.AccountStanding, by shape)."""

    @property
    def customer(self) -> str: ...
    @property
    def has_account(self) -> bool: ...
    @property
    def exposures(self) -> tuple[Exposure, ...]: ...
    @property
    def deals(self) -> tuple[DealStanding, ...]: ...


class Accounts:
    """Exposure in one org."""

    def __init__(self, org: Org, settings: Settings) -> None:
        self._org, self._settings = org, settings

    async def knows(self, customer: str) -> bool:
        """Whether any account has the customer's number."""
        return bool(await self._numbered(customer, ["Id"]))

    async def tell(self, standing: Standing, *, key: str) -> Written:
        """Deals first, the account with the note last and in one transaction: where the note is found, all was told."""
        deals = await self._deals(standing.deals)
        account_id, own = await self._own(standing)
        for start in range(0, max(0, len(deals) - _AT_ONCE), _AT_ONCE):
            await self._org.composite(deals[start : start + _AT_ONCE], all_or_none=True)
        rest = deals[(len(deals) - 1) // _AT_ONCE * _AT_ONCE :] if deals else []
        try:
            bodies = await self._org.composite([self._note(standing, account_id, key), *own, *rest], all_or_none=True)
        except Conflict:
            found = await self.find_note(key=key)
            if found is None:
                raise
            return found
        return await self._written(bodies[0]["id"], account_id)

    async def find_note(self, *, key: str) -> Written | None:
        """The note of that key; archived ones too."""
        field = self._settings.note_key
        text = soql.select(("Id", "WhatId", "IsDeleted", field), "Task", f"{field} = {soql.quoted(key)}")
        rows = [schemas.read(self._org.system, NoteRow, row) for row in await self._org.query(text, with_archived=True)]
        standing = [row for row in rows if not row.is_deleted]
        return await self._written(standing[0].id, standing[0].deal_id or "") if standing else None

    async def _own(self, standing: Standing) -> tuple[str, list[Json]]:
        """The account and what changes there; of a payer without one only its deals are told, beside a note on nothing."""
        if not standing.has_account:
            return "", []
        account_id, currency = await self._account(standing.customer)
        return account_id, [self._exposure(standing, account_id, currency)]

    async def _account(self, customer: str) -> tuple[str, str]:
        """The id and currency of the account that has the customer's number."""
        number = customer.removeprefix(_PREFIX)
        rows = await self._numbered(customer, ["Id"] + ([] if self._settings.currency else ["CurrencyIsoCode"]))
        if len(rows) != 1:
            raise Rejected(
                f"{len(rows)} accounts of {self._org.system} have the number {number} of customer {customer}",
                remedy="Give exactly one account that number (AccountNumber), then settle with retry; reject to leave it untold.",
                evidence={"accounts": [row["Id"] for row in rows]},
            )
        return str(rows[0]["Id"]), str(self._settings.currency or rows[0]["CurrencyIsoCode"])

    async def _numbered(self, customer: str, fields: Sequence[str]) -> list[Json]:
        if not customer.startswith(_PREFIX):
            return []
        number = soql.quoted(customer.removeprefix(_PREFIX))
        return await self._org.query(soql.select(fields, "Account", f"AccountNumber = {number}"))

    async def _deals(self, told: Sequence[DealStanding]) -> list[Json]:
        """The changes to those deals that are there, by our contract reference."""
        if not told:
            return []
        field = self._settings.deal_fields.contract
        names = ", ".join(soql.quoted(one.contract) for one in told)
        rows = await self._org.query(soql.select(("Id", field), "Opportunity", f"{field} IN ({names})"))
        ids = {row[field]: row["Id"] for row in rows}
        return [self._deal(one, ids[one.contract], number) for number, one in enumerate(told) if one.contract in ids]

    def _deal(self, told: DealStanding, deal_id: str, number: int) -> Json:
        fields = self._settings.deal_fields
        body = {
            fields.open: told.open.amount,
            fields.overdue: told.overdue.amount,
            fields.disputed: told.disputed.amount,
            fields.invoices: told.words,
        }
        return self._change("Opportunity", deal_id, f"deal{number}", body)

    def _exposure(self, standing: Standing, account_id: str, currency: str) -> Json:
        fields = self._settings.account_fields
        own = next((one for one in standing.exposures if one.open.currency == currency), None)
        body = {
            fields.open: own.open.amount if own else Decimal(0),
            fields.overdue: own.overdue.amount if own else Decimal(0),
            fields.disputed: own.disputed.amount if own else Decimal(0),
            fields.credit: own.credit.amount if own else Decimal(0),
            fields.exposure: _words(standing),
        }
        return self._change("Account", account_id, "account", body)

    def _change(self, kind: str, record_id: str, name: str, body: Json) -> Json:
        plain = {field: str(value) if isinstance(value, Decimal) else value for field, value in body.items()}
        return {"method": "PATCH", "url": f"{self._org.path}/sobjects/{kind}/{record_id}", "referenceId": name, "body": plain}

    def _note(self, standing: Standing, account_id: str, key: str) -> Json:
        body = {
            **({"WhatId": account_id} if account_id else {}),
            "Subject": f"Receivables of {standing.customer}"[:255],
            "Description": _words(standing),
            "Status": "Completed",
            self._settings.note_key: key,
        }
        return {"method": "POST", "url": f"{self._org.path}/sobjects/Task", "referenceId": "note", "body": body}

    async def _written(self, note_id: str, account_id: str) -> Written:
        page = f"Account/{account_id}" if account_id else f"Task/{note_id}"
        url = f"{await self._org.address()}/lightning/r/{page}/view"
        return Written(target_id=note_id, url=url, details={"account": account_id})


def _words(standing: Standing) -> str:
    told = [
        f"{one.open} open, {one.overdue} overdue, {one.disputed} disputed, {one.credit} credit"
        + (f", {one.parked} paid for what is not known yet" if one.parked.amount else "")
        for one in standing.exposures
    ]
    return "\n".join(told) or "Nothing is open."
