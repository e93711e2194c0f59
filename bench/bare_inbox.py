"""The bare acknowledgement: the same server as our gateway, with a route that inserts the body and does nothing else."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

from runtime.embedded.postgres import APP
from runtime.settings import Settings

TABLE = f"""
CREATE TABLE bare_inbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, received_at timestamptz DEFAULT now(), body bytea
);
GRANT SELECT, INSERT ON bare_inbox TO {APP}
"""
_INSERT = "INSERT INTO bare_inbox (body) VALUES ($1)"


def create_app(settings: Settings) -> FastAPI:
    """One route; a pool of as many connections as ours."""
    pools: list[asyncpg.Pool[asyncpg.Record]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        most = settings.database.connections
        async with asyncpg.create_pool(settings.database.dsn.get_secret_value(), min_size=1, max_size=most) as pool:
            pools.append(pool)
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.post("/webhooks/bare")
    async def receive(request: Request) -> Response:
        await pools[0].execute(_INSERT, await request.body())
        return Response("{}", media_type="application/json")

    @app.get("/health")
    async def health() -> Response:
        return Response("{}", media_type="application/json")

    return app


async def serve(settings: Settings, port: int) -> None:
    """Until told to stop; served as gateway/__main__.py serves ours."""
    config = uvicorn.Config(create_app(settings), host=settings.gateway.host, port=port, log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(serve(Settings(), int(sys.argv[1])))
