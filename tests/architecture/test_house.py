"""The rules of the house that a machine can keep: failures, schemas, workflows in their sandbox, import contracts."""

import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio import workflow

import canonical
from canonical.errors import Failure
from canonical.schema import PUBLISHED
from runtime.workflow_runner import workflow_runner
from workflows.registry import WORKFLOWS

ROOT = Path(__file__).parents[2]


def leaves(kind: type[Failure]) -> list[type[Failure]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]


def test_every_failure_has_a_code_of_its_own_and_a_remedy() -> None:
    kinds = [kind for kind in leaves(Failure) if kind.__module__.startswith("canonical")]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.default_remedy.endswith(".") for kind in kinds)


def test_evidence_never_holds_a_secret() -> None:
    failure = Failure("x", evidence={"access_token": "abc", "path": "/v1", "client_secret": "s"})
    assert failure.evidence == {"access_token": "(withheld)", "path": "/v1", "client_secret": "(withheld)"}


def test_every_published_object_can_be_read_from_every_version_it_had() -> None:
    for module in pkgutil.walk_packages(canonical.__path__, "canonical."):
        importlib.import_module(module.name)
    assert len(PUBLISHED) >= 10
    for name, kind in PUBLISHED.items():
        assert set(kind.UPCASTS) == set(range(1, kind.VERSION)), name


@pytest.mark.parametrize("kind", WORKFLOWS, ids=lambda kind: kind.__name__)
async def test_every_workflow_loads_in_the_workflow_sandbox(kind: type) -> None:
    definition = workflow._Definition.must_from_class(kind)
    workflow_runner().prepare_workflow(definition)


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("activities/psa.py", "import httpx2", "workflows and activities reach no input or output"),
        ("workflows/sweep.py", "import asyncpg", "workflows and activities reach no input or output"),
        ("sandbox/vendor.py", "import canonical.money", "a simulated vendor shares no code"),
        ("connectors/netsuite/client.py", "import ledger.tables", "connectors"),
    ],
)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, file: str, line: str, contract: str) -> None:
    for package in ROOT.glob("*/__init__.py"):
        shutil.copytree(package.parent, tmp_path / package.parent.name, ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))
    for name in ("pyproject.toml", "worker.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    planted = tmp_path / file
    planted.write_text(planted.read_text() + f"\n{line}  # planted\n")
    said = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert said.returncode != 0
    broken = [text for text in said.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text for text in broken), said.stdout[-2000:] + said.stderr[-2000:]
