"""Documents made from what is in force: the handoff catalogue (C10) and the interface catalogue (C5), as data and Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from canonical.landscape import Capability
from canonical.written import Declaration
from policies.control_point import ControlPointName
from policies.escalation import Chain
from policies.firm import Policies
from policies.services import SERVICES, Service
from policies.shape import Shape


class ExceptionPath(Shape):
    """What a rule's exception means for people."""

    code: str
    validation: str
    owner: str
    due_hours: str
    escalation: str
    decisions: tuple[str, ...]
    second_person: str


class HandoffEntry(Shape):
    """One control point as it holds for all entities (``entity`` empty) or for one."""

    control_point: ControlPointName
    title: str
    entity: str = ""
    trigger: str
    owner: str
    escalation: str
    exceptions: tuple[ExceptionPath, ...]


class DeclaredWrite(Shape):
    """What a connector says of one kind of write, and where it stands in the landscape."""

    system: str
    capability: Capability
    declaration: Declaration


class InterfaceEntry(Shape):
    """One interface: how fast, how much, how it is controlled, and how a write is found again and undone."""

    service: str
    latency: str
    volume: str
    control: str
    style: str
    system: str = ""
    capability: str = ""
    write: str = ""
    idempotency_field: str = ""
    look_up_delay: timedelta | None = None
    reverse: str = ""


def handoff_catalogue(policies: Policies, on: date) -> tuple[HandoffEntry, ...]:
    """Each control point in force, and each entity that has it otherwise."""
    entries: list[HandoffEntry] = []
    points = policies.contracts.on(on).control_points
    for name in ControlPointName:
        entries += [_handoff(policies, on, name, entity) for entity in ("", *sorted(points[name].by_entity))]
    return tuple(entries)


def _handoff(policies: Policies, on: date, name: ControlPointName, entity: str) -> HandoffEntry:
    point = policies.contracts.on(on).control_points[name]
    responsibility = point.responsibility(entity)
    return HandoffEntry(
        control_point=name,
        title=point.title,
        entity=entity,
        trigger=point.trigger,
        owner=responsibility.owner,
        escalation=_told(responsibility.escalation),
        exceptions=tuple(_exception(policies, on, rule.code, rule.says, entity) for rule in point.rules),
    )


def _exception(policies: Policies, on: date, code: str, says: str, entity: str) -> ExceptionPath:
    rule = policies.exceptions.on(on).rule(code, entity)
    return ExceptionPath(
        code=code,
        validation=says,
        owner=rule.owner,
        due_hours=f"{rule.due_hours:f}",
        escalation=_told(rule.escalation),
        decisions=tuple(decision.value for decision in rule.decisions),
        second_person=_second_person(rule.second_person.above, rule.second_person.when) if rule.second_person else "",
    )


def _told(chain: Chain) -> str:
    return ", ".join(f"{step.to} after {step.after_hours:f} h" for step in chain)


def _second_person(above: Sequence[object], when: str | None) -> str:
    limits = f"above {' or '.join(map(str, above))}" if above else ""
    return " or ".join(part for part in (limits, f"when {when}" if when else "") if part)


def interface_catalogue(writes: Iterable[DeclaredWrite]) -> tuple[InterfaceEntry, ...]:
    """Every service of R105 with the writes that carry it out; one that nothing carries out yet is shown without a system."""
    declared = list(writes)
    return tuple(entry for service in SERVICES for entry in _interfaces(service, declared))


def _interfaces(service: Service, declared: Sequence[DeclaredWrite]) -> Iterator[InterfaceEntry]:
    common = {"service": service.name, **{key: getattr(service, key).value for key in ("latency", "volume", "control", "style")}}
    carried = [one for one in declared if (one.capability, one.declaration.kind) in service.writes]
    if not carried:
        yield InterfaceEntry(**common)
    for one in carried:
        yield InterfaceEntry(
            **common,
            system=one.system,
            capability=one.capability.value,
            write=one.declaration.kind,
            idempotency_field=one.declaration.searchable_key or "none: asks a person",
            look_up_delay=one.declaration.settles_after,
            reverse=one.declaration.reverse or "",
        )


def handoffs_as_markdown(entries: Sequence[HandoffEntry]) -> str:
    """The handoff catalogue as a page."""
    return "\n\n".join(["# Handoff catalogue", *(_handoff_section(entry) for entry in entries)]) + "\n"


def _handoff_section(entry: HandoffEntry) -> str:
    heading = f"## {entry.title}" + (f" in {entry.entity}" if entry.entity else "")
    facts = f"Trigger: {entry.trigger}.  \nOwner: {entry.owner}; then {entry.escalation}."
    rows = [
        (path.validation, path.code, path.owner, path.due_hours, path.escalation, ", ".join(path.decisions), path.second_person)
        for path in entry.exceptions
    ]
    headers = ("What must hold", "Otherwise", "Owner", "Due (business hours)", "Escalation", "Decisions", "Second person")
    return "\n\n".join((heading, facts, _table(headers, rows)))


def interfaces_as_markdown(entries: Sequence[InterfaceEntry]) -> str:
    """The interface catalogue as a page."""
    headers = (
        "Service",
        "Latency",
        "Volume",
        "Control",
        "Style",
        "System",
        "Write",
        "Found again by",
        "Look-up after",
        "Undone by",
    )
    rows = [
        (
            entry.service, entry.latency, entry.volume, entry.control, entry.style, entry.system or "served by nobody",
            entry.write, entry.idempotency_field, _seconds(entry.look_up_delay), entry.reverse,
        )
        for entry in entries
    ]  # fmt: skip
    return f"# Interface catalogue\n\n{_table(headers, rows)}\n"


def _seconds(delay: timedelta | None) -> str:
    return "" if delay is None else f"{delay // timedelta(seconds=1)} s"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
