"""How what reconciliation posts again is named."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from activities.reconciliation_healing import SOURCES_AT_ONCE, reposts
from canonical.reconciliation import Discrepancy, DiscrepancyState, DiscrepancyType

SEEN = datetime(2026, 5, 1, tzinfo=UTC)


def lost(contract: str, key: str, number: int) -> Discrepancy:
    """A charge that the ERP does not have."""
    kinds = {"type": DiscrepancyType.MISSING, "state": DiscrepancyState.OPEN, "comparison": "charges", "kind": "charge"}
    facts = {"number": number, "run": 3, "entity": "US01", "contract": contract, "key": key, "since": SEEN, "at": SEEN}
    return Discrepancy.model_validate(facts | kinds)


def told(found: Sequence[Discrepancy]) -> list[tuple[str, list[str]]]:
    return [(name, [one.key for one in part]) for name, part in reposts(3, found)]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_posted_again_is_named_for_its_items_and_not_for_the_numbers_of_findings(seed: int) -> None:
    items = [("C-1", "kantata.7"), ("C-1", "kantata.9"), ("C-2", "kantata.8")]
    numbers = random.Random(seed).sample(range(1, 100), len(items))
    found = [lost(*item, number) for item, number in zip(items, numbers, strict=True)]
    random.Random(seed).shuffle(found)
    assert told(found) == [("C-1.run-3.kantata.7", ["kantata.7", "kantata.9"]), ("C-2.run-3.kantata.8", ["kantata.8"])]


def test_every_item_is_posted_in_one_part() -> None:
    found = [lost("C-1", f"kantata.{number:04}", number) for number in range(2 * SOURCES_AT_ONCE + 1)]
    parts = told(found)
    assert [len(keys) for _, keys in parts] == [SOURCES_AT_ONCE, SOURCES_AT_ONCE, 1]
    assert len({name for name, _ in parts}) == 3
