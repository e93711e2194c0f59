"""One plugin for client, worker and replay: converter, codec, failures, telemetry and the workflow sandbox, always the same."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.plugin import SimplePlugin

from runtime.codec import EncryptionCodec, KeyRing
from runtime.failures import NamedFailures
from runtime.workflow_runner import workflow_runner


def data_converter(ring: KeyRing | None) -> DataConverter:
    """Pydantic in JSON, encrypted under the ring; failure messages and stacks are encrypted with it."""
    converter = DataConverter(payload_converter_class=PydanticPayloadConverter)
    if ring is None:
        return converter
    return dataclasses.replace(
        converter,
        payload_codec=EncryptionCodec(ring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def handoff_plugin(ring: KeyRing | None, *, workflows: Sequence[type[Any]] = ()) -> SimplePlugin:
    """Pass it once, to the client; workers and replayers inherit it."""
    return SimplePlugin(
        "handoff",
        data_converter=data_converter(ring),
        interceptors=[NamedFailures()],
        workflow_runner=workflow_runner(),
        workflows=list(workflows),
    )
