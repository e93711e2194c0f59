"""Writes the reference pages that are made from the product itself: `python -m docs.generate`; a test keeps them current."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from canonical.landscape import Capability
from docs.errors_page import DEMO, ON, ROOT, errors_page
from docs.markdown import NOTE
from docs.settings_page import settings_page
from operations.landscape import connect_systems
from policies.catalogue import (
    DeclaredWrite,
    handoff_catalogue,
    handoffs_as_markdown,
    interface_catalogue,
    interfaces_as_markdown,
)
from policies.loading import load
from policies.services import SERVICES
from runtime.secrets import resolved

REFERENCE = ROOT / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Every generated page with what it must hold."""
    return {
        REFERENCE / "handoffs.md": handoffs(),
        REFERENCE / "interfaces.md": interfaces(),
        REFERENCE / "errors.md": errors_page(),
        REFERENCE / "settings.md": settings_page(),
    }


# The catalogues.


def handoffs() -> str:
    """The handoff catalogue (C10)."""
    said = handoffs_as_markdown(handoff_catalogue(load(DEMO), ON))
    intro = (
        "For each of the five control points: what starts it, what must hold, what happens otherwise, and who owns that.\n"
        f"It is made from the policies of the demo firm as they hold on {ON}; `handoff policy catalogue --of handoffs`\n"
        "prints yours. "
        "[errors.md](errors.md) lists the codes, [policies.md](policies.md) says how to change a rule.\n"
        "This release carries out the first two control points; the others are declared, for the handoffs that they belong to."
    )
    return _introduced(said, intro)


def interfaces() -> str:
    """The interface catalogue (C5)."""
    said = interfaces_as_markdown(interface_catalogue(_declared_writes()))
    intro = (
        "Each governed service with its class of latency, volume and control, whether the caller waits, and for each write\n"
        "that carries it out: the system, the field by which our key is found again, how long after a lost answer a look-up\n"
        "is conclusive, and the operation that undoes it. *Served by nobody* means that no write of this release carries the\n"
        "service out. It is made from the demo landscape and the connectors' own declarations; `handoff policy catalogue\n"
        "--of interfaces` prints yours. [The write protocol](../explanation/write-protocol.md) says what they are for."
    )
    return _introduced(said, intro)


def _declared_writes() -> list[DeclaredWrite]:
    policies = load(DEMO)
    systems = connect_systems(policies, resolve=lambda given: resolved(given, environment=StandIns()))
    serving = policies.landscape.serving(ON)
    wanted: list[tuple[Capability, str]] = [write for service in SERVICES for write in service.writes]
    return [
        DeclaredWrite(system=name, capability=capability, declaration=systems[name].declares(kind))
        for capability, kind in dict.fromkeys(wanted)
        for name in serving[capability]
    ]


class StandIns(Mapping[str, str]):
    """A value of the right form for every credential: connectors are built to be asked what they declare, and call nobody."""

    def __getitem__(self, name: str) -> str:
        if name.endswith("PRIVATE_KEY"):
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            form = serialization.PrivateFormat.PKCS8
            return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        return "http://127.0.0.1:1" if name.endswith("URL") else "STAND_IN"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True


def _introduced(page: str, intro: str) -> str:
    heading, _, rest = page.partition("\n")
    return f"{heading}\n\n{NOTE}\n\n{intro}\n{rest}"


def main() -> None:
    """Write what differs and name it."""
    for page, text in pages().items():
        if not page.exists() or page.read_text() != text:
            page.write_text(text)
            print(f"wrote {os.path.relpath(page)}")


if __name__ == "__main__":
    main()
