"""Commands that need no stack: help, schemas, policies, keys; and what the others say when there is none."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from cli import main, reference
from cli.exceptions.snooze import read
from cli.output import Refused
from rehearsal.overlay import changes_of
from rehearsal.overrides import copy_changed
from tests.cli.command import ROOT, Handoff

ALL = {
    **main.COMMANDS,
    **{f"{group} {name}": target for group, targets in main.GROUPS.items() for name, target in targets.items()},
}


@pytest.fixture
def handoff(tmp_path: Path) -> Handoff:
    return Handoff(tmp_path / "state", {})


def first_line(target: main.Target) -> str:
    command = main.command("any", target)
    return str(command.help).partition("\n")[0]


class TestHelp:
    def test_the_list_of_commands_needs_neither_engine_nor_database(self) -> None:
        heavy = "{'temporalio', 'asyncpg', 'pydantic', 'rich'}"
        code = f"import sys; from cli.main import root; root(); print(sorted({heavy} & set(sys.modules)))"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        assert said.stdout.strip() == "[]"

    def test_it_is_there_at_once(self, handoff: Handoff) -> None:
        """In a fraction of the work (not the time, which is the machine's) that a command with engine and database costs."""

        def work(ask: Callable[[], int]) -> float:
            def spent() -> float:
                children = resource.getrusage(resource.RUSAGE_CHILDREN)
                return children.ru_utime + children.ru_stime

            before = spent()
            assert ask() == 0
            return spent() - before

        heavy = [sys.executable, "-c", "import temporalio.client, asyncpg, pydantic, rich"]
        costs = [(work(lambda: handoff("--help").code), work(lambda: subprocess.run(heavy).returncode)) for _ in range(3)]
        assert min(of_help for of_help, _ in costs) < min(of_all for _, of_all in costs) / 2

    def test_it_names_every_command_and_group(self, handoff: Handoff) -> None:
        said = handoff("--help").out
        assert [name for name in [*main.COMMANDS, *main.GROUPS] if f"  {name} " not in said] == []

    @pytest.mark.parametrize("name", ALL)
    def test_what_the_list_says_of_a_command_is_what_the_command_says(self, name: str) -> None:
        assert first_line(ALL[name]) == ALL[name].help

    @pytest.mark.parametrize("name", ALL)
    def test_every_command_has_json(self, name: str) -> None:
        options = [option for parameter in main.command("any", ALL[name]).params for option in parameter.opts]
        assert "--json" in options

    def test_a_command_that_is_not_installed_says_so_and_breaks_no_help(self) -> None:
        table = {"gone": main.Target("cli.gone:gone", "Is not there."), "list": main.COMMANDS["list"]}
        with pytest.raises(typer.Exit):
            main.command("gone", table["gone"])
        group = main.Lazy("handoff", table, {})
        assert "Is not there." in group.get_help(typer.Context(group))

    def test_the_reference_is_that_of_these_commands(self) -> None:
        assert reference.FILE.read_text() == reference.reference(), "run `python -m cli.reference`"

    def test_a_slip_of_the_pen_is_recognised(self, handoff: Handoff) -> None:
        said = handoff("exeptions", "list")
        assert said.code == 2 and "Did you mean 'exceptions'?" in said.err


class TestSchema:
    def test_the_list_and_one_of_it(self, handoff: Handoff) -> None:
        names = [entry["name"] for entry in handoff("schema", "--json").json]
        assert {"Contract", "Case", "InboundEvent"} <= set(names)
        contract = handoff("schema", "contract", "--json").json
        assert contract["name"] == "Contract" and "lines" in contract["json_schema"]["properties"]

    def test_a_policy_file_has_its_shape(self, handoff: Handoff) -> None:
        assert "serves" in json.loads(handoff("schema", "policies/landscape").out)["properties"]

    def test_an_unknown_one_names_the_next_command(self, handoff: Handoff) -> None:
        said = handoff("schema", "Contrakt")
        assert said.code == 1 and "Contrakt" in said.err and "`handoff schema`" in said.err and said.out == ""


class TestPolicies:
    def test_those_of_the_demo_firm_can_be_used(self, handoff: Handoff) -> None:
        checked = handoff("policy", "check", "--json")
        assert checked.code == 0 and checked.json["problems"] == [] and checked.json["version"]

    def test_what_a_system_cannot_do_of_what_it_serves_is_said_of_its_entities(self, handoff: Handoff, tmp_path: Path) -> None:
        folder = copy_changed(ROOT / "policies" / "demo", tmp_path / "policies", changes_of("tryton"))
        said = handoff("policy", "check", str(folder))
        assert said.code == 0 and "NOT_SERVED receivables of DE01: tryton holds no charges of projects" in said.out
        gaps = handoff("policy", "check", str(folder), "--json").json["not_served"]
        assert {gap["capability"] for gap in gaps} == {"project_accounting", "receivables", "general_ledger"}
        assert handoff("policy", "check", "--json").json["not_served"] == []

    def test_a_mistake_is_told_with_file_line_and_remedy(self, handoff: Handoff, tmp_path: Path) -> None:
        folder = tmp_path / "policies"
        demo = ROOT / "policies" / "demo"
        for file in demo.rglob("*.yaml"):
            copy = folder / file.relative_to(demo)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text().replace("system: kantata", "system: kantota"))
        said = handoff("policy", "check", str(folder))
        assert said.code == 1 and "landscape.yaml:" in said.out and "kantota" in said.out and "Use one of" in said.out
        assert handoff("policy", "check", str(folder), "--json").json["problems"][0]["line"] > 1

    def test_a_folder_that_is_not_there_is_a_wrong_setting(self, handoff: Handoff) -> None:
        said = handoff("policy", "check", "nowhere", "--json")
        assert said.code == 2 and said.json["error"]["hint"]

    def test_the_handoff_catalogue_is_a_page_or_data(self, handoff: Handoff) -> None:
        assert handoff("policy", "catalogue").out.startswith("# Handoff catalogue")
        entries = handoff("policy", "catalogue", "--json").json
        assert entries[0]["control_point"] and entries[0]["owner"]


