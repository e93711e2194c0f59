from decimal import Decimal

import pytest

from canonical.errors import Misconfigured
from policies.expression import BadExpression, Holds, check, holds

DECLARED = {"amount": Holds.NUMBER, "currency": Holds.TEXT, "is_new": Holds.FLAG, "kinds": Holds.TEXTS}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("amount > 25000", True),
        ("amount > 25000 && currency == 'EUR'", False),
        ("currency in ['USD', 'CAD']", True),
        ("is_new || amount < 1", True),
        ("!is_new", False),
        ("kinds.exists(kind, kind == 'retainer')", True),
        ("kinds.all(kind, kind.startsWith('ret'))", False),
        ("size(kinds) == 2 ? amount > 1 : false", True),
        ("amount == decimal('25000.01')", True),
        ("amount * 2 >= decimal('50000.02')", True),
    ],
)
def test_a_rule_decides_exactly(rule: str, wanted: bool) -> None:
    check(rule, DECLARED)
    values = {"amount": Decimal("25000.01"), "currency": "USD", "is_new": True, "kinds": ["retainer", "usage"]}
    assert holds(rule, values) is wanted


def test_sums_of_cents_are_exact() -> None:
    declared = dict.fromkeys("abc", Holds.NUMBER)
    check("a + b == c", declared)
    assert holds("a + b == c", {"a": Decimal("0.1"), "b": Decimal("0.2"), "c": Decimal("0.3")})


@pytest.mark.parametrize(
    ("rule", "wrong", "remedy"),
    [
        ("amount >", "no expression", "spelling"),
        ("", "no expression", "spelling"),
        ("amonut > 1", "'amonut' is not declared", "did you mean amount"),
        ("amount > 1 && nothing", "'nothing' is not declared", "Use one of"),
        ("amount + 1", "does not answer true or false", "comparison"),
        ("currency > 1", "mixes kinds", "text with text"),
        ("false && amount == currency + 1", "mixes kinds", "text with text"),
        ("is_new || amount > 'x'", "mixes kinds", "text with text"),
        ("is_new ? true : amount > 'x'", "mixes kinds", "text with text"),
        ("kinds.all(kind, kind > 1)", "mixes kinds", "text with text"),
        ("amount && is_new", "does not answer true or false", "comparison"),
        ("amount < 0 && currency", "does not answer true or false", "comparison"),
        ("is_new || kinds", "does not answer true or false", "comparison"),
        ("amount ? is_new : is_new", "does not answer true or false", "comparison"),
        ("frobnicate(amount)", "mixes kinds", "text with text"),
        ("amount > 25000.01", "not exact", r"decimal\('25000.01'\)"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_when_it_is_loaded(rule: str, wrong: str, remedy: str) -> None:
    with pytest.raises(BadExpression, match=wrong) as refused:
        check(rule, DECLARED)
    assert refused.match(remedy)


def test_a_rule_that_fails_on_real_values_names_itself() -> None:
    with pytest.raises(Misconfigured, match="amount / other"):
        holds("amount / other > 1", {"amount": Decimal(1), "other": Decimal(0)})
