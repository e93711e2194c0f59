"""The page on Tryton names each scenario that cannot be played over it, with what keeps it from it."""

import re

from rehearsal.reading import read_stories
from tests.docs.pages import ROOT
from tests.tryton.fitting import hindered


def test_the_page_names_what_does_not_fit_and_why() -> None:
    page = (ROOT / "docs" / "how-to" / "rehearse-with-tryton.md").read_text()
    rows = {reason: names for names, reason in re.findall(r"^\| (\S.*?) \| (.*) \|$", page, re.MULTILINE)}
    for reason, names in hindered(read_stories([ROOT / "scenarios"])).items():
        assert {name.split()[0] for name in names} <= set(re.findall(r"[\w-]+", rows[reason])), reason
