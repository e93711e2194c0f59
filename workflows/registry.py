"""WORKFLOWS: what the worker, the replayer and the tests use.

A module of its own, since the workflow sandbox reloads this package for each workflow and must not reload the siblings with it.
"""

from typing import Any

from workflows.check_systems import CheckSystemsWorkflow
from workflows.engagement import EngagementWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.provision_project import ProvisionProjectWorkflow
from workflows.sweep import SweepWorkflow

WORKFLOWS: tuple[type[Any], ...] = (
    CheckSystemsWorkflow,
    EngagementWorkflow,
    IdentifyEventWorkflow,
    PlanProjectWorkflow,
    ProvisionProjectWorkflow,
    SweepWorkflow,
)
