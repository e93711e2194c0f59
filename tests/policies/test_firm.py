from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from activities.ports import ActivationPolicy
from canonical.errors import Misconfigured, NotFound, NotOwner
from canonical.exception import Decision
from canonical.landscape import Capability, Scope
from canonical.money import Money
from canonical.rules.activation import PurchaseOrderMode
from canonical.rules.signed_terms import DEFAULT_LABELS, read_terms
from connectors.registry import VENDORS
from policies.contracts import Contracts
from policies.cross_check import failure_codes
from policies.firm import Policies
from policies.loading import load
from policies.ownership import OwnedObject
from policies.problem import PolicyError
from runtime.secrets import resolved
from tests.policies.build import DEMO, a_folder

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
CODES = [
    "TAX_ID_MISSING",
    "TAX_ID_INVALID",
    "LEGAL_ENTITY_UNKNOWN",
    "BILL_TO_INCOMPLETE",
    "CREDIT_LIMIT",
    "PO_MISSING",
    "TEMPLATE_MISSING",
    "CONTRACT_INCOMPLETE",
    "QUOTE_DIFFERS",
    "CUSTOMER_AMBIGUOUS",
    "CUSTOMER_WRONG_ENTITY",
    "UNKNOWN_CONTRACT",
    "CONTRACT_NOT_EXECUTED",
    "KEY_REUSED_WITH_DIFFERENT_CONTENT",
    "OUTCOME_UNKNOWN",
    "REJECTED",
    "NOT_FOUND",
    "MISCONFIGURED",
    "CAPABILITY_NOT_SERVED",
    "COMPENSATION_FAILED",
    "ACTIVATION_OVERDUE",
    "AMENDMENT_WAITING",
    "STUCK_WORKFLOW",
    "DEFECT",
    "NOT_OWNER",
    "UNKNOWN_SCHEMA_VERSION",
]


@pytest.fixture(scope="module")
def demo() -> Policies:
    return load(DEMO)


def test_the_policies_are_what_activation_asks_for(demo: Policies) -> None:
    policy: ActivationPolicy = demo
    rules = policy.activation_rules("US01", TODAY)
    assert rules.entity_currencies == {
        "US01": ("USD", "CAD"), "UK01": ("GBP", "EUR"), "DE01": ("EUR",), "IN01": ("INR", "USD"),
    }  # fmt: skip
    assert rules.purchase_orders is PurchaseOrderMode.WORKSTREAM
    assert "document" in policy.activation_rules("DE01", TODAY).required_fields
    assert "document" not in rules.required_fields
    assert {template.reference for template in policy.templates(TODAY)} >= {"implementation", "advisory", "managed-service"}
    assert policy.quote_tolerance("US01", "USD", TODAY) == Money.of("0.99", "USD")
    assert policy.quote_tolerance("US01", "JPY", TODAY) == Money.zero("JPY")


def test_the_demo_reads_every_label_that_the_code_knows(demo: Policies) -> None:
    assert demo.signed_labels(TODAY) == DEFAULT_LABELS
    terms = read_terms({"line.L1.rate.Senior": "225.00", "po.WS-A": "4500-1"}, demo.signed_labels(TODAY))
    assert (terms.rates, terms.purchase_orders) == ({("L1", "Senior"): Decimal("225.00")}, {"WS-A": "4500-1"})


@pytest.mark.parametrize(
    ("entity", "heal", "late"),
    [
        ("DE01", datetime(2026, 11, 20, 15, 15, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)),
        ("US01", datetime(2026, 11, 20, 15, 15, tzinfo=UTC), datetime(2026, 11, 20, 19, tzinfo=UTC)),
        ("", datetime(2026, 11, 20, 15, 15, tzinfo=UTC), datetime(2026, 11, 20, 19, tzinfo=UTC)),
        ("XX99", datetime(2026, 11, 20, 15, 15, tzinfo=UTC), datetime(2026, 11, 20, 19, tzinfo=UTC)),
    ],
)
def test_a_missing_activation_is_healed_in_minutes_and_raised_in_business_hours(
    demo: Policies, entity: str, heal: datetime, late: datetime
) -> None:
    assert demo.deadlines("activation", entity, NOON) == (heal, late)


def test_an_expectation_nobody_described_is_refused(demo: Policies) -> None:
    with pytest.raises(Misconfigured, match="'nonsense' is overdue"):
        demo.deadlines("nonsense", "", NOON)


