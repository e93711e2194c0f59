"""Secrets by reference: resolved wherever they stand; one that is missing is named, never its value."""

from pathlib import Path

import pytest

from canonical.errors import Misconfigured
from runtime.secrets import resolved


def test_references_are_resolved_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    given = {"a": "env:TOKEN", "b": [f"file:{tmp_path}/key", "plain"], "c": {"d": ("env:TOKEN", 7, None)}, "url": "https://x"}
    assert resolved(given, environment={"TOKEN": "t"}) == {
        "a": "t",
        "b": ["from the file", "plain"],
        "c": {"d": ["t", 7, None]},
        "url": "https://x",
    }


@pytest.mark.parametrize(
    ("reference", "named"), [("env:ABSENT", "ABSENT is not set"), ("env:BLANK", "BLANK is empty"), ("env:", "The variable  is")]
)
def test_a_variable_that_is_missing_is_named(reference: str, named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        resolved({"secret": reference}, environment={"BLANK": " \n"})


def test_a_file_that_cannot_be_used_is_named_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, said in (("absent", "cannot be read"), ("empty", "is empty"), ("binary", "cannot be read"), ("", "cannot be read")):
        with pytest.raises(Misconfigured, match=said) as refused:
            resolved(f"file:{tmp_path}/{name}")
        assert str(tmp_path) in refused.value.message


def test_a_reference_to_a_secret_store_is_refused_with_the_way_to_reach_it() -> None:
    with pytest.raises(Misconfigured, match="vault:erp/key") as refused:
        resolved({"credentials": {"token": "vault:erp/key"}}, environment={})
    assert "file:PATH or env:NAME" in refused.value.remedy
