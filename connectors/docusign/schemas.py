"""DocuSign's own shapes, only the fields we use; numbers and booleans are strings there."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from canonical.errors import Malformed


class Shape(BaseModel):
    """Fields we do not name may come and go."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class Tab(Shape):
    """A labelled place in the document that holds a value."""

    tab_label: str = ""
    value: str | None = None


class Tabs(Shape):
    """The kinds of tabs that can hold a term."""

    text_tabs: tuple[Tab, ...] = ()
    number_tabs: tuple[Tab, ...] = ()
    numerical_tabs: tuple[Tab, ...] = ()
    formula_tabs: tuple[Tab, ...] = ()
    date_tabs: tuple[Tab, ...] = ()
    list_tabs: tuple[Tab, ...] = ()

    @property
    def all(self) -> tuple[Tab, ...]:
        """Every tab with a value."""
        return (
            *self.text_tabs,
            *self.number_tabs,
            *self.numerical_tabs,
            *self.formula_tabs,
            *self.date_tabs,
            *self.list_tabs,
        )


class Signer(Shape):
    """Somebody who signs."""

    name: str = ""
    status: str = ""
    tabs: Tabs = Tabs()


class Recipients(Shape):
    """Those who sign, remotely or on the spot."""

    signers: tuple[Signer, ...] = ()
    in_person_signers: tuple[Signer, ...] = ()

    @property
    def all(self) -> tuple[Signer, ...]:
        """Everybody who signs."""
        return (*self.signers, *self.in_person_signers)


class CustomField(Shape):
    """A field of the envelope itself."""

    name: str
    value: str | None = None


class CustomFields(Shape):
    """All of them."""

    text_custom_fields: tuple[CustomField, ...] = ()
    list_custom_fields: tuple[CustomField, ...] = ()


class Instants(Shape):
    """When an envelope reached each status."""

    status: str = ""
    sent_date_time: datetime | None = None
    delivered_date_time: datetime | None = None
    completed_date_time: datetime | None = None
    declined_date_time: datetime | None = None
    voided_date_time: datetime | None = None
    status_changed_date_time: datetime | None = None
    custom_fields: CustomFields = CustomFields()

    def reached(self, status: str) -> datetime | None:
        """When it reached that status, if it has a time of its own."""
        times: dict[str, datetime | None] = {
            "sent": self.sent_date_time,
            "delivered": self.delivered_date_time,
            "completed": self.completed_date_time,
            "declined": self.declined_date_time,
            "voided": self.voided_date_time,
        }
        return times.get(status)


class Envelope(Instants):
    """One envelope over REST, with the parts that were asked for."""

    envelope_id: str
    status: str
    status_changed_date_time: datetime
    email_subject: str = ""
    recipients: Recipients = Recipients()


class ServedAccount(BaseModel):
    """An account of the user, and the host that serves it."""

    account_id: str
    account_name: str = ""
    is_default: bool = False
    base_uri: str


class UserInfo(BaseModel):
    """The user's accounts."""

    accounts: tuple[ServedAccount, ...]


class MessageBody(Shape):
    """What a Connect message is about."""

    account_id: str
    envelope_id: str = Field(min_length=1)
    envelope_summary: Instants = Instants()


class Heading(Shape):
    """What a Connect message says first: not all are about envelopes."""

    event: str


class Message(Shape):
    """A Connect message (JSON, send individual messages)."""

    event: str
    generated_date_time: datetime
    data: MessageBody


Model = TypeVar("Model", bound=BaseModel)


def read(system: str, model: type[Model], item: object, *, remedy: str) -> Model:
    """The item in that shape; what is missing or unreadable is named."""
    try:
        return model.model_validate(item)
    except ValidationError as error:
        raise _unreadable(f"An answer of {system}", model, error, remedy) from error


def read_json(system: str, model: type[Model], body: bytes, *, remedy: str) -> Model:
    """A delivered body in that shape."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _unreadable(f"A delivery to /webhooks/{system}", model, error, remedy) from error


def _unreadable(what: str, model: type[BaseModel], error: ValidationError, remedy: str) -> Malformed:
    fields = ", ".join(".".join(map(str, each["loc"])) or "the whole body" for each in error.errors())
    return Malformed(f"{what} cannot be read: {fields}", remedy=remedy, evidence={"shape": model.__name__, "fields": fields})
