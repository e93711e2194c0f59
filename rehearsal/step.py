"""The steps of a scenario: what people, systems and fate do, one verb each."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from canonical.billable import BillableKind
from canonical.engagement import EngagementStatus
from canonical.exception import Decision
from policies.shape import Shape
from rehearsal.check import Check, RecordKind
from rehearsal.words import Amount, MoneyText, Stretch
from rehearsal.world import SystemName

Source = Literal["connect", "outbound", "poll", "cloudevent"]


class Sign(Shape):
    """Everybody signs a contract. ``terms`` are what they sign other than was sent; a second signature is a new version."""

    contract: str
    terms: dict[str, str] = {}
    webhook: Literal["sent", "lost"] = "sent"


class End(Shape):
    """A contract that is declined by a signer, or voided by the sender."""

    contract: str
    reason: str = "no longer wanted"
    webhook: Literal["sent", "lost"] = "sent"


class Win(Shape):
    """The deal is closed as won."""

    contract: str
    webhook: Literal["sent", "lost"] = "sent"


class Deliver(Shape):
    """The fact that a contract was executed arrives, ``times`` in all, from these sources in turn.

    ``connect`` is DocuSign's webhook, ``outbound`` Salesforce's message, ``poll`` our own asking, ``cloudevent`` a message to
    /events, which may claim a ``version`` (``of record`` for the true one) and a ``value``.
    """

    contract: str
    sources: tuple[Source, ...] = Field(default=("connect",), alias="from", min_length=1)
    times: int = Field(default=1, ge=1)
    concurrent: int = Field(default=1, ge=1)
    events: int = Field(default=1, ge=1, description="over how many event ids the CloudEvents are spread")
    claims: dict[Literal["version", "value"], str] = {}


class Which(Shape):
    """Which calls of a vendor are meant; what is not given matches everything."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str | None = Field(default=None, description="regular expression, searched in the path with its query")
    body: str | None = Field(default=None, description="regular expression, searched in the body")
    writes: bool | None = None


class Fault(Shape):
    """Something that a vendor does wrong from now on; the kinds are those of the simulated systems."""

    system: SystemName
    kind: Literal["answer", "outage", "slow", "lose_answer", "drop_connection", "invisible", "partial"]
    on: Which = Which()
    skip: int = Field(default=0, ge=0)
    times: int | None = 1
    status: int | None = None
    lasts: Stretch = timedelta()
    headers: dict[str, str] = {}
    body: Any = None
    quantity: int = Field(default=0, ge=0)


class Hold(Shape):
    """The next such call is carried out and its answer kept back, until the crash that waits for it."""

    name: str = "held"
    system: SystemName
    on: Which = Which(writes=True)
    skip: int = Field(default=0, ge=0)


class Crash(Shape):
    """The worker is killed with -9 and started again; with ``once_held`` when that call is carried out and unanswered."""

    once_held: str | None = None
    within: Stretch = timedelta(seconds=30)
    stays_down: bool = False


class Wait(Shape):
    """Until an engagement has this status, or an exception of this code waits for a person."""

    contract: str
    status: EngagementStatus | None = None
    exception: str | None = None
    within: Stretch = timedelta(seconds=30)

    @model_validator(mode="after")
    def _waits_for_something(self) -> "Wait":
        if (self.status is None) == (self.exception is None):
            raise ValueError("it must be said what is waited for; give either status or exception")
        return self


class Lookup(Shape):
    """What a person finds who looks into a system: the one live record of that kind."""

    system: SystemName
    kind: RecordKind


class Settle(Shape):
    """A person decides an exception, named by its code (and contract and subject, where several of one code are open)."""

    exception: str
    contract: str | None = None
    subject: str | None = None
    decision: Decision
    by: str
    reason: str = "as the scenario says"
    adopt: str | Lookup | None = Field(default=None, description="the record's id, or where the person finds it")


class Accept(Shape):
    """The customer accepts a milestone, with the record that proves it."""

    contract: str
    milestone: str
    on: date
    by: str = "pat.customer@acme.example"
    evidence: str = "https://firm.example/acceptance"


class PricedRole(Shape):
    """What an hour of a role costs on a line (empty: on every line), from a day on."""

    role: str
    rate: MoneyText
    line: str = ""
    since: date


class Rates(Shape):
    """A version of an engagement's rate card is imported."""

    contract: str
    version: int = 1
    rates: tuple[PricedRole, ...] = Field(min_length=1)
    by: str = "handoff-cli"


