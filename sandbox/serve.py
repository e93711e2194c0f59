"""Serves simulated vendors, each on a port of its own, in one process: ``python -m sandbox.serve --vendor netsuite=8301``."""

import argparse
import asyncio
import contextlib
import importlib
import pkgutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn

import sandbox
from sandbox.vendor import SimulatedVendor

LOOPBACK = "127.0.0.1"


def vendors() -> dict[str, type[SimulatedVendor]]:
    """Every simulated vendor by name: a module or package of this folder that has a ``VENDOR``."""
    found = (importlib.import_module(f"sandbox.{module.name}") for module in pkgutil.iter_modules(sandbox.__path__))
    return {module.VENDOR.name: module.VENDOR for module in found if hasattr(module, "VENDOR")}


class Server(uvicorn.Server):
    """uvicorn that leaves signals to whoever runs it, and knows its port."""

    def __init__(self, vendor: SimulatedVendor, *, port: int = 0, certificate: tuple[Path, Path] | None = None) -> None:
        secure: dict[str, Any] = {"ssl_certfile": str(certificate[0]), "ssl_keyfile": str(certificate[1])} if certificate else {}
        # A TLS client that still holds an idle connection never says goodbye; without a limit the end would wait for it.
        secure["timeout_graceful_shutdown"] = 1
        secure["timeout_keep_alive"] = 75  # as vendors do; a client must not find its kept connection just closed
        super().__init__(
            uvicorn.Config(
                vendor.app(),
                host=LOOPBACK,
                port=port,
                log_level="error",
                lifespan="off",
                access_log=False,
                date_header=False,  # the vendor's own clock says it
                **secure,
            )
        )
        self.vendor = vendor
        self.scheme = "https" if certificate else "http"

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def url(self) -> str:
        port = self.servers[0].sockets[0].getsockname()[1]
        return f"{self.scheme}://localhost:{port}" if self.scheme == "https" else f"http://{LOOPBACK}:{port}"


@contextlib.asynccontextmanager
async def serving(
    vendor: SimulatedVendor, *, port: int = 0, certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[Server]:
    """Serve a vendor on this event loop for as long as the block runs."""
    server = Server(vendor, port=port, certificate=certificate)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError(f"the sandbox of {vendor.name} could not start on port {port}")
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        vendor.faults.clear()
        server.should_exit = True
        await task
        vendor.save()


@contextlib.contextmanager
def serving_in_thread(vendor: SimulatedVendor, *, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Serve a vendor on a free port from a thread, for clients that block; yields its URL."""
    ready: asyncio.Queue[str]
    loop = asyncio.new_event_loop()
    ready = asyncio.Queue()
    done = asyncio.Event()

    async def run() -> None:
        async with serving(vendor, certificate=certificate) as server:
            ready.put_nowait(server.url)
            await done.wait()

    thread = Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    url = asyncio.run_coroutine_threadsafe(ready.get(), loop).result(timeout=20)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(timeout=20)


async def _main(chosen: dict[str, int], state_dir: Path | None) -> None:
    known = vendors()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        for name, port in chosen.items():
            await stack.enter_async_context(serving(known[name](state_dir=state_dir), port=port))
        await stop.wait()


def main() -> None:
    """Serve the vendors named on the command line until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vendor", action="append", default=[], metavar="NAME=PORT", required=True)
    parser.add_argument("--state-dir", type=Path, help="where records survive a restart; without it they do not")
    given = parser.parse_args()
    chosen = {name: int(port) for name, _, port in (v.partition("=") for v in given.vendor)}
    unknown = sorted(set(chosen) - set(vendors()))
    if unknown:
        parser.error(f"no such simulated vendor: {', '.join(unknown)}; there are {', '.join(sorted(vendors()))}")
    if given.state_dir:
        given.state_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_main(chosen, given.state_dir))


if __name__ == "__main__":
    main()
