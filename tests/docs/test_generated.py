"""Pages that are made from the product say what the product says."""

from docs.generate import pages
from docs.settings_page import MEANINGS, settings_page
from tests.docs.pages import ROOT


def test_generated_pages_are_current() -> None:
    old = [str(page.relative_to(ROOT)) for page, text in pages().items() if not page.exists() or page.read_text() != text]
    assert not old, f"{', '.join(old)}: run `python -m docs.generate` and commit what it writes"


def test_every_variable_has_a_meaning_and_every_meaning_a_variable() -> None:
    rows = [line.split(" | ") for line in settings_page().splitlines() if line.startswith("| `HANDOFF_")]
    assert len(rows) > 20
    assert all(row[2].strip(" |") for row in rows)
    page = settings_page()
    assert all(meaning.replace("<", "&lt;") in page for meaning in MEANINGS.values())
