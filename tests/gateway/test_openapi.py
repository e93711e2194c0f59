"""The published description: current in the repository, and true: the gateway is fuzzed from it."""

import asyncio
import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from docs.api_page import OPENAPI, PAGE, described, page, published
from tests.gateway.house import House
from tests.gateway.test_process_api import a_case

SEED = 20261121
EXAMPLES = 8
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [(path, method) for path, methods in described()["paths"].items() for method in methods]
TAKES_ANYTHING = {"/webhooks/{system}", "/v1/counts"}  # nothing that is sent there contradicts the description
ASKED = [
    (*operation, mode)
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode.is_positive or operation[0] not in TAKES_ANYTHING
]
SCHEMA = schemathesis.openapi.from_dict(described())


def test_the_page_and_the_description_are_current() -> None:
    for file, wanted in ((OPENAPI, published()), (PAGE, page())):
        assert file.read_text() == wanted, f"run: python -m docs.api_page, and commit {file.name}"


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_served_is_what_is_published(house: House) -> None:
    assert (await house.http.get("/openapi.json")).json() == json.loads(OPENAPI.read_text())


def test_every_operation_says_what_it_does_and_how_it_refuses() -> None:
    for path, method in OPERATIONS:
        operation = described()["paths"][path][method]
        assert operation["description"], path
        for status, answer in operation["responses"].items():
            assert answer["description"]
            assert int(status) < 400 or list(answer["content"]) == ["application/problem+json"], (path, status)


def test_every_schema_that_is_named_is_there() -> None:
    said = OPENAPI.read_text()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', said))
    assert named <= set(json.loads(said)["components"]["schemas"]) and "$defs" not in said


def fuzz(base_url: str, key: str, path: str, method: str, mode: GenerationMode) -> set[int]:
    """Ask for one operation in many ways; a server error that is not documented, or an answer of another shape, fails."""
    operation = SCHEMA[path][method.upper()]
    seen: set[int] = set()

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(base_url=base_url, headers=headers, timeout=60)
        seen.add(answer.status_code)
        checks = CHECKS if answer.status_code == 503 else [not_a_server_error, *CHECKS]
        case.validate_response(answer, checks=checks)

    asked()
    return seen


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("path", "method", "mode"), ASKED)
async def test_no_request_finds_an_answer_that_is_not_described(
    whole_house: House, house: House, path: str, method: str, mode: GenerationMode
) -> None:
    asked = house if path.endswith("/plan") else whole_house  # a dry run waits for a worker, of which there is none
    if "exceptions" in path:
        await a_case(whole_house)
    seen = await asyncio.to_thread(fuzz, str(asked.http.base_url), asked.keys["handoff"], path, method, mode)
    print(f"seed {SEED}: {method} {path} {mode.value} answered {sorted(seen)}")
    assert seen and seen <= {200, 201, 202, 400, 401, 403, 404, 409, 422, 503}
