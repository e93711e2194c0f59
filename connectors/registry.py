"""Every connector: one line a vendor. A line is all that has to be added here for a new one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from canonical.errors import Misconfigured
from canonical.landscape import Capability
from connectors.webhooks import WebhookReader


@dataclass(frozen=True)
class Vendor:
    """A connector by name. ``package`` has ``settings.Settings``, ``client.connect(system_name, settings)`` and, where the vendor
    sends webhooks, ``webhooks.reader(system_name, settings)``; they are imported only when used."""

    package: str
    serves: frozenset[Capability]
    has_webhooks: bool = False
    partly: Mapping[Capability, tuple[str, ...]] = field(default_factory=dict)
    """What of a capability the vendor cannot do, and what happens instead; `handoff policy check` says it of each route."""

    @property
    def settings(self) -> type[BaseModel]:
        """The settings model; secrets in it are SecretStr."""
        return _attribute(f"{self.package}.settings", "Settings")  # type: ignore[no-any-return]

    def connect(self, system: str, settings: BaseModel) -> Any:
        """The connector for one account of the vendor: it satisfies the ports of its capabilities and has ``aclose()``."""
        connect: Callable[[str, BaseModel], Any] = _attribute(f"{self.package}.client", "connect")
        return connect(system, settings)

    def webhooks(self, system: str, settings: BaseModel) -> WebhookReader:
        """The way in for its deliveries."""
        if not self.has_webhooks:
            raise Misconfigured(f"{system} sends no webhooks", remedy="Poll it, or remove its webhook address.")
        reader: Callable[[str, BaseModel], WebhookReader] = _attribute(f"{self.package}.webhooks", "reader")
        return reader(system, settings)


def _attribute(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def _vendor(
    package: str,
    *serves: Capability,
    has_webhooks: bool = False,
    partly: Mapping[Capability, tuple[str, ...]] = MappingProxyType({}),
) -> Vendor:
    return Vendor(f"connectors.{package}", frozenset(serves), has_webhooks, partly)


_TRYTON_LACKS: Mapping[Capability, tuple[str, ...]] = {
    Capability.PROJECT_ACCOUNTING: ("keeps no value of a project: what a contract is worth is compared in the PSA only",),
    Capability.RECEIVABLES: (
        "holds no charges of projects: approved time and expenses go onto invoices straight away",
        "applies nothing across exchange rates: credits and deposits in a foreign currency are matched there by a person",
        "numbers invoices in the order of their dates: one dated before the last of its sequence is refused",
        "keeps no certificate of tax that a customer withheld: accounting writes it off there",
    ),
    Capability.GENERAL_LEDGER: (
        "takes journals in the currency of the books only",
        "locks no receivables alone: a month is open or closed",
    ),
}


VENDORS: dict[str, Vendor] = {
    "salesforce": _vendor("salesforce", Capability.CRM, Capability.QUOTES, has_webhooks=True),
    "docusign": _vendor("docusign", Capability.CONTRACTS, has_webhooks=True),
    "kantata": _vendor("kantata", Capability.PSA, Capability.TIME),
    "tryton": _vendor(
        "tryton",
        Capability.CUSTOMERS,
        Capability.PROJECT_ACCOUNTING,
        Capability.RECEIVABLES,
        Capability.GENERAL_LEDGER,
        Capability.TAX,
        partly=_TRYTON_LACKS,
    ),
    "netsuite": _vendor(
        "netsuite",
        Capability.CUSTOMERS,
        Capability.PROJECT_ACCOUNTING,
        Capability.BILLING,
        Capability.RECEIVABLES,
        Capability.GENERAL_LEDGER,
    ),
    "sharepoint": _vendor("sharepoint", Capability.DOCUMENTS),
    "workday": _vendor("workday", Capability.PEOPLE),
    "avatax": _vendor("avatax", Capability.TAX),
}


def vendor(name: str) -> Vendor:
    """The connector of that vendor; an unknown name is refused with the known ones."""
    if name not in VENDORS:
        raise Misconfigured(f"There is no connector called {name!r}", remedy=f"Use one of: {', '.join(sorted(VENDORS))}.")
    return VENDORS[name]
