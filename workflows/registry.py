"""WORKFLOWS: what the worker, the replayer and the tests use.

A module of its own, since the workflow sandbox reloads this package for each workflow and must not reload the siblings with it.
"""

from typing import Any

from workflows.apply_credit import ApplyCreditWorkflow
from workflows.bill_milestone import BillMilestoneWorkflow
from workflows.bill_recurring import BillRecurringWorkflow
from workflows.bill_time import BillTimeWorkflow
from workflows.check_systems import CheckSystemsWorkflow
from workflows.close_period import ClosePeriodWorkflow
from workflows.credit_and_rebill import CreditAndRebillWorkflow
from workflows.engagement import EngagementWorkflow
from workflows.expire_retainer import ExpireRetainerWorkflow
from workflows.follow_invoice import FollowInvoiceWorkflow
from workflows.follow_rates import FollowRatesWorkflow
from workflows.identify_event import IdentifyEventWorkflow
from workflows.judge_close import JudgeCloseWorkflow
from workflows.plan_project import PlanProjectWorkflow
from workflows.poll_receivables import PollReceivablesWorkflow
from workflows.post_charges import PostChargesWorkflow
from workflows.provision_project import ProvisionProjectWorkflow
from workflows.recognize_revenue import RecognizeRevenueWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.release_invoice import ReleaseInvoiceWorkflow
from workflows.start_closes import StartClosesWorkflow
from workflows.sweep import SweepWorkflow
from workflows.take_deposit import TakeDepositWorkflow

WORKFLOWS: tuple[type[Any], ...] = (
    ApplyCreditWorkflow,
    BillMilestoneWorkflow,
    BillRecurringWorkflow,
    BillTimeWorkflow,
    CheckSystemsWorkflow,
    CreditAndRebillWorkflow,
    ClosePeriodWorkflow,
    EngagementWorkflow,
    FollowRatesWorkflow,
    FollowInvoiceWorkflow,
    ExpireRetainerWorkflow,
    IdentifyEventWorkflow,
    JudgeCloseWorkflow,
    PlanProjectWorkflow,
    PostChargesWorkflow,
    PollReceivablesWorkflow,
    ProvisionProjectWorkflow,
    RecognizeRevenueWorkflow,
    ReconcileWorkflow,
    ReleaseInvoiceWorkflow,
    StartClosesWorkflow,
    SweepWorkflow,
    TakeDepositWorkflow,
)
