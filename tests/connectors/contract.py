"""The suite that every connector passes: a subclass names its vendor, its writes and its reads, and gets all of these."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

from canonical.errors import UNDECIDED, Conflict, Failure, Misconfigured, Throttled, Unavailable
from canonical.written import Written
from sandbox.serve import serving
from sandbox.vendor import SimulatedVendor


@dataclass(frozen=True)
class WriteCase:
    """One kind of write: how to do it, find it, undo it, and how many of its records the vendor holds.

    ``writes`` matches the path of the call that creates the record (a regular expression), so that faults hit just that one.
    ``prepare`` makes what the write needs first (a project for its phases) and returns it to the other callables.
    """

    kind: str
    writes: str
    create: Callable[[Any, Any], Awaitable[Written]]
    find: Callable[[Any, Any], Awaitable[Written | None]] | None
    held: Callable[[dict[str, Any]], int]
    reverse: Callable[[Any, Written, Any], Awaitable[Written]] | None = None
    is_reversed: Callable[[dict[str, Any]], bool] | None = None
    prepare: Callable[[Any], Awaitable[Any]] | None = None
    method: str | None = None


@dataclass
class Bench:
    """A connector joined to its simulated vendor over a socket."""

    connector: Any
    vendor: SimulatedVendor
    url: str

    async def fault(self, **fault: Any) -> None:
        """Put a fault in force over HTTP, as a user would."""
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.url}/_sandbox/faults", json=fault)).raise_for_status()


class ConnectorContract:
    """Subclass it as ``TestX(ConnectorContract)``; give ``vendor()``, ``connect(url)``, ``cases()``, ``read(connector)``."""

    def vendor(self) -> SimulatedVendor:
        """A seeded simulated vendor."""
        raise NotImplementedError

    def connect(self, url: str) -> Any:
        """The connector for it, with good credentials."""
        raise NotImplementedError

    def connect_badly(self, url: str) -> Any:
        """The connector with credentials that the vendor refuses."""
        raise NotImplementedError

    def cases(self) -> list[WriteCase]:
        """Every kind of write."""
        return []

    async def read(self, connector: Any) -> Any:
        """A typical read that touches the vendor once or more."""
        raise NotImplementedError

    reads: str = ".*"
    """Matches the path of a call that ``read`` makes (not the token endpoint)."""

    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        vendor = self.vendor()
        async with serving(vendor) as server:
            connector = self.connect(server.url)
            try:
                yield Bench(connector, vendor, server.url)
            finally:
                await connector.aclose()

    async def test_the_check_says_what_it_saw(self, bench: Bench) -> None:
        assert await bench.connector.check()

    async def test_bad_credentials_are_a_matter_of_settings(self, bench: Bench) -> None:
        connector = self.connect_badly(bench.url)
        try:
            with pytest.raises(Misconfigured) as refused:
                await connector.check()
            assert refused.value.remedy
        finally:
            await connector.aclose()

    async def test_a_throttled_read_is_retried_later(self, bench: Bench) -> None:
        await bench.fault(kind="answer", status=429, headers={"Retry-After": "7"}, on={"path": self.reads}, times=None)
        with pytest.raises(Throttled):
            await self.read(bench.connector)

    async def test_an_outage_is_transient(self, bench: Bench) -> None:
        await bench.fault(kind="outage", status=503, seconds=30, on={"path": self.reads})
        with pytest.raises(Failure) as failed:
            await self.read(bench.connector)
        assert failed.value.retryable

    async def test_every_write_declares_itself(self, bench: Bench) -> None:
        for case in self.cases():
            declared = bench.connector.declares(case.kind)
            assert declared.kind == case.kind
            assert (declared.searchable_key is None) == (case.find is None)
            assert (declared.reverse is None) == (case.reverse is None)

    async def test_what_was_written_is_found_by_its_key(self, bench: Bench) -> None:
        for case in self.cases():
            given = await _prepared(case, bench.connector)
            if case.find:
                assert await case.find(bench.connector, given) is None
            written = await case.create(bench.connector, given)
            assert written.target_id
            assert case.held(bench.vendor.state) == 1, case.kind
            if case.find:
                found = await case.find(bench.connector, given)
                assert found is not None, case.kind
                assert found.target_id == written.target_id, case.kind

    async def test_the_same_write_twice_is_one_record(self, bench: Bench) -> None:
        for case in self.cases():
            given = await _prepared(case, bench.connector)
            first = await case.create(bench.connector, given)
            try:
                second = await case.create(bench.connector, given)
            except Conflict:
                assert case.find, case.kind
                second = await case.find(bench.connector, given) or first
            assert second.target_id == first.target_id, case.kind
            assert case.held(bench.vendor.state) == 1, case.kind

    @pytest.mark.parametrize("how", ["lose_answer", "drop_connection"])
    async def test_a_lost_answer_is_undecided_and_then_found(self, bench: Bench, how: str) -> None:
        for case in (c for c in self.cases() if c.find):
            given = await _prepared(case, bench.connector)
            await bench.fault(kind=how, on={"path": case.writes, "method": case.method, "writes": True})
            with pytest.raises(UNDECIDED):
                await case.create(bench.connector, given)
            assert case.find
            if await case.find(bench.connector, given) is None:  # half made: completed, never made twice
                await case.create(bench.connector, given)
            assert await case.find(bench.connector, given) is not None, case.kind
            assert case.held(bench.vendor.state) == 1, case.kind

    async def test_a_refused_write_leaves_nothing(self, bench: Bench) -> None:
        for case in self.cases():
            given = await _prepared(case, bench.connector)
            await bench.fault(kind="answer", status=429, on={"path": case.writes, "method": case.method, "writes": True})
            with pytest.raises(Throttled):
                await case.create(bench.connector, given)
            assert case.held(bench.vendor.state) == 0, case.kind
            await bench.fault(kind="answer", status=503, on={"path": case.writes, "method": case.method, "writes": True})
            with pytest.raises(Unavailable):
                await case.create(bench.connector, given)
            assert case.held(bench.vendor.state) == 0, case.kind

    async def test_the_reverse_undoes_and_may_be_repeated(self, bench: Bench) -> None:
        for case in (c for c in self.cases() if c.reverse):
            given = await _prepared(case, bench.connector)
            written = await case.create(bench.connector, given)
            assert case.reverse and case.is_reversed, case.kind
            await case.reverse(bench.connector, written, given)
            assert case.is_reversed(bench.vendor.state), case.kind
            await case.reverse(bench.connector, written, given)
            assert case.is_reversed(bench.vendor.state), case.kind


async def _prepared(case: WriteCase, connector: Any) -> Any:
    return await case.prepare(connector) if case.prepare else None
