import re
from pathlib import Path

import pytest

from policies.access import Permission
from policies.contract_facts import DECLARED
from policies.exceptions import CASE_FACTS
from policies.expression import check
from policies.loading import FILES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "policies.md").read_text()


@pytest.mark.parametrize("name", [*DECLARED, *CASE_FACTS, *(permission.value for permission in Permission), *FILES])
def test_the_reference_names_everything_one_may_write(name: str) -> None:
    assert f"`{name}`" in PAGE or f"`{name}.yaml`" in PAGE


def test_the_rule_in_the_reference_works() -> None:
    found = re.search(r"refuse_when: (.+)", PAGE)
    assert found
    check(found[1], DECLARED)
