"""Every system, in the order of the chain: one line each; real ones are there only where a story asks for them."""

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
from rehearsal.systems.tryton import Tryton
from rehearsal.systems.workday import Workday

_ALL: tuple[System, ...] = (Salesforce(), DocuSign(), Kantata(), NetSuite(), SharePoint(), AvaTax(), Workday())
_REAL: tuple[System, ...] = (Tryton(),)
SYSTEMS: dict[str, System] = {system.name: system for system in _ALL}
KNOWN: dict[str, System] = SYSTEMS | {system.name: system for system in _REAL}


def _known(*_: Any) -> core_schema.CoreSchema:
    return core_schema.literal_schema(list(KNOWN))


SystemName = Annotated[str, GetPydanticSchema(_known)]
"""A system by name; scenario files are checked against the registry."""
