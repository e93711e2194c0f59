"""The tenant as a server: what a new one holds, its seed, its two addresses."""

import math
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.vendor import SimulatedVendor
from sandbox.workday.envelope import SOAP, WD, Fault, enveloped, invalid, not_processed, opened
from sandbox.workday.question import Question, read
from sandbox.workday.rendering import wid, worker_element
from sandbox.workday.selection import selected
from sandbox.workday.sign_in import caller, issue


class Workday(SimulatedVendor):
    """One Workday tenant."""

    name = "workday"

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/ccx/oauth2/{tenant}/token", self._token, methods=["POST"]),
            Route("/ccx/service/{tenant}/Human_Resources/{version}", self._service, methods=["POST"]),
        ]

    def empty(self) -> dict[str, Any]:
        """A tenant with one API client and one integration system user."""
        return {
            "tenant": {"id": "firm", "echoes_entry_moment": True, "keeps_job_after_end": True},
            "clients": {"workday-client": {"secret": "sandbox", "refresh_tokens": {"workday-refresh": "ISU_Handoff"}}},
            "users": {"ISU_Handoff": {"password": "sandbox", "hidden": []}},
            "tokens": {},
            "workers": {},
        }

    def seed(self, world: dict[str, Any]) -> None:
        """Add to the tenant; transactions of a worker that is there come behind those it has."""
        for kind in ("tenant", "clients", "users"):
            self.state[kind].update(world.get(kind, {}))
        for number, given in world.get("workers", {}).items():
            fresh = {"kind": "employee", "wid": wid("worker", number), "name": number, "transactions": []}
            worker = self.state["workers"].get(number, fresh)
            added = given.get("transactions", [])
            if number in self.state["workers"]:  # somebody enters it now
                added = [{"entered": self.now().isoformat(), **transaction} for transaction in added]
            behind = [*worker["transactions"], *added]
            self.state["workers"][number] = worker | given | {"transactions": behind}

    def error(self, status: int, headers: dict[str, str]) -> Response:
        """A planned fault in the service's form."""
        return not_processed("The request could not be processed at this time.", status).answer(headers)

    async def _token(self, request: Request) -> Response:
        return await issue(request, self.state, self.now())

    async def _service(self, request: Request) -> Response:
        try:
            envelope = opened(await request.body())
            user = caller(request, envelope, self.state, self.now())
            asked = envelope.find(f"{SOAP}Body/{WD}Get_Workers_Request")
            if asked is None:
                raise invalid("The operation is not one of this simulated service.")
            return enveloped(self._answer(asked, read(asked, self.now()), user))
        except Fault as fault:
            return fault.answer()

    def _answer(self, asked: Element, question: Question, user: dict[str, Any]) -> Element:
        found = selected(self.state["workers"], question)
        start = (question.page - 1) * question.count
        page = found[start : start + question.count]
        answer = Element(WD + "Get_Workers_Response")
        for name in ("Request_References", "Request_Criteria"):
            answer.extend(asked.findall(WD + name))
        answer.append(self._filter(question))
        answer.extend(asked.findall(WD + "Response_Group"))
        results = SubElement(answer, WD + "Response_Results")
        pages = math.ceil(len(found) / question.count)
        for name, total in (
            ("Total_Results", len(found)),
            ("Total_Pages", pages),
            ("Page_Results", len(page)),
            ("Page", question.page),
        ):
            SubElement(results, WD + name).text = str(total)
        data = SubElement(answer, WD + "Response_Data")
        for number, worker in page:
            data.append(worker_element(number, worker, question, self.state["tenant"], user.get("hidden", [])))
        return answer

    def _filter(self, question: Question) -> Element:
        echo = Element(WD + "Response_Filter")
        told = {"As_Of_Effective_Date": f"{question.day}-08:00"}
        if self.state["tenant"]["echoes_entry_moment"]:
            told["As_Of_Entry_DateTime"] = question.moment.isoformat()
        for name, value in (told | {"Page": str(question.page), "Count": str(question.count)}).items():
            SubElement(echo, WD + name).text = value
        return echo
