"""The published description of the gateway: what FastAPI finds, and what access policies may withhold."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from gateway.events import Subject
from gateway.problems import Problem
from policies.access import WITHHELD

_HIDDEN = {"const": WITHHELD, "description": "The caller's roles may not see it (policies/access)."}
_REDACTED = (
    "ActivationPlan",
    "EngagementRow",
    "Story",
    "Case",
    "Readiness",
    "CloseRun",
    "RevenueOf",
    "RatesTaken",
    "CreditProposal",
    "CreditStory",
)
_REFERENCE = "#/components/schemas/"


def describe(app: FastAPI) -> None:
    """Have the application publish this description; it is made when first asked for."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas: dict[str, Any] = found["components"]["schemas"]
    for model in (Problem, Subject):
        one = TypeAdapter(model).json_schema(ref_template=f"{_REFERENCE}{{model}}")
        schemas |= {**one.pop("$defs", {}), model.__name__: one}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for name in _reached(schemas, _REDACTED):
        fields = schemas[name].get("properties", {})
        schemas[name]["properties"] = {field: _perhaps_withheld(schema) for field, schema in fields.items()}
    return found


def _reached(schemas: dict[str, Any], names: tuple[str, ...]) -> set[str]:
    """These and every schema that they hold."""
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _referred(schemas[name])
    return reached


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield str(schema["$ref"]).removeprefix(_REFERENCE)
        for inner in schema.values():
            yield from _referred(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _referred(inner)


def _perhaps_withheld(schema: dict[str, Any]) -> dict[str, Any]:
    is_plain_text = schema.get("type") == "string" and not {"pattern", "enum", "format", "const"} & set(schema)
    return schema if is_plain_text else {"anyOf": [schema, _HIDDEN]}
