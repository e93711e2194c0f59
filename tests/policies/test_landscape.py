from collections.abc import Mapping
from datetime import date

import pytest

from canonical.landscape import Capability, Scope
from policies.landscape import Landscape

GENERAL = {"capabilities": ["customers", "billing"], "system": "cloud"}
SYSTEMS = {"cloud": {"vendor": "netsuite"}, "legacy": {"vendor": "file"}, "india": {"vendor": "netsuite"}, "lab": {"vendor": "x"}}


def a_landscape(*serves: Mapping[str, object], settings: Mapping[str, object] | None = None) -> Landscape:
    systems = {**SYSTEMS, "cloud": {"vendor": "netsuite", "settings": settings or {}}}
    return Landscape.model_validate({"systems": systems, "serves": serves, "ownership": {"default": "federated"}})


def ask(landscape: Landscape, day: date, **scope: str) -> str | None:
    return landscape.system_for(Capability.BILLING, Scope(service_date=day, **scope))


CUT_OVER = (
    GENERAL,
    {"capabilities": ["billing"], "system": "legacy", "entities": ["UK01"], "to": date(2026, 7, 1)},
    {"capabilities": ["billing"], "system": "lab", "service_lines": ["research"]},
    {"capabilities": ["billing"], "system": "india", "regions": ["APAC"]},
)


@pytest.mark.parametrize(
    ("day", "scope", "system"),
    [
        (date(2026, 6, 30), {"entity": "UK01"}, "legacy"),
        (date(2026, 7, 1), {"entity": "UK01"}, "cloud"),
        (date(2026, 6, 30), {"entity": "US01"}, "cloud"),
        (date(2026, 6, 30), {}, "cloud"),
        (date(2026, 6, 30), {"region": "APAC"}, "india"),
        (date(2026, 6, 30), {"region": "APAC", "service_line": "research"}, "lab"),
        (date(2026, 6, 30), {"entity": "UK01", "region": "APAC", "service_line": "research"}, "legacy"),
        (date(2026, 7, 1), {"entity": "UK01", "region": "APAC", "service_line": "research"}, "lab"),
    ],
)
def test_the_most_specific_rule_of_the_service_date_decides(day: date, scope: dict[str, str], system: str) -> None:
    assert ask(a_landscape(*CUT_OVER), day, **scope) == system


def test_rolling_a_cut_over_back_is_one_date() -> None:
    before = a_landscape(GENERAL, {"capabilities": ["billing"], "system": "legacy", "entities": ["UK01"], "to": date(2026, 7, 1)})
    after = a_landscape(GENERAL, {"capabilities": ["billing"], "system": "legacy", "entities": ["UK01"]})
    day = date(2026, 7, 2)
    assert (ask(before, day, entity="UK01"), ask(after, day, entity="UK01")) == ("cloud", "legacy")


def test_what_nobody_serves_is_shown_as_such() -> None:
    landscape = a_landscape(GENERAL)
    assert landscape.system_for(Capability.TAX, Scope(service_date=date(2026, 1, 1))) is None
    assert landscape.serving(date(2026, 1, 1))[Capability.TAX] == ()
    assert landscape.serving(date(2026, 1, 1))[Capability.BILLING] == ("cloud",)


def test_a_route_to_nobody_takes_an_entity_out_of_a_wider_one() -> None:
    landscape = a_landscape(GENERAL, {"capabilities": ["billing"], "system": None, "entities": ["DE01"]})
    day = date(2026, 1, 1)
    assert (ask(landscape, day, entity="US01"), ask(landscape, day, entity="DE01")) == ("cloud", None)
    assert landscape.serving(day)[Capability.BILLING] == ("cloud",)
    assert list(landscape.flaws(frozenset({"DE01"}))) == []


@pytest.mark.parametrize(
    ("second", "collides"),
    [
        ({"entities": ["UK01", "DE01"], "from": date(2026, 6, 30)}, True),
        ({"entities": ["UK01", "DE01"], "from": date(2026, 7, 1)}, False),
        ({"entities": ["DE01"]}, False),
        ({"entities": ["UK01"], "regions": ["EMEA"]}, False),
        ({"regions": ["EMEA"]}, False),
    ],
)
def test_rules_that_neither_date_nor_scope_tells_apart_collide(second: dict[str, object], collides: bool) -> None:
    first = {"capabilities": ["billing"], "system": "legacy", "entities": ["UK01"], "to": date(2026, 7, 1)}
    landscape = a_landscape(first, {"capabilities": ["billing", "customers"], "system": "cloud", **second})
    overlaps = [flaw for flaw in landscape.flaws(frozenset({"UK01", "DE01"})) if "overlaps" in flaw.wrong]
    assert bool(overlaps) is collides
    assert all(flaw.path == ("serves", 1) for flaw in overlaps)


def test_every_reference_is_found_and_no_secret_stands_in_the_open() -> None:
    settings = {
        "base_url": "env:CLOUD_URL",
        "credentials": {"kind": "token", "token_id": "42", "token_secret": "hunter2"},
        "keys": ["file:/run/key", "vault:erp/key"],
        "account": "${ACCOUNT}",
        "private_key": None,
    }
    landscape = a_landscape(GENERAL, settings=settings)
    found = {(reference.setting, reference.scheme, reference.name) for reference in landscape.references()}
    assert found == {("base_url", "env", "CLOUD_URL"), ("keys.0", "file", "/run/key"), ("keys.1", "vault", "erp/key")}
    refused = {flaw.path[3:]: flaw.wrong for flaw in landscape.flaws(frozenset())}
    assert refused == {
        ("credentials", "token_secret"): "a secret stands here in the open",
        ("account",): "${...} is not replaced in policy files",
    }
    assert "hunter2" not in str(refused)


def test_every_entity_is_asked_for_where_routing_differs() -> None:
    tax = {"capabilities": ["tax"], "system": "lab", "entities": ["US01"]}
    apac = {"capabilities": ["time"], "system": "india", "regions": ["APAC"]}
    landscape, entities = a_landscape(*CUT_OVER, tax, apac), ("DE01", "UK01", "US01")

    def served(capability: Capability, day: date) -> dict[str | None, tuple[str, ...]]:
        return landscape.serving_of(capability, entities, day)

    june, july = date(2026, 6, 30), date(2026, 7, 1)
    assert served(Capability.TAX, june) == {None: ("DE01", "UK01"), "lab": ("US01",)}
    assert served(Capability.TIME, june) == {"india": entities}
    assert served(Capability.NOTICES, june) == {None: entities}
    assert served(Capability.BILLING, june)["legacy"] == ("UK01",) and "UK01" not in served(Capability.BILLING, june)["cloud"]
    assert served(Capability.BILLING, july) == {"cloud": entities, "india": entities, "lab": entities}