class Hours(Shape):
    """Hours of a person on one day, on a task of a contract line."""

    line: str
    role: str
    hours: Amount
    on: date
    person: str = "rhea@firm.example"
    state: Literal["approved", "rejected", "pending"] = "approved"


class RecordTime(Shape):
    """People record time in Kantata, and somebody decides on it."""

    contract: str
    entries: tuple[Hours, ...] = Field(min_length=1)


class Bill(Shape):
    """A billing run: what is due and open through a day, that day included."""

    contract: str
    through: date
    run: str = ""
    kinds: tuple[BillableKind, ...] = Field(default=(), description="only these; none means everything")
    by: str = "fin.okafor@northwind.example"


class Approve(Shape):
    """The second pair of eyes."""

    exception: str
    contract: str | None = None
    subject: str | None = None
    by: str


class ChangeDeal(Shape):
    """People change the deal or the account in the CRM; ``purchase_orders`` replaces them all."""

    contract: str
    purchase_orders: dict[str, str] | None = None
    entity: str | None = None
    tax_number: str | None = None
    street: str | None = None
    city: str | None = None


class ChangeRecords(Shape):
    """Records change in a vendor's system, in its own words, as its seed is written."""

    system: SystemName
    records: dict[str, Any]


class Start(Shape):
    """A person asks for a handoff."""

    contract: str
    by: str = "olga.operations"


class Plan(Shape):
    """A person asks for a dry run, which must name all of these."""

    contract: str
    shows: tuple[str, ...] = ()


class Cancel(Shape):
    """A person withdraws a running handoff."""

    contract: str
    by: str
    reason: str


class Part(Shape):
    """A part of the product."""

    part: Literal["worker", "gateway"] = "worker"


class Lift(Shape):
    """Whose faults end; everybody's unless a system is named."""

    system: SystemName | None = None


class Nothing(Shape):
    """A step without particulars."""


def _brief(model: type[Shape], field: str = "contract") -> BeforeValidator:
    """``sign: C-100`` is short for ``sign: {contract: C-100}``."""

    def whole(given: object) -> object:
        return {field: given} if isinstance(given, str) else given

    return BeforeValidator(whole, json_schema_input_type=model | str)


class Step(Shape):
    """One step: exactly one verb, and if wanted a note that is told while it happens."""

    note: str = ""
    sign: Annotated[Sign, _brief(Sign)] | None = None
    decline: Annotated[End, _brief(End)] | None = None
    void: Annotated[End, _brief(End)] | None = None
    win: Annotated[Win, _brief(Win)] | None = None
    deliver: Annotated[Deliver, _brief(Deliver)] | None = None
    fault: Fault | None = None
    lift: Annotated[Lift, _brief(Lift, "system")] | None = None
    hold: Hold | None = None
    crash: Annotated[Crash, _brief(Crash, "once_held")] | None = None
    bring_up: Annotated[Part, _brief(Part, "part")] | None = None
    wait: Wait | None = None
    settle: Settle | None = None
    approve: Approve | None = None
    accept: Accept | None = None
    rates: Rates | None = None
    record_time: RecordTime | None = None
    take_in_time: Nothing | None = Field(default=None, description="time and expenses are polled now")
    bill: Bill | None = None
    change_deal: ChangeDeal | None = None
    change_records: ChangeRecords | None = None
    advance: Stretch | None = Field(default=None, description="business time and the vendors' clocks move on")
    pause: Stretch | None = Field(default=None, description="real time passes")
    sweep: Nothing | None = None
    start: Annotated[Start, _brief(Start)] | None = None
    plan: Annotated[Plan, _brief(Plan)] | None = None
    cancel: Cancel | None = None
    forget_engine: Nothing | None = Field(
        default=None, description="every workflow execution is deleted, as the engine's retention does in time"
    )
    check: tuple[Check, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_verb(cls, given: object) -> object:
        if isinstance(given, dict):
            verbs = sorted(set(given) - {"note"})
            if len(verbs) != 1:
                raise ValueError(
                    f"a step has one verb, and this one has {', '.join(verbs) or 'none'}; write each as a step of its own"
                )
            # Pydantic passes validators over for a field that is null, and `sweep:` is null in YAML.
            return {name: {} if value is None else value for name, value in given.items()}
        return given

    @property
    def verb(self) -> str:
        """What is done."""
        return next(name for name in type(self).model_fields if name != "note" and getattr(self, name) is not None)

    @property
    def particulars(self) -> Any:
        """With what."""
        return getattr(self, self.verb)
