"""How records come to be and change: validated, then stored with their external reference, custom fields and event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.kantata import changes, submissions
from sandbox.kantata.events import note
from sandbox.kantata.index import Record, State, enter, having, leave, references_of
from sandbox.kantata.kinds import KINDS, Kind
from sandbox.kantata.line_item_kinds import SUBMISSIONS
from sandbox.kantata.refusals import Invalid, Refusal
from sandbox.kantata.rules import RULES, refuse_second_of_service
from sandbox.kantata.values import accepted, broken_fields

_SAME_VALUE = ("subject_type", "subject_id", "custom_field_id")


def dated(now: datetime) -> Record:
    """The times of a new record."""
    return {"created_at": now.isoformat(), "updated_at": now.isoformat()}


def seeded(state: State, kind: Kind, number: str, given: Record, now: datetime) -> None:
    """Put a record of a seed in its place, with what it leaves out."""
    record = {"id": number, **dated(now), **given}
    changes.normal(kind.plural, record)
    if kind.plural in RULES:
        RULES[kind.plural](state, record, True)
    if kind.plural == "external_references":
        record.setdefault("last_synced_at", record["updated_at"])
    enter(state, kind.plural, record | {"_subject_type": kind.subject_type})


def is_hidden(state: State, kind: Kind, record: Record, now: datetime) -> bool:
    """Whether a new record is not yet found by searches."""
    until = state["hidden_until"].get(f"{kind.plural}/{record['id']}")
    return until is not None and now < datetime.fromisoformat(until)


@dataclass
class Writer:
    """One call's writes: who makes them, when, and for how long searches do not see what is new."""

    state: State
    user: Record
    now: datetime
    invisible_seconds: float | None = None

    def create_all(self, kind: Kind, given: Iterable[Record], *, without_reference: bool = False) -> list[Record]:
        """All of them or none: an invalid record undoes the whole call."""
        before = self.state["next_id"]
        try:
            return [self.create(kind, each, without_reference=without_reference) for each in given]
        except Refusal:
            for plural in KINDS:
                for number in [n for n in self.state[plural] if n.isdigit() and before < int(n) <= self.state["next_id"]]:
                    leave(self.state, plural, self.state[plural][number])
            raise

    def create(self, kind: Kind, given: Record, *, without_reference: bool = False) -> Record:
        """Store a record."""
        taken = accepted(kind, given)
        reference, fields = taken.pop("external_reference", None), taken.pop("custom_fields", None)
        record: Record = {"id": "", **self._with_resource(kind, taken)}
        if "user" in kind.includes and kind.plural in changes.BY_CHANGE:
            record.setdefault("user_id", self.user["user_id"])
        RULES[kind.plural](self.state, record, True)
        record |= {
            "id": self._next_id(),
            "creator_id": self.user["user_id"],
            "_subject_type": kind.subject_type,
            **dated(self.now),
        }
        if kind.plural == "custom_field_values":
            self._drop_old_value(record)
        enter(self.state, kind.plural, record)
        if kind.plural in SUBMISSIONS:
            submissions.submit(self.state, kind.plural, record)
        self._hide(kind.plural, record["id"])
        if reference and not without_reference:
            self.refer(kind, record["id"], reference)
        self._set_custom_fields(kind, record["id"], fields)
        self._note(kind, record["id"], "created")
        return record

    def update(self, kind: Kind, record: Record, given: Record) -> Record:
        """Change a record."""
        self.may_change(kind, record)
        taken = accepted(kind, given)
        reference, fields = taken.pop("external_reference", None), taken.pop("custom_fields", None)
        changed = {**record, **taken}
        RULES[kind.plural](self.state, changed, False)
        if reference:
            refuse_second_of_service(self.state, kind.subject_type, record["id"], reference["service_name"])
            self.refer(kind, record["id"], reference)
        self._set_custom_fields(kind, record["id"], fields)
        changes.forget(self.state, kind.plural, record)
        if kind.plural == "stories" and changed["state"] != record["state"]:
            self._keep_state(changed)
        record.clear()
        record.update(changed, updated_at=self.now.isoformat())
        enter(self.state, kind.plural, record)
        self._note(kind, record["id"], "updated")
        return record

    def may_change(self, kind: Kind, record: Record) -> None:
        """Refuse to touch a line item that is on a submission."""
        if kind in SUBMISSIONS.values():
            submissions.refuse_if_submitted(self.state, record)

    def delete(self, kind: Kind, record: Record) -> None:
        """Take a record away; only an event tells of it."""
        self.may_change(kind, record)
        leave(self.state, kind.plural, record)
        self._note(kind, record["id"], "deleted")

    def resolve(self, kind: Kind, submission: Record, action: str, text: str) -> None:
        """Decide on a submission. Documented: it may make several events, of the submission and of each item."""
        submissions.resolve(self.state, kind.plural, submission, action, text=text, user=self.user, now=self.now)
        self._note(kind, submission["id"], "updated")
        for item in submissions.items_on(self.state, kind.plural, submission):
            self._note(SUBMISSIONS[kind.plural], item["id"], "updated")

    def refer(self, kind: Kind, number: str, given: Record) -> Record:
        """Create or update the external reference of a record for that service."""
        own = references_of(self.state, kind.subject_type, number)
        now = self.now.isoformat()
        record = next((r for r in own if r["service_name"] == given["service_name"]), None)
        if record is None:
            record = {"id": self._next_id(), "created_at": now, "status": "successful", "_subject_type": "ExternalReference"}
            self._hide("external_references", record["id"])
        record.update(accepted(KINDS["external_references"], given), subject_type=kind.subject_type, subject_id=number)
        record.update(updated_at=now, last_synced_at=now)
        enter(self.state, "external_references", record)
        return record

    def _with_resource(self, kind: Kind, taken: Record) -> Record:
        """Documented: a resource request may make its resource on the way."""
        workspace, role = taken.pop("resource_workspace_id", None), taken.pop("resource_role_id", None)
        if kind.plural != "resource_requests" or workspace is None:
            return taken
        made = self.create(KINDS["workspace_resources"], {"workspace_id": workspace, "role_id": role})
        return {**taken, "resource_id": made["id"]}

    def _set_custom_fields(self, kind: Kind, number: str, fields: list[dict[str, Any]] | None) -> None:
        values = KINDS["custom_field_values"]
        for field in fields or []:
            given = {**field, "subject_type": kind.subject_type, "subject_id": number}
            if broken := broken_fields(values, given, creating=True):
                raise Invalid(broken)
            self.create(values, given)

    def _drop_old_value(self, record: Record) -> None:
        """Documented: a new value replaces the old one and has an id of its own."""
        for old in having(self.state, "custom_field_values", "subject_id", record["subject_id"]):
            if all(old[name] == record[name] for name in _SAME_VALUE):
                del self.state["custom_field_values"][old["id"]]

    def _note(self, kind: Kind, number: str, what: str) -> None:
        if kind.event:
            note(self.state, kind, number, what, user=self.user["user_id"], now=self.now, next_id=self._next_id)

    def _keep_state(self, story: Record) -> None:
        """The audit trail of a story's states."""
        change = {"id": self._next_id(), "story_id": story["id"], "state": story["state"], "user_id": self.user["user_id"]}
        enter(self.state, "story_state_changes", change | {"_subject_type": "StoryStateChange", **dated(self.now)})

    def _hide(self, plural: str, number: str) -> None:
        if self.invisible_seconds:
            until = self.now + timedelta(seconds=self.invisible_seconds)
            self.state["hidden_until"][f"{plural}/{number}"] = until.isoformat()

    def _next_id(self) -> str:
        self.state["next_id"] += 1
        return str(self.state["next_id"])
