"""The page of settings, from runtime/settings and each connector's own."""

import inspect
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors.registry import VENDORS
from docs.markdown import NOTE, table
from runtime.settings import Settings

MEANINGS = {
    "environment": "`production` refuses to start without key ring, database and issuer, and protects the codec endpoint",
    "home": "where the embedded stack keeps its state",
    "policies": "the folder of the firm's policies",
    "keyring": "the ring of keys that encrypts Temporal's payloads; none: nothing is encrypted",
    "temporal.address": "host and port of a dev server, a cluster or Temporal Cloud",
    "temporal.namespace": "with our search attributes",
    "temporal.api_key": "of Temporal Cloud; switches TLS on",
    "temporal.tls": "TLS with the machine's certificate authorities",
    "temporal.tls_certificate": "client certificate (mutual TLS), PEM file",
    "temporal.tls_key": "its private key, PEM file",
    "temporal.tls_authority": "the server's certificate authority, PEM file",
    "database.dsn": "PostgreSQL as the role that owns nothing: `postgresql://role:password@host:port/database`",
    "database.owner_dsn": "as the owner, for migrations only; neither gateway nor worker needs it",
    "database.connections": "of each process",
    "gateway.host": "the address to listen on",
    "gateway.port": "the port to listen on",
    "gateway.audience": "of the tokens",
    "gateway.codec_origins": "from where a browser may ask the codec endpoint (JSON list): the address of the Web UI",
    "telemetry.otlp_endpoint": "OTLP over HTTP; empty: nothing is sent",
    "telemetry.log_level": "structured logs go to stderr",
    "worker.workflow_tasks": "at once in one process",
    "worker.activities": "at once in one process and queue",
    "worker.cached_workflows": "kept in memory, so that a signal needs no replay",
    "salesforce: api_version": "of the REST API",
    "docusign: page_size": "envelopes a page",
    "kantata: base_url": "the API's address",
    "kantata: concurrent_calls": "calls of this process under way at once",
    "netsuite: credentials.consumer_key": "of the integration record",
    "netsuite: credentials.consumer_secret": "of the integration record",
    "netsuite: credentials.token_id": "of the access token",
    "netsuite: credentials.token_secret": "of the access token",
    "netsuite: credentials.client_id": "of the integration record",
    "netsuite: credentials.certificate_id": "as the account shows it for the mapping of the certificate",
    "netsuite: credentials.algorithm": "`PS256` or `ES256`, as the key is",
    "netsuite: subsidiaries": 'internal id of the subsidiary by our legal entity: `{US01: "1"}`',
    "netsuite: dimensions": "by dimension the custom field of projects, and whether it holds `text` or a `reference`",
    "netsuite: billing_types.milestones": "fixed bid, by milestones",
    "netsuite: billing_types.time": "time and materials",
    "netsuite: statuses.pending": "a project that is half made",
    "netsuite: statuses.open": "a project that is whole",
    "netsuite: statuses.closed": "a project that was withdrawn",
    "sharepoint: client_id": "the application's id",
    "sharepoint: fragment": "bytes of a fragment: a multiple of 320 KiB, below 60 MiB",
}


def settings_page() -> str:
    """Ours by variable, then each connector's by field."""
    sections = [
        "# Settings",
        NOTE,
        "## Variables of the environment",
        "Temporal, PostgreSQL, keys and surfaces are settings of the machine. `handoff doctor` checks them all.",
        table(("Variable", "Default", "Meaning"), _ours(Settings, "")),
        "`HANDOFF_APP_ROLE` names the role to which `python -m ledger.migrations.run` grants, where it is not `handoff_app`.",
        "## Systems",
        "A system's settings stand in `landscape.yaml` of your policies under `systems.NAME.settings`. Secrets stand there as\n"
        "references: `env:NAME` or `file:PATH`. A duration is ISO 8601 (`PT5M`) or seconds. Every system also takes `timing`\n"
        "with `read_timeout`, and with `upstream_timeout` and `visibility_delay`, which replace what the connector declares;\n"
        "`unsearchable` lists the kinds of write that this account cannot find again: a lost answer of theirs goes to a person.",
    ]
    for name, vendor in VENDORS.items():
        sections += [f"### {name}", table(("Field", "Default", "Meaning"), _theirs(vendor.settings, name))]
    return "\n\n".join(sections) + "\n"


def _ours(model: type[BaseModel], prefix: str) -> Iterator[Sequence[str]]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _ours(field.annotation, f"{path}.")
        else:
            meaning = MEANINGS.get(path) or field.description or ""
            yield f"`HANDOFF_{path.upper().replace('.', '__')}`", _default(field), meaning


def _theirs(model: type[BaseModel], vendor: str, prefix: str = "") -> Iterator[Sequence[str]]:
    for name, field in model.model_fields.items():
        path, models = f"{prefix}{name}", _models(field)
        if name == "timing":
            continue
        for one in models:
            kind = one.model_fields["kind"].default if "kind" in one.model_fields else ""
            yield f"`{path}.kind: {kind}`" if kind else f"`{path}`", "", inspect.cleandoc(one.__doc__ or "")
            yield from _theirs(one, vendor, f"{path}.")
        if not models and name != "kind":
            meaning = field.description or MEANINGS.get(f"{vendor}: {path}", "")
            yield f"`{path}`", _default(field), meaning.replace("<", "&lt;")


def _models(field: FieldInfo) -> list[type[BaseModel]]:
    parts = [field.annotation, *get_args(field.annotation)]
    if str(field.annotation).startswith("dict"):
        return []
    return [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    match value:
        case None | "" | () | {} | []:
            return ""
        case timedelta():
            return f"{int(value.total_seconds())} s"
        case Path():
            return f"`{value.as_posix()}`"
        case dict():
            return ", ".join(f"`{name}`" for name in value)
        case tuple() | list():
            return ", ".join(f"`{one}`" for one in value)
        case _:
            return f"`{value}`"
