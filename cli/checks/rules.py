"""What the firm gave us: settings, policies, secrets that they refer to, the key ring."""

from collections.abc import Iterator
from pathlib import Path

from canonical.errors import Failure
from cli.checks.finding import Finding, well, wrong
from runtime.settings import Settings


def rules(settings: Settings) -> Iterator[Finding]:
    """Each of them."""
    yield well("settings", f"{settings.environment}, state in {settings.home}")
    yield policies(settings.policies)
    yield _references(settings)
    yield _key_ring(settings)


def policies(folder: Path) -> Finding:
    """Whether they can be used."""
    from policies.loading import check, load

    try:
        problems = check(folder)
        if problems:
            return wrong("policies", f"{len(problems)} to correct; the first: {problems[0]}", "Run `handoff policy check`.")
        return well("policies", f"{folder}, version {load(folder).version}")
    except Failure as failure:
        return wrong("policies", failure.message, failure.remedy)


def _references(settings: Settings) -> Finding:
    """Whether every setting that the landscape names is there; what it holds is never shown."""
    from policies.loading import load
    from runtime.secrets import resolved

    what, missing = "credentials of the systems", []
    try:
        references = load(settings.policies).landscape.references()
    except Failure:
        return wrong(what, "the policies cannot be read", "Run `handoff policy check`.")
    for reference in references:
        try:
            resolved(f"{reference.scheme}:{reference.name}")
        except Failure:
            missing.append(f"{reference.name} ({reference.system})")
    if missing:
        remedy = "Set them, or run in the environment of the stack: `handoff up` sets those of the simulated vendors."
        return wrong(what, f"missing: {', '.join(missing)}", remedy)
    return well(what, f"{len(references)} references of the landscape resolve")


def _key_ring(settings: Settings) -> Finding:
    from runtime.codec import KeyRing

    if settings.keyring is None:
        remedy = "Make one with `handoff keys rotate --file FILE`, and name it in HANDOFF_KEYRING."
        return wrong("key ring", "none is named: payloads would not be encrypted", remedy)
    try:
        return well("key ring", f"{settings.keyring}, current key {KeyRing.read(settings.keyring).current}")
    except Failure as failure:
        return wrong("key ring", failure.message, failure.remedy)
