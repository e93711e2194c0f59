"""Envelope locks: taken for a while by a token that every later change must carry in X-DocuSign-Edit."""

import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sandbox.docusign.envelopes import Envelope
from sandbox.docusign.refusals import Refusal, invalid_parameter
from sandbox.docusign.times import kept, over_rest, read

EDIT_HEADER = "x-docusign-edit"
_LONGEST = timedelta(seconds=1_800)


def taken(envelope: Envelope, wanted: dict[str, Any], user: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Lock an envelope that nobody holds."""
    if held(envelope, now):
        raise Refusal(
            "EDIT_LOCK_NOT_LOCK_OWNER",
            "The user is not the owner of the lock. The envelope is locked by another user or in another application",
        )
    envelope["lock"] = {
        "lockToken": secrets.token_urlsafe(24),
        "lockedByUser": user,
        "lockedByApp": wanted.get("lockedByApp", ""),
    }
    return prolonged(envelope, wanted, now)


def prolonged(envelope: Envelope, wanted: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Set how long the lock holds from now."""
    seconds = str(wanted.get("lockDurationInSeconds") or "300")
    if not seconds.isdigit() or not 0 < int(seconds) <= _LONGEST.total_seconds():
        raise invalid_parameter("lockDurationInSeconds must be between 1 and 1800.")
    lock = envelope["lock"]
    lock |= {
        "lockDurationInSeconds": seconds,
        "lockedUntilDateTime": kept(now + timedelta(seconds=int(seconds))),
        "lockType": "edit",
    }
    return shown(envelope)


def shown(envelope: Envelope) -> dict[str, Any]:
    """The lock as its owner sees it."""
    lock = envelope["lock"]
    return {**lock, "lockedUntilDateTime": over_rest(lock["lockedUntilDateTime"]), "useScratchPad": "false"}


def held(envelope: Envelope, now: datetime) -> bool:
    """Whether a lock is in force."""
    return "lock" in envelope and read(envelope["lock"]["lockedUntilDateTime"], "lockedUntil") > now


def require_held(envelope: Envelope, now: datetime) -> None:
    """Refuse what needs a lock where there is none."""
    if not held(envelope, now):
        raise Refusal("EDIT_LOCK_ENVELOPE_NOT_LOCKED", "The envelope is not locked.")


def require_owner(envelope: Envelope, header: str | None, now: datetime) -> None:
    """Refuse a change to a locked envelope that does not carry the lock's token."""
    if held(envelope, now) and _token_of(header or "") != envelope["lock"]["lockToken"]:
        raise Refusal(
            "EDIT_LOCK_NOT_LOCK_OWNER",
            "The user is not the owner of the lock. The envelope is locked by another user or in another application",
        )


def _token_of(header: str) -> str:
    """The header is JSON or XML, as the client likes."""
    in_xml = re.search(r"<LockToken>([^<]*)</LockToken>", header)
    if in_xml:
        return in_xml.group(1)
    try:
        given = json.loads(header)
    except ValueError:
        return ""
    return str(next((v for k, v in given.items() if k.lower() == "locktoken"), "")) if isinstance(given, dict) else ""
