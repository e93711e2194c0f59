"""The reusable services of R105, classified by latency, volume and control (R106, R108), and the writes that carry each out."""

from enum import StrEnum

from canonical.landscape import Capability
from policies.shape import Shape


class Latency(StrEnum):
    """How soon it must be done."""

    REAL_TIME = "real-time"
    NEAR_REAL_TIME = "near real-time"
    SCHEDULED = "scheduled"


class Volume(StrEnum):
    """How much of it there is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Control(StrEnum):
    """How strictly it is controlled."""

    CONTROL_POINT = "control point"
    VALIDATED = "validated"
    INFORMATIONAL = "informational"


class Style(StrEnum):
    """Whether the caller waits."""

    SYNCHRONOUS = "synchronous"
    ASYNCHRONOUS = "asynchronous"


class Service(Shape):
    """One governed service."""

    name: str
    latency: Latency
    volume: Volume
    control: Control
    style: Style = Style.ASYNCHRONOUS
    writes: tuple[tuple[Capability, str], ...] = ()


SERVICES: tuple[Service, ...] = (
    Service(
        name="customer sync",
        latency=Latency.REAL_TIME,
        volume=Volume.LOW,
        control=Control.CONTROL_POINT,
        writes=((Capability.CUSTOMERS, "customer"),),
    ),
    Service(
        name="contract creation",
        latency=Latency.REAL_TIME,
        volume=Volume.LOW,
        control=Control.CONTROL_POINT,
        writes=((Capability.BILLING, "schedule"),),
    ),
    Service(
        name="project provisioning",
        latency=Latency.REAL_TIME,
        volume=Volume.LOW,
        control=Control.CONTROL_POINT,
        writes=(
            (Capability.PSA, "project"),
            (Capability.PSA, "phases"),
            (Capability.PSA, "activation"),
            (Capability.PROJECT_ACCOUNTING, "project"),
            (Capability.PROJECT_ACCOUNTING, "phases"),
            (Capability.DOCUMENTS, "workspace"),
            (Capability.DOCUMENTS, "document"),
            (Capability.CRM, "write_back"),
        ),
    ),
    Service(
        name="resource assignment",
        latency=Latency.NEAR_REAL_TIME,
        volume=Volume.MEDIUM,
        control=Control.VALIDATED,
        writes=((Capability.PSA, "staffing"),),
    ),
    Service(name="time and expense ingestion", latency=Latency.NEAR_REAL_TIME, volume=Volume.HIGH, control=Control.VALIDATED),
    Service(name="approved-time posting", latency=Latency.NEAR_REAL_TIME, volume=Volume.HIGH, control=Control.CONTROL_POINT),
    Service(
        name="billable expense submission", latency=Latency.NEAR_REAL_TIME, volume=Volume.MEDIUM, control=Control.CONTROL_POINT
    ),
    Service(name="billing-event submission", latency=Latency.REAL_TIME, volume=Volume.MEDIUM, control=Control.CONTROL_POINT),
    Service(name="invoice request", latency=Latency.REAL_TIME, volume=Volume.MEDIUM, control=Control.CONTROL_POINT),
    Service(
        name="invoice status",
        latency=Latency.NEAR_REAL_TIME,
        volume=Volume.MEDIUM,
        control=Control.INFORMATIONAL,
        style=Style.SYNCHRONOUS,
    ),
    Service(
        name="payment status",
        latency=Latency.NEAR_REAL_TIME,
        volume=Volume.MEDIUM,
        control=Control.INFORMATIONAL,
        style=Style.SYNCHRONOUS,
    ),
)
