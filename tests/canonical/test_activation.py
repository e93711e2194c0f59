"""Control point contract activation: every finding, in money and with a remedy; nothing found on a good contract."""

from decimal import Decimal

import pytest

from canonical.contract import RateTerm
from canonical.money import Money
from canonical.party import Address, TaxRegistration
from canonical.rules.activation import PurchaseOrderMode, judge
from canonical.rules.comparison import differences
from canonical.rules.composition import compose
from canonical.rules.matching import MatchKind, bare_name, match
from canonical.rules.signed_terms import read_terms
from canonical.tax import TaxAnswer
from tests.build import (
    SIGNED_TERMS,
    a_case,
    a_contract,
    a_customer,
    a_customer_record,
    a_deal,
    a_fixed_line,
    a_quote,
    a_signed_contract,
    a_time_line,
    some_rules,
    usd,
)


def test_a_good_contract_is_clear() -> None:
    judgement = judge(a_case())
    assert judgement.is_clear, judgement.blocking
    assert not judgement.held


INCOMPLETE = {
    "CONTRACT_NOT_EXECUTED": a_contract(executed_at=None),
    "LEGAL_ENTITY_UNKNOWN": a_contract(entity="XX99"),
    "TAX_ID_MISSING": a_contract(customer=a_customer(tax_registrations=())),
    "TAX_ID_INVALID": a_contract(customer=a_customer(tax_registrations=(TaxRegistration(country="DE", number="DE000"),))),
    "BILL_TO_INCOMPLETE": a_contract(customer=a_customer(addresses=(Address(country="US"),))),
    "TEMPLATE_MISSING": a_contract(lines=(a_fixed_line(service_template="alchemy"),)),
    "CONTRACT_INCOMPLETE": a_contract(lines=(a_fixed_line(amount=usd(99_000)),)),
}


@pytest.mark.parametrize("code", INCOMPLETE)
def test_each_deviation_is_found_in_business_words(code: str) -> None:
    [finding] = judge(a_case(contract=INCOMPLETE[code])).blocking
    assert finding.code == code
    assert finding.sentence.endswith(".")
    assert finding.remedy


def test_a_missing_registration_may_be_overridden_at_activation_with_the_contract_at_risk() -> None:  # S17
    case = a_case(tax=TaxAnswer(tax=usd(0), missing_nexus=("US-TX",)))
    [finding] = judge(case).blocking
    assert (finding.code, finding.money, finding.can_override) == ("TAX_NEXUS_MISSING", case.contract.value, True)
    assert judge(case, overridden=frozenset({(finding.code, finding.subject)})).is_clear
    assert judge(a_case(tax=TaxAnswer(tax=usd(0), exemption_certificate="C-1"))).is_clear


def test_a_rate_of_zero_is_an_exception_not_a_price() -> None:
    line = a_time_line(rates=(RateTerm(role="Senior", rate=usd(0), hours=Decimal(10)),))
    [finding] = judge(a_case(contract=a_contract(lines=(line,)))).blocking
    assert finding.code == "CONTRACT_INCOMPLETE"
    assert "Senior" in finding.sentence


@pytest.mark.parametrize("field", ["term", "payment_terms_days", "region", "service_line"])
def test_a_missing_required_field_is_named(field: str) -> None:
    empty = None if field in {"term", "payment_terms_days"} else ""
    [finding] = judge(a_case(contract=a_contract(**{field: empty}))).blocking
    assert field.replace("_", " ") in finding.sentence


def test_credit_is_short_by_what_exceeds_the_limit() -> None:  # S31
    record = a_customer_record(credit_limit=usd(250_000), exposure=usd(210_000))
    contract = a_contract(lines=(a_fixed_line(),))
    case = a_case(contract=contract, match=match(contract.payer, [record], entity="US01"))
    [finding] = judge(case).blocking
    assert finding.code == "CREDIT_LIMIT"
    assert finding.money == usd(60_000)
    assert judge(case, overridden=frozenset({("CREDIT_LIMIT", record.target_id)})).is_clear


