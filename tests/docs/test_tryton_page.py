"""The page on Tryton names each scenario that cannot be played over it, with what keeps it from it."""

from rehearsal.reading import read_stories
from tests.docs.pages import ROOT
from tests.tryton.fitting import hindered


def test_the_page_names_what_does_not_fit_and_why() -> None:
    page = (ROOT / "docs" / "how-to" / "rehearse-with-tryton.md").read_text()
    rows = [f"| {', '.join(names)} | {reason} |" for reason, names in hindered(read_stories([ROOT / "scenarios"])).items()]
    assert rows and [row for row in rows if row not in page.splitlines()] == []
