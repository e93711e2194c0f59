"""The embedded servers start, keep what they must, tell what is wrong, and end with their holder."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import httpx2 as httpx
import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from runtime.embedded.health import http_all_answer, worker_polls
from runtime.embedded.plan import Existing, Part, Plan
from runtime.embedded.ports import LOOPBACK, choose, free_ports, is_free
from runtime.embedded.postgres import Postgres
from runtime.embedded.process import Check, PartFailed, Process, Program
from runtime.embedded.record import Record, Sighting
from runtime.embedded.stack import Stack
from runtime.embedded.temporal import Temporal
from tests.runtime.poller import Nothing

ROOT = Path(__file__).parents[2]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.01)


def recorded(home: Path) -> dict[str, int]:
    record = Record.read(home)
    return {name: process.pid for name, process in record.processes.items()} if record else {}


async def run_sql(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[Postgres]:
    async with Postgres(tmp_path / "postgres", durable=False) as server:
        yield server


@pytest.fixture
async def temporal(tmp_path: Path) -> AsyncIterator[Temporal]:
    async with Temporal(tmp_path / "temporal", in_memory=True, search_attributes={"Customer": "Keyword"}) as server:
        yield server


class TestPostgres:
    async def test_rows_outlive_a_stop_in_order_and_a_kill(self, tmp_path: Path) -> None:
        server = Postgres(tmp_path / "postgres")
        async with server:
            await run_sql(server.owner_dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)")
        async with server:
            await run_sql(server.owner_dsn, "INSERT INTO kept VALUES (2)")
            server.kill_hard()
            assert (server.cluster.data / "postmaster.pid").exists(), "a killed server leaves its pid file"
            await server.start()
            assert await value(server.owner_dsn, "SELECT array_agg(n) FROM kept") == [1, 2]

    async def test_a_pid_file_that_names_a_stranger_does_not_stop_it(self, postgres: Postgres) -> None:
        pid_file = postgres.cluster.data / "postmaster.pid"
        postgres.kill_hard()
        pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getppid()), 1))
        await postgres.start()
        assert await value(postgres.app_dsn, "SELECT 1") == 1

    async def test_the_application_role_owns_nothing_and_creates_nothing(self, postgres: Postgres) -> None:
        await run_sql(postgres.owner_dsn, "CREATE TABLE secret (n int)")
        for statement in ("CREATE TABLE mine (n int)", "SELECT * FROM secret", "DROP TABLE secret"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run_sql(postgres.app_dsn, statement)
        assert await value(postgres.app_dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False

    async def test_a_wrong_password_is_refused(self, postgres: Postgres) -> None:
        password = postgres.cluster.passwords.app
        with pytest.raises(asyncpg.InvalidPasswordError):
            await run_sql(postgres.app_dsn.replace(password, "guess"), "SELECT 1")

    async def test_a_database_is_copied_with_its_rows_and_without_the_public(self, postgres: Postgres) -> None:
        await run_sql(await postgres.create_database("pattern"), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
        copy = await postgres.clone_database("pattern", "copy")
        assert await value(copy, "SELECT n FROM kept") == 7
        query = "SELECT datacl::text FROM pg_database WHERE datname = 'copy'"
        assert await value(copy, query) == "{handoff_owner=CTc/handoff_owner,handoff_app=c/handoff_owner}"
        await postgres.drop_database("copy")
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await run_sql(copy, "SELECT 1")

    async def test_a_folder_too_deep_for_a_socket_serves(self, tmp_path: Path) -> None:
        deep = tmp_path / ("d" * 60) / ("e" * 60)
        async with Postgres(deep, durable=False) as server:
            assert await value(server.app_dsn, "SELECT 1") == 1
            assert not list(deep.rglob(".s.PGSQL*"))

    async def test_a_second_server_over_the_same_folder_is_refused(self, postgres: Postgres) -> None:
        with pytest.raises(PartFailed, match=f"is run by process {os.getpid()} already"):
            await Postgres(postgres.cluster.home, durable=False).start()
        assert await value(postgres.app_dsn, "SELECT 1") == 1


class TestTemporal:
    async def test_in_memory_it_finds_a_workflow_by_our_search_attribute(self, temporal: Temporal) -> None:
        client = await Client.connect(temporal.address)
        attributes = TypedSearchAttributes([SearchAttributePair(SearchAttributeKey.for_keyword("Customer"), "ACME")])
        handle = await client.start_workflow(Nothing.run, id="one", task_queue="none", search_attributes=attributes)
        described = await handle.describe()
        assert described.typed_search_attributes.get(SearchAttributeKey.for_keyword("Customer")) == "ACME"

    async def test_in_a_file_it_keeps_workflows_over_a_kill_and_accepts_new_attributes(self, tmp_path: Path) -> None:
        async with Temporal(tmp_path) as server:
            client = await Client.connect(server.address)
            await client.start_workflow(Nothing.run, id="kept", task_queue="none")
            server.kill_hard()
        async with Temporal(tmp_path, search_attributes={"Customer": "Keyword"}) as again:
            client = await Client.connect(again.address)
            assert (await client.get_workflow_handle("kept").describe()).id == "kept"

    async def test_an_attribute_of_another_type_is_refused_with_the_remedy(self, tmp_path: Path) -> None:
        async with Temporal(tmp_path, search_attributes={"Amount": "Keyword"}):
            pass
        with pytest.raises(PartFailed, match="temporal operator search-attribute remove --name Amount"):
            await Temporal(tmp_path, search_attributes={"Amount": "Double"}).start()

    async def test_a_worker_counts_as_ready_when_it_polls(self, temporal: Temporal, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tests.runtime.poller", temporal.address, "q"]
        check = worker_polls(temporal.address, "default", "q")
        async with Process(Program("The worker", command, tmp_path / "log", check, "", folder=ROOT)) as worker:
            first = worker.pid or 0
            worker.kill_hard()
            assert await check.passes(first), "Temporal still lists the killed worker"
            await worker.start()
            assert worker.pid not in (None, first)

    def test_a_binary_that_is_not_there_is_named_with_the_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(PartFailed, match="HANDOFF_TEMPORAL__ADDRESS"):
            Temporal(tmp_path, binary=tmp_path / "temporal")


async def never(_: int) -> bool:
    return False


def a_program(tmp_path: Path, code: str, **changed: object) -> Program:
    parts = {"name": "The tester", "command": [sys.executable, "-c", code], "log": tmp_path / "tester.log"}
    parts |= {"check": Check("the impossible", never), "remedy": "To pass you must give up.", "patience": 0.3, "grace": 0.3}
    return Program(**{**parts, **changed})  # type: ignore[arg-type]


class TestProcess:
    async def test_one_that_ends_early_is_named_with_its_last_words_and_the_remedy(self, tmp_path: Path) -> None:
        program = a_program(tmp_path, "import sys; print('out of paper'); sys.exit(3)", patience=60)
        with pytest.raises(PartFailed) as failure:
            await Process(program).start()
        assert str(failure.value).splitlines() == [
            "The tester ended with exit code 3 while we waited for the impossible.",
            f"The last lines of {tmp_path / 'tester.log'}:",
            "  | out of paper",
            "To pass you must give up.",
        ]

    async def test_one_that_is_never_ready_is_ended(self, tmp_path: Path) -> None:
        process = Process(a_program(tmp_path, "import time; time.sleep(60)"))
        with pytest.raises(PartFailed, match=r"was not ready after 0\.3 s of waiting for the impossible"):
            await process.start()
        assert not process.running

    async def test_one_that_ignores_the_polite_signal_is_killed_with_its_own_children(self, tmp_path: Path) -> None:
        code = (
            "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True); time.sleep(600)"
        )

        async def spoken(_: int) -> bool:
            return bool((tmp_path / "tester.log").read_text().strip())

        process = Process(a_program(tmp_path, code, check=Check("its word", spoken), patience=60))
        await process.start()
        child = Sighting.of(int((tmp_path / "tester.log").read_text()))
        try:
            await process.stop()
            assert not process.running
            await until(lambda: not child.alive)
        finally:
            child.end()

    async def test_one_whose_port_another_answers_on_is_not_taken_for_ready(self, tmp_path: Path) -> None:
        port = free_ports(1)[0]
        check = http_all_answer([f"http://{LOOPBACK}:{port}"])
        command = [sys.executable, "-m", "http.server", "--bind", LOOPBACK, str(port)]
        program = a_program(tmp_path, "", command=command, check=check, ports=(port,), patience=60)
        async with Process(program):
            with pytest.raises(PartFailed, match=r"(?s)ended with exit code 1 .*Address already in use"):
                await Process(replace(program, log=tmp_path / "second.log")).start()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.runtime.holder", str(tmp_path / "home")]
    # Who starts the tests in the background of a shell has them ignore SIGINT, and a child inherits that.
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=heeds) as process:
        assert process.stdout and process.stdout.readline() == "running\n"
        yield process
        process.kill()


class TestStack:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
    async def test_a_holder_that_ends_leaves_no_child_and_a_folder_that_starts(
        self, holder: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
    ) -> None:
        home = tmp_path / "home"
        record = Record.of_running(home)
        assert record and set(record.processes) == {"postgres", "temporal"}
        assert (home / "stack.json").stat().st_mode & 0o077 == 0, "it holds passwords"
        with pytest.raises(PartFailed, match=f"is run by process {holder.pid} already"):
            await Stack(Plan(home)).__aenter__()
        os.kill(holder.pid, number)
        holder.wait(60)
        await until(lambda: not any(child.alive for child in record.processes.values()))
        assert (home / "stack.json").exists() == (number is signal.SIGKILL), "in order means that nothing claims to run"
        async with Stack(Plan(home, frozenset({Part.POSTGRES}), lasting=False, well_known_ports=False)) as stack:
            assert await value(stack.environment["HANDOFF_DATABASE__DSN"], "SELECT 1") == 1

    async def test_a_part_that_dies_is_started_again_until_we_are_told_to_stop(self, tmp_path: Path) -> None:
        said: list[str] = []
        plan = Plan(tmp_path, frozenset({Part.POSTGRES, Part.SANDBOX}), ("kantata",), lasting=False, well_known_ports=False)
        async with Stack(plan, tell=said.append) as stack:
            watch = asyncio.create_task(stack.until_told_to_stop())
            first = recorded(tmp_path)
            for pid in first.values():
                os.kill(pid, signal.SIGKILL)
            await until(
                lambda: recorded(tmp_path).keys() == first.keys() and not set(recorded(tmp_path).values()) & set(first.values())
            )
            async with httpx.AsyncClient() as client:
                assert (await client.get(stack.addresses["kantata"] + "/_sandbox/health")).json()["ok"]
            assert await value(stack.postgres.app_dsn, "SELECT 1") == 1
            os.kill(os.getpid(), signal.SIGTERM)
            await watch
        assert sorted(said[2:]) == [f"{part} ended by itself; starting it again" for part in ("postgres", "sandbox")]

    async def test_servers_that_exist_already_are_used_and_migrated(self, postgres: Postgres, tmp_path: Path) -> None:
        migrated: list[str] = []

        async def migrate(dsn: str) -> None:
            migrated.append(dsn)

        existing = Existing(temporal="elsewhere:7233", dsn=postgres.app_dsn, owner_dsn=postgres.owner_dsn)
        servers = frozenset({Part.POSTGRES, Part.TEMPORAL})
        async with Stack(Plan(tmp_path / "home", servers, existing=existing, migrate=migrate)) as stack:
            assert stack.processes == {}
            assert stack.environment["HANDOFF_TEMPORAL__ADDRESS"] == "elsewhere:7233"
            assert migrated == [postgres.owner_dsn]

    async def test_a_part_that_fails_takes_the_others_with_it(self, tmp_path: Path) -> None:
        parts = frozenset({Part.POSTGRES, Part.SANDBOX})
        plan = Plan(tmp_path, parts, vendors=("nobody",), lasting=False, well_known_ports=False)
        stack = Stack(plan)
        with pytest.raises(PartFailed, match="no such simulated vendor: nobody"):
            await stack.__aenter__()
        assert stack.processes == {} and Record.read(tmp_path) is None and is_free(plan.ports["postgres"])


def test_a_well_known_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        busy, free = taken.getsockname()[1], free_ports(1)[0]
        chosen = choose({"busy": busy, "free": free})
        assert chosen["free"] == free and chosen["busy"] != busy and is_free(chosen["busy"])
