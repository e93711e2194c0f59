"""Every simulated system, in the order of the chain: one line each."""

from typing import Annotated, Any

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from rehearsal.systems.avatax import AvaTax
from rehearsal.systems.docusign import DocuSign
from rehearsal.systems.kantata import Kantata
from rehearsal.systems.netsuite import NetSuite
from rehearsal.systems.salesforce import Salesforce
from rehearsal.systems.sharepoint import SharePoint
from rehearsal.systems.system import System
from rehearsal.systems.workday import Workday

_ALL: tuple[System, ...] = (Salesforce(), DocuSign(), Kantata(), NetSuite(), SharePoint(), AvaTax(), Workday())
SYSTEMS: dict[str, System] = {system.name: system for system in _ALL}


def _known(*_: Any) -> core_schema.CoreSchema:
    return core_schema.literal_schema(list(SYSTEMS))


SystemName = Annotated[str, GetPydanticSchema(_known)]
"""A system by name; scenario files are checked against the registry."""