def test_a_limit_in_another_currency_is_judged_by_a_person_and_never_passed_over() -> None:
    record = a_customer_record(credit_limit=Money.of(10**9, "EUR"), exposure=Money.of(1, "EUR"))
    contract = a_contract(lines=(a_fixed_line(),))
    case = a_case(contract=contract, match=match(contract.payer, [record], entity="US01"))
    [finding] = judge(case).blocking
    assert (finding.code, finding.money) == ("CREDIT_LIMIT", contract.value)
    assert judge(case, overridden=frozenset({("CREDIT_LIMIT", record.target_id)})).is_clear


def test_purchase_orders_by_workstream_hold_all_or_only_their_own() -> None:  # S14
    customer = a_customer(is_purchase_order_per_workstream=True)
    lines = (a_fixed_line(), a_time_line(), a_time_line(reference="L3", workstream="WS-C"))
    contract = a_contract(customer=customer, lines=lines)
    [finding] = judge(a_case(contract=contract)).blocking
    assert (finding.code, finding.subject) == ("PO_MISSING", "WS-C")
    workstream = judge(a_case(contract=contract, rules=some_rules(purchase_orders=PurchaseOrderMode.WORKSTREAM)))
    assert workstream.is_clear
    assert set(workstream.held) == {"WS-C"}
    none = a_contract(customer=customer, lines=lines, purchase_orders=())
    assert not judge(a_case(contract=none, rules=some_rules(purchase_orders=PurchaseOrderMode.WORKSTREAM))).is_clear


def test_the_tax_number_finds_the_customer_whatever_its_name() -> None:  # S31
    ours = a_customer(legal_name="ACME Inc.")
    german = a_customer_record(target_id="502", legal_name="Acme GmbH", entity="DE01", tax_numbers=("DE811907980",))
    american = a_customer_record(tax_numbers=("123456789",))
    found = match(ours, [german, american], entity="US01")
    assert found.kind is MatchKind.SAME
    assert found.record == american


def test_a_name_alone_is_never_enough() -> None:
    stranger = a_customer_record(tax_numbers=())
    found = match(a_customer(legal_name="ACME Inc."), [stranger], entity="US01")
    assert found.kind is MatchKind.AMBIGUOUS


def test_a_customer_of_another_entity_only_is_a_question() -> None:
    abroad = a_customer_record(entity="DE01")
    assert match(a_customer(), [abroad], entity="US01").kind is MatchKind.OTHER_ENTITY


def test_an_inactive_customer_is_no_match() -> None:
    assert match(a_customer(), [a_customer_record(is_active=False)], entity="US01").kind is MatchKind.NONE


@pytest.mark.parametrize("name", ["ACME Inc.", "Acme, Inc.", "acme incorporated", "Ácme  Inc"])
def test_names_are_compared_without_their_legal_form(name: str) -> None:
    assert bare_name(name) == "acme"


def composed(**terms: str) -> object:
    signed = a_signed_contract(terms={**SIGNED_TERMS, **terms})
    return compose(
        version=1,
        deal=a_deal(),
        customer=a_customer(),
        payer=None,
        quote=a_quote(),
        signed=signed,
        terms=read_terms(signed.terms),
    )


def test_a_contract_composed_from_agreeing_records_is_as_built() -> None:
    contract = composed()
    assert contract.value == usd(289_000)  # type: ignore[attr-defined]
    assert [m.reference for m in contract.lines[0].milestones] == ["M1", "M2"]  # type: ignore[attr-defined]


def test_a_purchase_order_says_what_it_is_good_for() -> None:  # R44
    orders = composed(**{"po.WS-A": "4500-1 (60,000.00)", "po.WS-B": "4500-2"}).purchase_orders  # type: ignore[attr-defined]
    assert [(one.number, one.amount) for one in orders] == [("4500-1", usd("60000.00")), ("4500-2", None)]


def test_what_was_signed_wins_and_the_difference_is_money() -> None:  # R38
    terms = read_terms({**SIGNED_TERMS, "line.L1.amount": "110000", "total": "299000"})
    found = differences(a_quote(), terms)
    assert {(d.field, d.money) for d in found} == {("line L1", usd(10_000)), ("total", usd(10_000))}
    assert composed(**{"line.L1.amount": "110000"}).lines[0].amount == usd(110_000)  # type: ignore[attr-defined]
    [finding] = judge(a_case(differences=tuple(found))).blocking
    assert finding.code == "QUOTE_DIFFERS"
    assert finding.money == usd(10_000)
    assert differences(a_quote(), terms, tolerance=usd(10_000)) == []
