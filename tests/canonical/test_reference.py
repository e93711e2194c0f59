"""References that are made of several: well formed, and different for different parts, however long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from canonical.reference import Reference, joined

PARTS = st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=3)


@given(PARTS, PARTS)
def test_a_joined_reference_is_one_and_different_parts_have_different_ones(one: list[str], other: list[str]) -> None:
    reference = joined(*one)
    assert TypeAdapter(Reference).validate_python(reference) == reference == joined(*one)
    assert one == other or ":".join(one) == ":".join(other) or joined(*other) != reference


def test_a_joined_reference_that_is_too_long_keeps_its_end_in_its_hash() -> None:
    long = "BANK-" + "9" * 80
    assert joined("DEP-1", "US01-INV7", "rest") == "DEP-1:US01-INV7:rest"
    assert joined(long, "US01-INV7") != joined(long, "US01-INV8") and len(joined(long, "US01-INV7")) == 80


@pytest.mark.parametrize("text", ["C-100\n", "", "C/100", "-C", "C" * 81])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="no reference"):
        TypeAdapter(Reference).validate_python(text)
