"""A scenario file that cannot be played is refused with file, line and remedy."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from canonical.errors import Misconfigured
from canonical.money import Money
from policies.exact_yaml import loaded
from rehearsal.check import JUDGES, Check
from rehearsal.reading import ScenarioRefused, read_stories
from rehearsal.scenario import schema
from rehearsal.step import PERFORMERS, Step
from rehearsal.words import spoken

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "reference" / "scenario.schema.json"
EDITORS = jsonschema.Draft202012Validator(schema())
FILES = sorted([*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "rehearsal" / "demo").rglob("*.yaml")])
GOOD = """\
scenario: T1
title: A test
world:
  deals:
    C-1: {lines: [{line: L1, amount: "1,000.00"}]}
steps:
  - sign: C-1
  - wait: {contract: C-1, status: active, within: 90 s}
then:
  - engagement: {contract: C-1, value: "1,000.00 USD"}
variants:
  - name: slow
    world: {deals: {C-1: {entity: DE01}}}
    steps:
      - sign: {contract: C-1, webhook: lost}
      - advance: 15 minutes
      - sweep:
"""


def _refused(folder: Path, text: str) -> str:
    file = folder / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioRefused) as refused:
        read_stories([file])
    return str(refused.value)


def test_a_variant_lays_its_world_over_the_scenarios(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    plain, slow = read_stories([tmp_path])
    assert (plain.name, slow.name) == ("T1", "T1 slow")
    assert plain.scenario.world.deals["C-1"].entity == "US01"
    assert slow.scenario.world.deals["C-1"].entity == "DE01"
    assert slow.scenario.world.deals["C-1"].lines == plain.scenario.world.deals["C-1"].lines
    assert [step.verb for step in slow.scenario.steps] == ["sign", "advance", "sweep"]
    assert slow.scenario.then == plain.scenario.then


def test_over_an_overlay_its_decisions_stand_and_its_terms_are_changed_as_the_general_ones(tmp_path: Path) -> None:
    told = """\
policies:
  landscape.serves.+tax: {capabilities: [tax], system: avatax, entities: [DE01]}
  billing.general.expenses.markup: "0.10"
"""
    (tmp_path / "good.yaml").write_text(GOOD.replace("world:\n", f"{told}world:\n", 1))
    [story, _] = [one.over("tryton") for one in read_stories([tmp_path])]
    assert story.scenario.overlay == "tryton"
    assert story.scenario.policies == {
        "billing.general.expenses.markup": "0.10",
        "billing.by_entity.DE01.expenses.markup": "0.10",
    }


def test_steps_and_checks_know_their_lines(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    plain, slow = read_stories([tmp_path])
    assert (plain.line("steps", 1), plain.line("then", 0)) == (8, 10)
    assert (slow.line("steps", 1), slow.line("then", 0)) == (16, 10)


def test_amounts_and_stretches_are_read_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    plain, slow = read_stories([tmp_path])
    assert plain.scenario.then[0].engagement is not None
    assert plain.scenario.then[0].engagement.value == Money.of("1000.00", "USD")
    assert plain.scenario.steps[1].wait is not None
    assert plain.scenario.steps[1].wait.within == timedelta(seconds=90)
    assert slow.scenario.steps[1].advance == timedelta(minutes=15)
    assert [spoken(timedelta(minutes=15)), spoken(timedelta(days=1)), spoken(timedelta(seconds=1.5))] == [
        "15 minutes",
        "1 day",
        "1.5 seconds",
    ]


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said", "remedy"),
    [
        ("  - sign: C-1\n", "  - singn: C-1\n", 7, "there is no key 'singn'", "Did you mean 'sign'"),
        ("  - sign: C-1\n", "  - {sign: C-1, win: C-1}\n", 7, "a step has one verb", "Write each as a step of its own"),
        ("status: active, within", "status: aktive, within", 8, "'aktive' does not fit", "Correct the value"),
        ("within: 90 s", "within: 90 parsecs", 8, "a unit nobody knows", "Write one of"),
        ("status: active, ", "", 8, "what is waited for", "Give either status or exception"),
        ('value: "1,000.00 USD"', "value: a lot", 10, "is no money", "Write amount and currency"),
        ('{line: L1, amount: "1,000.00"}', "{line: L1}", 5, "line L1 has no amount", "Add it"),
        ("title: A test\n", "", 1, "'title' is missing", "Add it"),
        ("      - sweep:\n", "      - sweep: {how: well}\n", 17, "there is no key 'how'", ""),
    ],
)
def test_what_is_wrong_is_named_with_line_and_remedy(
    tmp_path: Path, wrong: str, right: str, line: int, said: str, remedy: str
) -> None:
    told = _refused(tmp_path, GOOD.replace(wrong, right, 1))
    assert f"bad.yaml:{line}:" in told
    assert said in told and remedy in told


def test_a_file_that_is_not_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "bad.yaml:4" in _refused(tmp_path, "scenario: T1\ntitle: x\nworld: {\nsteps: ]\n")


def test_a_place_without_scenarios_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="There is no scenario at"):
        read_stories([tmp_path / "nothing"])


def test_the_example_in_the_reference_can_be_played(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(scenario: .*?)```", (ROOT / "docs" / "reference" / "scenarios.md").read_text(), re.DOTALL)
    (tmp_path / "example.yaml").write_text(example)
    assert [story.name for story in read_stories([tmp_path])] == ["EXAMPLE", "EXAMPLE rejected"]


def test_the_reference_names_every_verb_and_every_check() -> None:
    page = (ROOT / "docs" / "reference" / "scenarios.md").read_text()
    named = set(re.findall(r"`(\w+)(?:: ?[^`]*)?`", page))
    assert (set(Step.model_fields) | set(Check.model_fields)) - named == set()


def test_every_verb_has_one_performer_and_every_check_one_judge() -> None:
    performers = {verb: [one for one in PERFORMERS if hasattr(one, verb)] for verb in set(Step.model_fields) - {"note", "check"}}
    judges = {about: [one for one in JUDGES if hasattr(one, about)] for about in set(Check.model_fields) - {"fact"}}
    assert {name: len(found) for name, found in (performers | judges).items() if len(found) != 1} == {}


def as_json(text: str) -> Any:
    """Editors know no dates and no decimals."""
    return json.loads(json.dumps(loaded(text), default=lambda value: float(value) if isinstance(value, Decimal) else str(value)))


def test_the_published_schema_is_current() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(PUBLISHED.read_text()) == schema(), "run: python -m rehearsal.publish"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_schema_that_editors_use_accepts_our_files(file: Path) -> None:
    EDITORS.validate(as_json(file.read_text()))


def test_the_schema_refuses_what_the_runner_refuses() -> None:
    with pytest.raises(jsonschema.ValidationError):
        EDITORS.validate(as_json(GOOD.replace("  - sign: C-1\n", "  - {sing: C-1}\n")))
