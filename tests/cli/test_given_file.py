"""Files that people hand in."""

import asyncio
from pathlib import Path

import pytest

from canonical.errors import Malformed
from canonical.rate_card import RateCard
from cli.given_file import object_in

CARD = """reference: C-1.agreed
contract: C-1
rates:
  - {role: Senior, rate: {amount: 165.10, currency: USD}, since: 2026-04-01}
"""


def read(tmp_path: Path, text: str | bytes) -> RateCard:
    file = tmp_path / "card.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return asyncio.run(object_in(file, lambda _: RateCard))


def test_an_amount_keeps_its_digits(tmp_path: Path) -> None:
    [rate] = read(tmp_path, CARD).rates
    assert str(rate.rate.amount) == "165.10"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CARD + "contract: C-2\n", "line 5: the key 'contract' stands here a second time"),
        (CARD.replace("2026-04-01", "2026-02-31"), "cannot be read, line 1: not YAML: day is out of range"),
        (CARD.replace("[", "").replace("- {role", "- {role: ["), "not YAML"),
        (CARD.replace("role:", "rolle:"), "is no RateCard, line 4: rates.0.rolle"),
        ("", "the file is empty"),
        (b"reference: \xff", "not YAML"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed) as refused:
        read(tmp_path, text)
    assert said in refused.value.message and refused.value.remedy
