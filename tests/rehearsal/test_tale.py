"""The chapters of the demo stand on one stage: what one of them changes of the policies holds for all."""

from pathlib import Path

import pytest

from canonical.errors import Misconfigured
from rehearsal.reading import Story, read_stories
from rehearsal.tale import changes_in

STORY = """
scenario: {name}
title: One
policies: {{billing.general.expenses.markup: "{markup}"}}
steps: [{{sweep: }}]
then: [{{untouched: [netsuite]}}]
"""


def stories(folder: Path, *markups: str) -> list[Story]:
    for number, markup in enumerate(markups):
        (folder / f"{number}.yaml").write_text(STORY.format(name=f"c{number}", markup=markup))
    return read_stories([folder])


def test_what_chapters_change_is_changed_once(tmp_path: Path) -> None:
    assert changes_in(stories(tmp_path, "0.10", "0.10")) == {"billing.general.expenses.markup": "0.10"}


def test_chapters_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"c1 changes the policy billing\.general\.expenses\.markup otherwise"):
        changes_in(stories(tmp_path, "0.10", "0.20"))
