"""Connecting to Temporal: dev server, cluster or Temporal Cloud, by settings alone."""

import asyncio
from pathlib import Path

from temporalio.client import Client, Plugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError, TLSConfig

from canonical.errors import NotReached
from runtime.settings import TemporalSettings

_TRIES, _FIRST_WAIT = 6, 0.25


async def connect(settings: TemporalSettings, *, plugins: list[Plugin], runtime: Runtime | None = None) -> Client:
    """A client for the life of the process; waits a few seconds for a server that is just starting, then says what to do."""
    for attempt in range(_TRIES):
        try:
            return await Client.connect(
                settings.address,
                namespace=settings.namespace,
                api_key=settings.api_key.get_secret_value() if settings.api_key else None,
                tls=_tls(settings),
                plugins=plugins,
                runtime=runtime,
            )
        except (RuntimeError, RPCError) as error:
            if attempt == _TRIES - 1:
                raise NotReached(
                    f"Temporal does not answer at {settings.address}",
                    remedy="Start it with `handoff up`, or set HANDOFF_TEMPORAL__ADDRESS to one that runs.",
                    evidence={"address": settings.address, "error": error},
                ) from error
            await asyncio.sleep(_FIRST_WAIT * 2**attempt)
    raise AssertionError("unreachable")


def _tls(settings: TemporalSettings) -> TLSConfig | bool:
    if settings.tls_certificate or settings.tls_authority:
        return TLSConfig(
            server_root_ca_cert=_bytes(settings.tls_authority),
            client_cert=_bytes(settings.tls_certificate),
            client_private_key=_bytes(settings.tls_key),
        )
    return settings.tls or settings.api_key is not None


def _bytes(file: Path | None) -> bytes | None:
    return file.read_bytes() if file else None
