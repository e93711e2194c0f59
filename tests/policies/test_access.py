from datetime import date

import pytest

from canonical.exception import Case
from canonical.money import Money
from canonical.party import CustomerRecord
from policies.access import WITHHELD, AccessVersion, Permission
from policies.loading import load
from tests.policies.build import DEMO

RECORD = CustomerRecord(
    target_id="17", legal_name="Acme, Inc.", entity="US01", credit_limit=Money.of(250000, "USD"), exposure=Money.of(210000, "USD")
)
ENTRY = {"entry": {"hours": "8", "rate": "225.00", "cost_rate": "62.00", "salary": "90000"}, "rates": [], "note": ""}


@pytest.fixture(scope="module")
def access() -> AccessVersion:
    return load(DEMO).access.on(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("delivery_manager", {"hours", "rate"}),
        ("finance_operations", {"hours", "rate", "cost_rate"}),
        ("controller", {"hours", "rate", "cost_rate", "salary"}),
        ("integration_engineer", {"hours"}),
        ("no_such_role", {"hours"}),
    ],
)
def test_each_role_sees_its_fields_and_no_others(access: AccessVersion, role: str, seen: set[str]) -> None:
    shown = access.redacted(role, [ENTRY])[0]
    assert {name for name, value in shown["entry"].items() if value != WITHHELD} == seen
    assert (shown["rates"], shown["note"]) == ([], "")


def test_several_roles_see_what_any_of_them_sees(access: AccessVersion) -> None:
    assert access.redacted(["delivery_manager", "auditor"], ENTRY)["entry"]["cost_rate"] == "62.00"


def test_a_customer_s_credit_is_hidden_from_delivery(access: AccessVersion) -> None:
    hidden = access.redacted("delivery_manager", RECORD)
    assert (hidden["credit_limit"], hidden["exposure"], hidden["legal_name"]) == (WITHHELD, WITHHELD, "Acme, Inc.")
    assert access.redacted("finance_operations", RECORD)["credit_limit"] == {"amount": "250000", "currency": "USD"}


def test_a_credit_exception_does_not_tell_the_limit_in_words(access: AccessVersion) -> None:
    sentence = "Acme, Inc. would owe 60,000.00 USD more than its credit limit of 250,000.00 USD."
    case = Case(key="k", code="CREDIT_LIMIT", sentence=sentence, remedy="Have it approved.", evidence={"limit": "250,000.00 USD"})
    assert "250,000" not in str(access.redacted("delivery_manager", case))
    assert access.redacted("controller", case)["sentence"] == sentence
    other = case.model_copy(update={"code": "PO_MISSING"})
    assert access.redacted("delivery_manager", other)["sentence"] == sentence


def test_what_is_shown_is_a_copy(access: AccessVersion) -> None:
    before = str(ENTRY)
    access.redacted("integration_engineer", ENTRY)
    assert str(ENTRY) == before


@pytest.mark.parametrize(
    ("subject", "permission", "may"),
    [
        ("sam.sales@northwind.example", Permission.START, True),
        ("sam.sales@northwind.example", Permission.CANCEL, False),
        ("ada.audit@northwind.example", Permission.AUDIT, True),
        ("ada.audit@northwind.example", Permission.START, False),
        ("ines.integration@northwind.example", Permission.OPERATE, True),
        ("ines.integration@northwind.example", Permission.DECODE, True),
        ("dana.delivery@northwind.example", Permission.SETTLE, True),
        ("dana.delivery@northwind.example", Permission.DECODE, False),
        ("a.stranger@elsewhere.example", Permission.READ, False),
    ],
)
def test_what_a_subject_may_do_follows_its_roles(access: AccessVersion, subject: str, permission: Permission, may: bool) -> None:
    assert access.allows(subject, permission) is may
    assert access.allows(subject, permission.value) is may


@pytest.mark.parametrize(
    ("role", "code", "may"),
    [
        ("finance_operations", "CREDIT_LIMIT", True),
        ("sales_operations", "CREDIT_LIMIT", False),
        ("tax", "TAX_ID_MISSING", True),
        ("tax", "PO_MISSING", False),
        ("auditor", "PO_MISSING", False),
        ("integration_engineer", "NEVER_SEEN_BEFORE", True),
        ("tax", "NEVER_SEEN_BEFORE", False),
    ],
)
def test_who_may_settle_goes_by_groups_of_codes(access: AccessVersion, role: str, code: str, may: bool) -> None:
    assert access.may_settle([role], code) is may
