"""From the landscape policy to connectors: settings read, secrets resolved, one client a system for the life of the process."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from canonical.errors import Misconfigured
from connectors.registry import Vendor, vendor
from connectors.webhooks import WebhookReader
from policies.firm import Policies
from runtime.secrets import resolved

Resolve = Callable[[Any], Any]


def connect_systems(policies: Policies, *, resolve: Resolve = resolved) -> dict[str, Any]:
    """Every system of the landscape, connected; a wrong setting is named with its system, never with its value."""
    return {name: found.connect(name, settings) for name, found, settings in _systems(policies, resolve)}


def webhook_readers(policies: Policies, *, resolve: Resolve = resolved) -> dict[str, WebhookReader]:
    """The way in for each system that sends deliveries."""
    return {name: found.webhooks(name, settings) for name, found, settings in _systems(policies, resolve) if found.has_webhooks}


def _systems(policies: Policies, resolve: Resolve) -> Iterator[tuple[str, Vendor, BaseModel]]:
    for name, system in policies.landscape.systems.items():
        found = vendor(system.vendor)
        yield name, found, _settings(name, found, resolve(system.settings))


def _settings(name: str, found: Vendor, given: Mapping[str, Any]) -> BaseModel:
    try:
        return found.settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(
            f"The settings of {name} cannot be used: {field}: {first['msg']}",
            remedy=f"Correct systems.{name}.settings.{field} in policies/landscape.",
            evidence={"system": name, "field": field},
        ) from None
