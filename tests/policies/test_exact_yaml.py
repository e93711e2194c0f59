"""What a plain word of YAML means to us."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.exact_yaml import dumped, loaded
from policies.reading import read

MEANS: dict[str, Any] = {
    "no": "no",
    "on": "on",
    "12:30": "12:30",
    "012": 12,
    "0o17": 15,
    "0x1F": 31,
    "1_000": 1000,
    "1.10": Decimal("1.10"),
    "-.5": Decimal("-0.5"),
    "1e3": Decimal("1e3"),
    "4500-1": "4500-1",
    "60,000.00": "60,000.00",
    "2026-04-30": date(2026, 4, 30),
    "2026-04-30T12:00:00Z": datetime(2026, 4, 30, 12, tzinfo=UTC),
    "True": True,
    "~": None,
    "": None,
}
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(date(1000, 1, 1)),
    st.text(),
)


@pytest.mark.parametrize("word", MEANS)
def test_a_word_means_what_yaml_1_2_says(word: str) -> None:
    found = loaded(f"a: {word}")["a"]
    assert (found, str(found)) == (MEANS[word], str(MEANS[word])) and type(found) is type(MEANS[word])


@given(st.dictionaries(st.text(), st.one_of(PLAIN, st.lists(PLAIN), st.sampled_from(list(MEANS)))))
def test_what_is_written_reads_the_same(content: dict[str, Any]) -> None:
    again = loaded(dumped(content))
    assert again == content
    assert [type(value) for value in again.values()] == [type(value) for value in content.values()]


def test_a_key_that_is_merged_in_may_be_said_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "merged.yaml"
    file.write_text("one: &one {a: 1, b: 2}\ntwo: &two {<<: *one, b: 3}\nthree: {<<: *two, b: 4}\n")
    document = read(file, "merged.yaml")
    assert (document.problems, document.content["three"]) == ([], {"a": 1, "b": 4})
    assert document.places["three", "b"] == (3, 19)
