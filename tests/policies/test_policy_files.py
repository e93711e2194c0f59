from pathlib import Path

import pytest

from canonical.errors import Misconfigured
from policies.exact_yaml import loaded
from policies.loading import check, load, schemas
from policies.problem import PolicyError
from tests.policies.build import DEMO, a_folder, line_of

MISTAKES: list[dict[str, str]] = loaded(Path(__file__).with_name("mistakes.yaml"))


def test_the_demo_firm_s_policies_have_no_problem() -> None:
    assert check(DEMO) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake['file']}: {mistake['planted'].strip()[:40]}")
def test_every_planted_mistake_is_told_with_its_place_and_remedy(mistake: dict[str, str], tmp_path: Path) -> None:
    folder = a_folder(tmp_path, **{mistake["file"]: (mistake["text"], mistake["planted"])})
    told = check(folder)
    problem = next((one for one in told if one.field == mistake["field"] and mistake["wrong"] in one.wrong), None)
    assert problem, [str(one) for one in told]
    assert problem.file == f"{mistake['file']}.yaml"
    assert mistake["on"] in (folder / problem.file).read_text().splitlines()[problem.line - 1]
    assert mistake["remedy"] in problem.remedy


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path,
        landscape=("[psa, time], system: kantata", "[psa, time], system: kantatta"),
        entities=("currency: INR", "currency: INX"),
        exceptions=("owner: tax", "owner: taxx"),
        contracts=("[term,", "[trem,"),
    )
    with pytest.raises(PolicyError) as refused:
        load(folder)
    problems = refused.value.problems
    assert [problem.file for problem in problems] == ["contracts.yaml", "entities.yaml", "exceptions.yaml", "landscape.yaml"]
    for problem in problems:
        assert str(problem) in refused.value.message
    assert isinstance(refused.value, Misconfigured)


@pytest.mark.parametrize(
    ("text", "line", "wrong"),
    [
        ("versions: [", 1, "not YAML"),
        ("versions:\n  - {a: b\n  - c", 3, "not YAML"),
        ("", 1, "empty"),
        ("versions: !!python/object:os.system x", 1, "not YAML"),
        ("versions: &loop [*loop]", 1, "not YAML"),
        ("versions: 3", 1, "does not fit"),
        ("- versions", 1, "does not fit"),
        ("versions: []", 1, "does not fit"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(text: str, line: int, wrong: str, tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "revenue.yaml").write_text(text)
    found = [problem for problem in check(folder) if problem.file == "revenue.yaml"]
    assert found
    assert (found[0].line, wrong in found[0].wrong) == (line, True), [str(problem) for problem in found]


def test_versions_out_of_order_or_of_one_name_are_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    revenue = folder / "revenue.yaml"
    again = revenue.read_text().split("versions:\n")[1].replace("2020-01-01", "2019-01-01")
    revenue.write_text(revenue.read_text() + again)
    first = line_of(folder, "revenue", "2019-01-01")
    assert {(problem.line, problem.field) for problem in check(folder)} == {
        (first, "versions[1].effective_from"),
        (first + 1, "versions[1].version"),
    }


def test_a_missing_and_a_misspelt_file_are_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "access.yaml").rename(folder / "acess.yaml")
    told = {problem.file: problem.wrong + " " + problem.remedy for problem in check(folder)}
    assert told.keys() == {"access.yaml", "acess.yaml"}
    assert "missing" in told["access.yaml"]
    assert "Rename it to access.yaml" in told["acess.yaml"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no policy folder"):
        load(tmp_path / "nowhere")


def test_the_version_follows_the_files(tmp_path: Path) -> None:
    assert load(a_folder(tmp_path)).version == load(DEMO).version
    folder = a_folder(tmp_path, entities=("invoice_day: 1", "invoice_day: 2"))
    assert load(folder).version != load(DEMO).version


def test_every_file_has_a_schema() -> None:
    assert set(schemas()) == {"landscape", "entities", "contracts", "exceptions", "access", "revenue", "billing", "ownership"}
    assert all(schema["additionalProperties"] is False for schema in schemas().values())
