"""Telemetry of a process: OpenTelemetry traces through every hop, metrics of the SDK, structured logs with business ids."""

import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from temporalio.client import Plugin
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from runtime.settings import TelemetrySettings

_BUSINESS_FIELDS = ("temporal_workflow", "temporal_activity", "engagement", "correlation", "system")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the ids that Temporal's loggers bring."""

    def format(self, record: logging.LogRecord) -> str:
        """Only these fields: what is not listed is not written, so that nothing private slips in."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in _BUSINESS_FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_to_stderr(level: str) -> None:
    """Structured logs of the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def traced(service: str, settings: TelemetrySettings) -> list[Plugin]:
    """Temporal's tracing plugin and an exporter, where an endpoint is given."""
    if not settings.otlp_endpoint:
        return []
    provider = create_tracer_provider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    return [OpenTelemetryPlugin(add_temporal_spans=True)]


def temporal_runtime(settings: TelemetrySettings) -> Runtime | None:
    """The SDK's runtime with its metrics for Prometheus; None for the default one."""
    if not settings.metrics_address:
        return None
    metrics = PrometheusConfig(bind_address=settings.metrics_address, durations_as_seconds=True, counters_total_suffix=True)
    return Runtime(telemetry=TelemetryConfig(metrics=metrics), worker_heartbeat_interval=timedelta(seconds=60))
