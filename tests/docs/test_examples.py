"""Examples that people copy are taken by what reads them: settings of systems, events, code."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import VENDORS, vendor
from docs.generate import StandIns
from gateway.events import TYPES, CloudEvent
from policies.exact_yaml import loaded
from policies.landscape import System
from tests.docs.pages import ROOT, Block, blocks, pages

BLOCKS = [block for page in pages() for block in blocks(page)]
CONNECT = ROOT / "docs" / "how-to" / "connect-a-system.md"


def of(language: str, page: Path | None = None) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and page in {None, block.page}]


def filled(value: Any, values: StandIns) -> Any:
    """References replaced by values of the right form; a file of the example is a private key."""
    match value:
        case dict():
            return {key: filled(inner, values) for key, inner in value.items()}
        case list():
            return [filled(inner, values) for inner in value]
        case str() if value.startswith("env:"):
            return values[value.removeprefix("env:")]
        case str() if value.startswith("file:"):
            return values["PRIVATE_KEY"]
        case _:
            return value


def examples() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in of("yaml", CONNECT):
        found.update(loaded("\n".join(block.content)))
    return found


def test_there_is_an_example_for_each_vendor() -> None:
    assert {entry["vendor"] for entry in examples().values()} == set(VENDORS)


@pytest.mark.parametrize("name", sorted(examples()))
def test_the_example_of_a_system_is_taken(name: str) -> None:
    system = System.model_validate(examples()[name])
    settings = vendor(system.vendor).settings.model_validate(filled(dict(system.settings), StandIns()))
    assert vendor(system.vendor).connect(name, settings).name == name


@pytest.mark.parametrize("block", of("json"), ids=lambda block: block.name)
def test_examples_of_events_are_taken(block: Block) -> None:
    content = json.loads("\n".join(block.content))
    if "specversion" in content:
        assert CloudEvent.model_validate(content).type in TYPES


@pytest.mark.parametrize("block", of("python"), ids=lambda block: block.name)
def test_examples_of_code_can_be_read(block: Block) -> None:
    text = "\n".join(block.content)
    compile(f"async def example(self):\n  x = {{\n{text}\n}}" if text.startswith('"') else indented(text), block.name, "exec")


def indented(text: str) -> str:
    return "async def example(self):\n" + "\n".join(f"    {line}" for line in text.splitlines())
