"""The business processes, one a file; WORKFLOWS is what the worker, the replayer and the tests use."""

from typing import Any

from workflows.engagement import EngagementWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.provision_project import ProvisionProjectWorkflow
from workflows.sweep import SweepWorkflow

WORKFLOWS: tuple[type[Any], ...] = (
    EngagementWorkflow,
    IdentifyEventWorkflow,
    PlanProjectWorkflow,
    ProvisionProjectWorkflow,
    SweepWorkflow,
)
