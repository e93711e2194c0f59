"""Where Tryton is installed: an environment beside ours, because it is a server that we speak to and no part of us."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from runtime.embedded.plan import ROOT
from runtime.embedded.process import PartFailed

PART = "Tryton"
FOLDER = ROOT / ".venv-tryton"
LOCK = ROOT / "requirements-tryton.lock"
BOOKS = tuple(Path(__file__).with_name(name) for name in ("books.py", "firm.py", "installation.py"))
MODULES = (
    "company",
    "account",
    "account_invoice",
    "account_deposit",
    "account_credit_limit",
    "analytic_invoice",
    "project",
)


@dataclass(frozen=True)
class Installation:
    """The environment with ``trytond`` in it."""

    folder: Path = FOLDER

    @property
    def server(self) -> Path:
        return self.folder / "bin" / "trytond"

    @property
    def admin(self) -> Path:
        return self.folder / "bin" / "trytond-admin"

    @property
    def is_there(self) -> bool:
        """Whether it was installed to the end."""
        return (self.folder / ".installed").exists() and self.server.exists()

    def require(self) -> None:
        """Refuse to go on without it."""
        if not self.is_there:
            raise PartFailed(PART, f"is not installed in {self.folder}", remedy="To install it run: make .venv-tryton/.installed")


def fingerprint(*files: Path) -> str:
    """Changes whenever what was prepared from these files is out of date."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]
