"""Local API keys: shown once, kept as hashes that only their owner reads, replaced when issued again."""

from pathlib import Path

from runtime.api_keys import ApiKeys


def test_a_key_names_its_subject_until_another_is_issued(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "deep" / "keys.json")
    first = keys.issue("fin")
    assert keys.subject_of(first) == "fin" and keys.subject_of("hk_guess") is None and keys.subject_of("") is None
    second = keys.issue("fin")
    assert (keys.subject_of(first), keys.subject_of(second)) == (None, "fin")


def test_what_is_stored_is_no_key_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = ApiKeys(file).issue("fin")
    assert key not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert ApiKeys(file).subject_of(key) == "fin"
