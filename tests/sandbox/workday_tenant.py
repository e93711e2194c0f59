"""The simulated Workday as a stranger calls it, the world of its tests, and Workday's own description of the service."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
from defusedxml.ElementTree import fromstring
from lxml import etree  # type: ignore[import-untyped]

from sandbox.serve import serving_in_thread
from sandbox.workday import VENDOR

CONTRACT = Path(
    os.environ.get("WORKDAY_WSDL", Path(__file__).parents[3] / "shared" / "contracts" / "workday" / "Human_Resources.wsdl")
)
NO_CONTRACT = "Workday's WSDL of Human_Resources is not at hand (../shared/contracts/workday, or where WORKDAY_WSDL points)"
WD = "{urn:com.workday/bsvc}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

WORLD: dict[str, Any] = {
    "workers": {
        "21001": {
            "name": "Priya Shah",
            "email": "priya@firm.example",
            "private_email": "priya@home.example",
            "transactions": [
                {
                    "type": "Hire Employee",
                    "effective": "2024-01-08",
                    "company": "UK01",
                    "cost_center": "CC-100",
                    "job_profile": "Senior Consultant",
                    "hourly": "62",
                    "currency": "GBP",
                },
                {
                    "type": "Transfer Employee",
                    "effective": "2026-05-16",
                    "entered": "2026-04-20T10:00:00+00:00",
                    "company": "DE01",
                    "hourly": "78",
                    "currency": "EUR",
                },
            ],
        },
        "21002": {
            "name": "Leo Grant",
            "transactions": [
                {"type": "Hire Employee", "effective": "2023-02-01", "company": "US01", "annual": "120000", "currency": "USD"},
                {"type": "Terminate Employee", "effective": "2026-03-31", "entered": "2026-03-02T10:00:00+00:00"},
            ],
        },
        "21003": {
            "name": "Fay Future",
            "transactions": [
                {
                    "type": "Hire Employee",
                    "effective": "2026-07-01",
                    "entered": "2026-05-04T10:00:00+00:00",
                    "company": "US01",
                    "hourly": "70",
                },
            ],
        },
        "C-7": {
            "kind": "contingent",
            "name": "Con Tract",
            "transactions": [
                {"type": "Contract Contingent Worker", "effective": "2026-01-05", "company": "DE01", "hourly": "90.5"},
            ],
        },
    }
}


class Tenant:
    """Get_Workers in plain XML, signed in as the integration system user."""

    def __init__(self, url: str, vendor: VENDOR) -> None:
        self.url, self.vendor, self.user, self.password = url, vendor, "ISU_Handoff@firm", "sandbox"

    def begin(self) -> None:
        self.vendor.reset()
        self.vendor.seed(WORLD)
        self.user, self.password = "ISU_Handoff@firm", "sandbox"

    def call(self, inside: str = "", *, headers: dict[str, str] | None = None, head: str | None = None) -> httpx.Response:
        signed = (
            f'<w:Security xmlns:w="{_WSSE}"><w:UsernameToken><w:Username>{self.user}</w:Username>'
            f"<w:Password>{self.password}</w:Password></w:UsernameToken></w:Security>"
        )
        body = (
            f'<e:Envelope xmlns:e="{SOAP[1:-1]}" xmlns:wd="{WD[1:-1]}"><e:Header>{signed if head is None else head}</e:Header>'
            f"<e:Body><wd:Get_Workers_Request>{inside}</wd:Get_Workers_Request></e:Body></e:Envelope>"
        )
        return httpx.post(f"{self.url}/ccx/service/firm/Human_Resources/v26.1", content=body.encode(), headers=headers)

    def found(self, inside: str = "") -> Any:
        answer = self.call(inside)
        assert answer.status_code == 200, answer.text
        return fromstring(answer.content).find(f"{SOAP}Body/{WD}Get_Workers_Response")

    def names(self, inside: str = "") -> list[str]:
        return [each.text for each in self.found(inside).iter(WD + "Worker_ID")]

    def fault(self, inside: str = "", **more: Any) -> str:
        answer = self.call(inside, **more)
        assert answer.status_code == 500, answer.text
        return str(fromstring(answer.content).findtext(f"{SOAP}Body/{SOAP}Fault/faultstring"))


def serving_workday() -> Iterator[Tenant]:
    vendor = VENDOR()
    with serving_in_thread(vendor) as url:
        yield Tenant(url, vendor)


def schema() -> etree.XMLSchema:
    """The XML schema inside Workday's WSDL. Its own ``wd:enumeration`` elements, which XML Schema does not know, are left out."""
    described = etree.parse(str(CONTRACT)).find(".//{http://www.w3.org/2001/XMLSchema}schema")
    for listed in list(described.iter(WD + "enumeration")):
        listed.getparent().remove(listed)
    return etree.XMLSchema(etree.fromstring(etree.tostring(described)))
