"""What people do in the account meanwhile: take in payments, void, approve, close periods, read the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.netsuite import periods, trial_balance
from sandbox.netsuite.bodies import Json
from sandbox.netsuite.errors import Refusal, invalid_parameter
from sandbox.netsuite.transactions import POSTING
from sandbox.netsuite.transforms import transformed
from sandbox.netsuite.voiding import void

if TYPE_CHECKING:
    from sandbox.netsuite.account import NetSuite

_AT = "/_sandbox/netsuite"
Answer = Callable[[Request], Awaitable[Response]]


class Controls:
    """The control paths of this vendor."""

    def __init__(self, account: NetSuite) -> None:
        self._account, self._records = account, account.records

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        paths: list[tuple[str, str, Answer]] = [
            ("payments", "POST", self._payment),
            ("transactions/{key}/void", "POST", self._void),
            ("invoices/{key}/approve", "POST", self._approve),
            ("records/{type}/{key}", "POST", self._edit),
            ("periods", "GET", self._periods),
            ("periods", "PUT", self._close),
            ("trial-balance", "GET", self._trial_balance),
            ("journals", "GET", self._journals),
        ]
        return [Route(f"{_AT}/{path}", _refused(answer), methods=[verb]) for path, verb, answer in paths]

    async def _payment(self, request: Request) -> Response:
        """A payment as it comes in: short, over, unapplied, or less what the customer withheld against a certificate."""
        given = await request.json()
        missing = [name for name in ("customer", "amount") if given.get(name) is None]
        if missing:
            raise invalid_parameter(missing[0], f"A payment needs {' and '.join(missing)}.")
        body = {"customer": {"id": self._key("customer", given["customer"])}, "payment": given["amount"]}
        for ours, theirs in {
            "on": "tranDate",
            "exchangeRate": "exchangeRate",
            "externalId": "externalId",
            "memo": "memo",
        }.items():
            if given.get(ours) is not None:
                body[theirs] = given[ours]
        if given.get("currency"):
            body["currency"] = {"id": self._records.currency(given["currency"])}
        body["apply"] = {"items": [self._applied(line) for line in given.get("apply", [])]}
        made = self._records.create("customerPayment", body, strict=True, invisible_seconds=None)
        credits = [self._withheld(body, line) for line in given.get("withheld", [])]
        return JSONResponse({"payment": made["id"], "tranId": made["tranId"], "credits": credits}, status_code=201)

    def _applied(self, line: Json) -> Json:
        amount = {"amount": line["amount"]} if line.get("amount") is not None else {}
        return {"doc": {"id": self._key("invoice", line["invoice"])}, "apply": True, **amount}

    def _withheld(self, payment: Json, line: Json) -> str:
        """Tax that the customer kept: a credit against the receivable, on the account for withheld tax."""
        item = {"item": {"externalId": "ITEM-1120"}, "amount": line["amount"], "description": line.get("certificate", "")}
        body = {"entity": payment["customer"], "item": {"items": [item]}, "apply": {"items": [self._applied(line)]}}
        body |= dict.fromkeys(("custbody_handoff_certificate", "otherRefNum"), line.get("certificate", ""))
        body |= {name: payment[name] for name in ("tranDate", "currency", "exchangeRate") if name in payment}
        return str(self._records.create("creditMemo", body, strict=False, invisible_seconds=None)["id"])

    async def _void(self, request: Request) -> Response:
        kind, record = self._transaction(request.path_params["key"])
        given = await request.json() if await request.body() else {}
        journal = void(self._records, kind, record, given.get("on") or self._records.today())
        return JSONResponse({"journal": journal["id"], "tranId": journal["tranId"]}, status_code=201)

    async def _approve(self, request: Request) -> Response:
        key = self._key("invoice", request.path_params["key"])
        body = {"approvalStatus": {"id": "2"}}
        record = self._records.update("invoice", key, body, strict=True, replace=frozenset())
        return JSONResponse({"invoice": record["id"], "status": record["status"]["id"]})

    async def _edit(self, request: Request) -> Response:
        """A person in the pages deletes a record, copies it (a copy bears no external id), credits it, or changes fields."""
        given, kind, key = await request.json(), request.path_params["type"], request.path_params["key"]
        if given["does"] == "delete":
            return JSONResponse({"deleted": self._records.delete(kind, key)["id"]})
        if given["does"] == "copy":
            return JSONResponse({"id": self._records.copied(kind, key)["id"]}, status_code=201)
        if given["does"] == "credit":
            return JSONResponse({"id": self._credited(kind, key, given["to"])["id"]}, status_code=201)
        record = self._records.update(kind, key, given["to"], strict=True, replace=frozenset())
        return JSONResponse({"id": record["id"]})

    def _credited(self, kind: str, key: str, to: Json) -> Json:
        """What the button makes of an invoice: a memo over all of it, applied to it, unless the person says otherwise."""
        body = transformed(self._records, kind, key, "creditMemo", to, ())
        for line in body["item"]["items"]:
            line.pop("line", None)
        return self._records.create("creditMemo", body, strict=True, invisible_seconds=None)

    async def _close(self, request: Request) -> Response:
        given = await request.json()
        subsidiary = self._key("subsidiary", given["subsidiary"]) if given.get("subsidiary") else None
        if given["state"] not in {"open", "ar_locked", "closed"}:
            raise invalid_parameter("state", "A period is open, ar_locked or closed.")
        period = periods.set_state(self._records, given["period"], subsidiary, given["state"])
        return JSONResponse(self._shown(period))

    async def _periods(self, request: Request) -> Response:
        months = [one for one in self._records.all("accountingPeriod").values() if one.get("isPosting", True)]
        return JSONResponse([self._shown(one) for one in months])

    def _shown(self, period: Json) -> Json:
        states = {record["name"]: periods.state_of(period, key) for key, record in self._records.all("subsidiary").items()}
        return {"id": period["id"], "period": period["startDate"][:7], "name": period["periodName"], "states": states}

    async def _trial_balance(self, request: Request) -> Response:
        given = request.query_params.get("subsidiary")
        subsidiary = self._key("subsidiary", given) if given else None
        found = trial_balance.trial_balance(self._records, subsidiary=subsidiary, until=request.query_params.get("until"))
        return JSONResponse(found)

    async def _journals(self, request: Request) -> Response:
        wanted = request.query_params.get("transaction")
        if wanted:
            kind, record = self._transaction(wanted)
            return JSONResponse([trial_balance.journal(self._records, kind, record)])
        found = trial_balance.posted(self._records)
        return JSONResponse([trial_balance.journal(self._records, kind, record) for kind, record in found])

    def _key(self, kind: str, given: object) -> str:
        """An internal id from an id, ``eid:`` and external id, a document number or the name of a subsidiary."""
        field = {"invoice": "tranId", "subsidiary": "name"}.get(kind, "entityId")
        found = self._records.find(kind, str(given)) or self._records.holder(kind, field, str(given))
        return str((found or self._records.get(kind, str(given)))["id"])

    def _transaction(self, key: str) -> tuple[str, Json]:
        for kind in POSTING:
            found = self._records.find(kind, key) or self._records.holder(kind, "tranId", key)
            if found:
                return kind, found
        raise Refusal(404, "NONEXISTENT_ID", f"There is no transaction {key}.")


def _refused(answer: Answer) -> Answer:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refusal as refusal:
            return refusal.response()

    return answered
