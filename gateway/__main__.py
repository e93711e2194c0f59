"""Serves the gateway: ``python -m gateway``."""

import asyncio

import uvicorn

from gateway.app import create_app
from operations.landscape import webhook_readers
from operations.office import open_office
from runtime.codec import EncryptionCodec, KeyRing
from runtime.pauses import leave_out_what_stays
from runtime.settings import Settings
from runtime.telemetry import log_to_stderr


async def serve(settings: Settings) -> None:
    """Until told to stop."""
    codec = EncryptionCodec(KeyRing.read(settings.keyring)) if settings.keyring else None
    async with open_office(settings) as office:
        app = create_app(office, webhook_readers(office.policies), settings, codec)
        where = settings.gateway
        config = uvicorn.Config(
            app,
            host=where.host,
            port=where.port,
            timeout_keep_alive=75,
            log_config=None,
            access_log=False,  # the address of a Salesforce delivery is a secret
            server_header=False,
        )
        server = uvicorn.Server(config)
        leave_out_what_stays()
        await server.serve()


def main() -> None:
    """Settings from the environment."""
    settings = Settings()
    log_to_stderr(settings.telemetry.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