def test_an_exception_s_owner_due_time_and_escalation_are_policy(demo: Policies) -> None:
    terms = demo.case_terms("CREDIT_LIMIT", "DE01", NOON)
    assert (terms.owner_role, terms.due_at) == ("finance_operations", datetime(2026, 11, 23, 11, tzinfo=UTC))
    told = [demo.escalated_to("CREDIT_LIMIT", "US01", NOON, NOON.replace(hour=hour)) for hour in (18, 19)]
    assert told == [(), ("controller",)]
    assert demo.escalated_to("CREDIT_LIMIT", "US01", NOON, datetime(2026, 11, 23, 20, tzinfo=UTC)) == ("controller", "executive")


@pytest.mark.parametrize("code", sorted({*CODES, *failure_codes()}))
def test_every_code_has_an_owner_who_may_settle_it(demo: Policies, code: str) -> None:
    rule, access = demo.exceptions.on(TODAY).rule(code), demo.access.on(TODAY)
    assert rule.owner in access.roles
    assert access.may_settle([rule.owner], code)
    assert all(access.may_settle([role], code) for role in rule.settlers), (code, rule.settlers)
    assert Decision.RETRY in rule.decisions


def test_the_named_codes_have_rules_of_their_own(demo: Policies) -> None:
    assert set(CODES) <= set(demo.exceptions.on(TODAY).codes)


@pytest.mark.parametrize(
    ("code", "entity", "decision", "money", "needed"),
    [
        ("CREDIT_LIMIT", "US01", Decision.OVERRIDE, Money.of(60000, "USD"), True),
        ("CREDIT_LIMIT", "US01", Decision.OVERRIDE, Money.of(25000, "USD"), False),
        ("CREDIT_LIMIT", "US01", Decision.OVERRIDE, Money.of("25000.01", "USD"), True),
        ("CREDIT_LIMIT", "US01", Decision.RETRY, Money.of(60000, "USD"), False),
        ("CREDIT_LIMIT", "US01", Decision.OVERRIDE, None, False),
        ("CREDIT_LIMIT", "US01", Decision.OVERRIDE, Money.of(1, "JPY"), True),
        ("CREDIT_LIMIT", "DE01", Decision.OVERRIDE, Money.of(15001, "EUR"), True),
        ("CREDIT_LIMIT", "UK01", Decision.OVERRIDE, Money.of(15001, "EUR"), False),
        ("SOMETHING_NEW", "US01", Decision.ADOPT, None, True),
        ("SOMETHING_NEW", "US01", Decision.OVERRIDE, Money.of(49999, "USD"), False),
        ("SOMETHING_NEW", "US01", Decision.OVERRIDE, Money.of(50000, "USD"), True),
    ],
)
def test_a_second_person_is_needed_above_the_threshold(
    demo: Policies, code: str, entity: str, decision: Decision, money: Money | None, needed: bool
) -> None:
    second = demo.exceptions.on(TODAY).rule(code, entity).second_person
    assert second is not None
    assert second.is_needed(decision, money, code=code, entity=entity) is needed


OWNERS = [
    ("UK01", "", "customer", "bill_to", Capability.CUSTOMERS, "netsuite"),
    ("UK01", "", "customer", "email", Capability.CRM, "salesforce"),
    ("UK01", "", "pricing", "", Capability.QUOTES, "salesforce"),
    ("US01", "", "pricing", "", Capability.PSA, "kantata"),
    ("IN01", "", "pricing", "", Capability.BILLING, "netsuite"),
    ("US01", "EMEA", "pricing", "", Capability.QUOTES, "salesforce"),
    ("", "", "project", "phases", Capability.PSA, "kantata"),
]


@pytest.mark.parametrize(("entity", "region", "owned", "field", "capability", "system"), OWNERS)
def test_each_region_has_its_ownership_model(
    demo: Policies, entity: str, region: str, owned: str, field: str, capability: Capability, system: str
) -> None:
    scope = Scope(entity=entity, region=region, service_date=TODAY)
    assert demo.owner_of(OwnedObject(owned), field, scope) is capability
    writers = [
        name
        for name in ("salesforce", "docusign", "kantata", "netsuite")
        if demo.may_write(name, OwnedObject(owned), field, scope)
    ]
    assert writers == [system]
    assert demo.may_write(capability.value, OwnedObject(owned), field, scope)