class TestKeys:
    def test_a_ring_is_made_and_turned_and_its_file_is_ours_alone(self, handoff: Handoff, tmp_path: Path) -> None:
        ring = tmp_path / "ring.json"
        assert [handoff("keys", "rotate", "--file", str(ring), "--json").json["current"] for _ in range(2)] == ["k1", "k2"]
        assert set(json.loads(ring.read_text())["keys"]) == {"k1", "k2"} and ring.stat().st_mode & 0o077 == 0


class TestWithoutAStack:
    @pytest.mark.parametrize("command", [("list",), ("trace", "C-1"), ("connectors", "check"), ("exceptions", "show", "1")])
    def test_it_is_said_and_how_to_start_one(self, handoff: Handoff, command: tuple[str, ...]) -> None:
        said = handoff(*command)
        assert said.code == 2 and "NO_STACK" in said.err and "handoff up" in said.err
        assert handoff(*command, "--json").json["error"]["code"] == "NO_STACK"

    def test_a_server_that_does_not_answer_sends_to_the_doctor(self, tmp_path: Path) -> None:
        nobody = Handoff(tmp_path, {"HANDOFF_DATABASE__DSN": "postgresql://nobody:x@127.0.0.1:9/none"})
        said = nobody("list")
        assert said.code == 1 and "NOT_REACHED" in said.err and "handoff doctor" in said.err

    def test_a_wrong_setting_is_named_by_its_variable(self, tmp_path: Path) -> None:
        wrong = Handoff(tmp_path, {"HANDOFF_DATABASE__DSN": "x", "HANDOFF_DATABASE__CONNECTIONS": "0"})
        said = wrong("list", "--json")
        assert said.code == 2 and "HANDOFF_DATABASE__CONNECTIONS" in said.json["error"]["message"]

    def test_the_doctor_looks_at_the_machine_and_says_what_it_could_not_ask(self, handoff: Handoff) -> None:
        found = {finding["what"]: finding["state"] for finding in handoff("doctor", "--json").json}
        assert found["Python"] == found["PostgreSQL"] == found["Temporal dev server"] == found["policies"] == "ok"
        assert found["database"] == found["workers"] == "not asked"


class TestTimes:
    def test_people_may_say_how_long(self) -> None:
        from datetime import UTC, datetime

        noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        assert read("4h", now=noon) == datetime(2026, 11, 21, 16, tzinfo=UTC)
        assert read("2d", now=noon) == datetime(2026, 11, 23, 12, tzinfo=UTC)
        assert read("2026-11-30T09:00+01:00", now=noon) == datetime(2026, 11, 30, 8, tzinfo=UTC)

    def test_anything_else_is_refused_with_an_example(self) -> None:
        from datetime import UTC, datetime

        with pytest.raises(Refused) as refused:
            read("soon", now=datetime.now(UTC))
        assert "4h" in refused.value.hint
