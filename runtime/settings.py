"""Settings of the machine: where Temporal, PostgreSQL, policies and keys are; built in main(), never at import.

Every field is a variable of the environment with the prefix HANDOFF_ and `__` between levels (HANDOFF_TEMPORAL__ADDRESS).
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class TemporalSettings(BaseModel):
    """A dev server, a cluster or Temporal Cloud. TLS files and API key as Temporal's own clients take them."""

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    api_key: SecretStr | None = None
    tls: bool = False
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_authority: Path | None = None


class DatabaseSettings(BaseModel):
    """PostgreSQL: ``dsn`` of the role that owns nothing, ``owner_dsn`` only for migrations."""

    dsn: SecretStr = SecretStr("")
    owner_dsn: SecretStr | None = None
    connections: int = Field(default=10, ge=1, le=200)


class GatewaySettings(BaseModel):
    """Where we listen, who may call, and how large a body may be."""

    host: str = "127.0.0.1"
    port: int = 8080
    largest_body: int = Field(default=1_000_000, description="bytes")
    issuer: str = Field(default="", description="issuer of the JSON Web Tokens that people and clients bring")
    audience: str = "handoff"
    jwks_url: str = Field(default="", description="where the issuer publishes its keys")
    keys: Path | None = Field(default=None, description="file of local API keys (hashes), for the embedded stack")
    codec_origins: list[str] = ["http://127.0.0.1:8233", "http://localhost:8233"]


class TelemetrySettings(BaseModel):
    """OTLP out; nothing is sent while the endpoint is empty."""

    otlp_endpoint: str = ""
    metrics_address: str = Field(default="", description="host:port for Prometheus to scrape the SDK's metrics")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class WorkerSettings(BaseModel):
    """How much one worker process takes on."""

    workflow_tasks: int = Field(default=100, ge=1)
    activities: int = Field(default=100, ge=1)
    cached_workflows: int = Field(default=1000, ge=0)


class Settings(BaseSettings):
    """All of it."""

    model_config = SettingsConfigDict(env_prefix="HANDOFF_", env_nested_delimiter="__", extra="ignore")
    environment: Literal["development", "production"] = "development"
    home: Path = Path(".handoff")
    policies: Path = Path("policies/demo")
    keyring: Path | None = None
    temporal: TemporalSettings = TemporalSettings()
    database: DatabaseSettings = DatabaseSettings()
    gateway: GatewaySettings = GatewaySettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    worker: WorkerSettings = WorkerSettings()

    @model_validator(mode="after")
    def _production_has_no_defaults(self) -> "Settings":
        if self.environment == "production":
            missing = [
                name
                for name, value in (
                    ("HANDOFF_KEYRING", self.keyring),
                    ("HANDOFF_DATABASE__DSN", self.database.dsn.get_secret_value()),
                    ("HANDOFF_GATEWAY__ISSUER", self.gateway.issuer),
                )
                if not value
            ]
            if missing:
                raise ValueError(f"in production these must be set: {', '.join(missing)}")
        return self