def test_a_write_by_a_system_that_does_not_own_the_field_is_refused_with_both_values(demo: Policies) -> None:
    scope = Scope(entity="UK01", service_date=TODAY)
    with pytest.raises(NotOwner, match="kantata may not change bill_to of the customer") as refused:
        demo.require_owner("kantata", OwnedObject.CUSTOMER, "bill_to", scope, held="1 Old Street", offered="2 New Street")
    assert refused.value.evidence["held"] == "1 Old Street"
    assert refused.value.evidence["offered"] == "2 New Street"
    assert "Change bill_to in netsuite" in refused.value.remedy
    demo.require_owner("netsuite", OwnedObject.CUSTOMER, "bill_to", scope, held="1 Old Street", offered="2 New Street")


def test_nobody_may_write_what_nobody_serves(demo: Policies) -> None:
    scope = Scope(entity="UK01", service_date=TODAY)
    served = tuple(route for route in demo.landscape.serves if Capability.RECEIVABLES not in route.capabilities)
    poorer = demo.model_copy(update={"landscape": demo.landscape.model_copy(update={"serves": served})})
    assert poorer.owner_of(OwnedObject.INVOICE, "", scope) is Capability.RECEIVABLES
    assert demo.may_write("netsuite", OwnedObject.INVOICE, "", scope)
    assert not poorer.may_write("netsuite", OwnedObject.INVOICE, "", scope)


def test_the_business_date_chooses_the_version(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    file = folder / "contracts.yaml"
    later = file.read_text().split("versions:\n")[1]
    later = later.replace("2020-01-01", "2026-12-01").replace("contracts-1", "contracts-2").replace("workstream\n", "strict\n", 1)
    file.write_text(file.read_text() + later)
    policies = load(folder)
    days = (date(2026, 11, 30), date(2026, 12, 1))
    modes = [policies.activation_rules("US01", day).purchase_orders for day in days]
    assert modes == [PurchaseOrderMode.WORKSTREAM, PurchaseOrderMode.STRICT]
    assert [policies.versions(day)["contracts"] for day in days] == ["contracts-1", "contracts-2"]
    with pytest.raises(Misconfigured, match="in force on 2019-12-31"):
        policies.templates(date(2019, 12, 31))


def test_what_the_demo_landscape_leaves_out_is_left_out_knowingly(demo: Policies) -> None:
    serving = demo.landscape.serving(TODAY)
    assert {capability.value for capability, systems in serving.items() if not systems} == {
        "people", "subscriptions", "tax", "tickets", "warehouse", "notices",
    }  # fmt: skip


def test_the_demo_systems_settings_are_what_their_connectors_want(demo: Policies) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    names = {reference.name for reference in demo.landscape.references()}
    environment = {name: "http://127.0.0.1:1" if name.endswith("_URL") else name for name in names}
    environment["HANDOFF_DOCUSIGN_PRIVATE_KEY"] = pem
    for name, system in demo.landscape.systems.items():
        settings = VENDORS[system.vendor].settings.model_validate(resolved(system.settings, environment=environment))
        assert settings.model_dump()["base_url"].startswith("http://127.0.0.1:1"), name


def test_every_route_of_the_demo_leads_to_a_connector_that_serves_it(demo: Policies) -> None:
    for capability, systems in demo.landscape.serving(TODAY).items():
        for system in systems:
            assert capability in VENDORS[demo.landscape.systems[system].vendor].serves


def test_an_entity_s_approver_follows_its_thresholds(demo: Policies) -> None:
    entity = demo.entities.on(TODAY).entity("US01")
    asked = [entity.approver(Money.of(amount, "USD")) for amount in (25000, "25000.01", 250001)]
    assert asked == [None, "finance_operations", "controller"]
    assert entity.approver(Money.of(1, "JPY")) == "controller"
    with pytest.raises(NotFound, match="no legal entity 'FR01'"):
        demo.entities.on(TODAY).entity("FR01")


def test_policies_cannot_be_changed_once_loaded(demo: Policies) -> None:
    with pytest.raises(ValueError, match="frozen"):
        demo.contracts = Contracts.model_construct(versions=())


def test_a_folder_with_problems_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"entities\.yaml"):
        load(a_folder(tmp_path, entities=("home: US01", "home: US02")))
