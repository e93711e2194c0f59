"""Our words to SharePoint's names and fields, and its items to what was written. Pure: no I/O, no clock."""

import re
from typing import Any

from canonical.written import Written
from connectors.sharepoint.content_hash import quick_xor_hash
from connectors.sharepoint.schemas import DriveItem

WITHDRAWN = "(withdrawn)"
_LONGEST_NAME = 120
_FORBIDDEN = re.compile(r'["*:<>?/\\|\x00-\x1f]|_vti_', re.IGNORECASE)
_RESERVED = re.compile(r"\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini", re.IGNORECASE)
# SharePoint writes a library's columns into Office files, so what it keeps differs from what was sent.
_REWRITTEN = (".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".potx")


def safe_name(name: str) -> str:
    """A name that SharePoint takes: no forbidden characters, no reserved words, no blank or full stop at its end."""
    plain = " ".join(_FORBIDDEN.sub("-", name).split())[:_LONGEST_NAME].strip(" .")
    plain = re.sub(r"^~\$", "-", plain) or "-"
    return f"{plain} -" if _RESERVED.fullmatch(plain) else plain


def safe_path(path: str) -> str:
    """Every name on a path made safe."""
    return "/".join(safe_name(name) for name in path.split("/") if name.strip())


def workspace_name(contract: str, title: str) -> str:
    """The folder of an engagement: its reference first, so that folders sort and are found by it."""
    return safe_name(f"{contract} {title}")


def withdrawn_name(name: str) -> str:
    """The name of a workspace that could not be removed because it holds other people's work."""
    return name if name.endswith(WITHDRAWN) else f"{name[: _LONGEST_NAME - len(WITHDRAWN) - 1].rstrip(' .')} {WITHDRAWN}"


def quoted(text: str) -> str:
    """A text in a filter."""
    return "'" + text.replace("'", "''") + "'"


def text_field(fields: dict[str, Any], name: str) -> str:
    """A text column's value; SharePoint leaves empty ones out."""
    return str(fields.get(name) or "")


def holds(item: DriveItem, content: bytes) -> bool:
    """Whether a file holds these bytes, as far as SharePoint says."""
    if item.file is None:
        return False
    if item.name.lower().endswith(_REWRITTEN):
        return True
    known = item.file.hashes.quick_xor
    return item.size == len(content) and known in {None, "", quick_xor_hash(content)}


def workspace_written(item: DriveItem, contract: str) -> Written:
    """The workspace as written."""
    return Written(target_id=item.id, number=item.name, url=item.url, details={"contract": contract})


def document_written(item: DriveItem) -> Written:
    """The document as written; its version changes with its content only."""
    quick_xor = item.file.hashes.quick_xor if item.file else None
    details = {"bytes": str(item.size)} | ({"quick_xor_hash": quick_xor} if quick_xor else {})
    return Written(target_id=item.id, number=item.name, url=item.url, version=item.ctag, details=details)
