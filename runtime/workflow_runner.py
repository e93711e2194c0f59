"""Temporal's workflow sandbox: on, with each passthrough and its reason, and a guard that makes an unmeant one an error."""

from temporalio import workflow
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from canonical.money import Money
from canonical.party import Address

PASSED_THROUGH = (
    "canonical",  # pure models, loaded once for all workflow instances: 2 ms instead of 32 ms each
    "activities",  # names and message models only: activities depend on Protocols, so no I/O comes along
    "pydantic_core",
    "annotated_types",
    "babel",  # currencies' minor units, read-only tables
    "pycountry",  # ISO tables, read-only
    "dateutil",  # date arithmetic
    "stdnum",  # tax-number checks, pure
)
_POLICY = workflow.SandboxImportNotificationPolicy


def workflow_runner() -> SandboxedWorkflowRunner:
    """The runner that worker, replayer and tests share."""
    read_tables()
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    guarded = restrictions.with_import_notification_policy(
        _POLICY.WARN_ON_DYNAMIC_IMPORT | _POLICY.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
    return SandboxedWorkflowRunner(restrictions=guarded)


def read_tables() -> None:
    """Some libraries open their tables at first use, which inside a workflow is forbidden: results hold amounts."""
    Address(country="US")
    Money.of(1, "USD").rounded()
