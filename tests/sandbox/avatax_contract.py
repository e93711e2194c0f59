"""Avalara's published OpenAPI as a judge: whether a request or an answer has the form of its schema and no field beside it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator  # type: ignore[import-untyped]

CONTRACT = Path(__file__).parents[3] / "shared/contracts/avatax/ballerina_avatax_openapi.yaml"


@cache
def _specification() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # two megabytes: the loader in C takes a second
    found: dict[str, Any] = yaml.load(CONTRACT.read_bytes(), Loader=loader)
    return found


def complaints(schema: str, instance: Any) -> list[str]:
    """What is wrong with it."""
    if not CONTRACT.exists():
        pytest.skip("Avalara's published contract is not at hand (../shared/contracts/avatax)")
    root = {"$ref": f"#/components/schemas/{schema}", "components": _specification()["components"]}
    broken = [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in Draft4Validator(root).iter_errors(instance)]
    return broken + _unknown({"$ref": f"#/components/schemas/{schema}"}, instance, schema)


def _unknown(schema: dict[str, Any], instance: Any, where: str) -> list[str]:
    """Fields that the contract does not have."""
    if "$ref" in schema:
        schema = _specification()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(instance, list):
        return [found for each in instance for found in _unknown(schema.get("items", {}), each, f"{where}[]")]
    properties = schema.get("properties")
    if not isinstance(instance, dict) or properties is None:
        return []
    found = [f"{where}.{name} is not in the contract" for name in instance if name not in properties]
    inner = (_unknown(properties[name], value, f"{where}.{name}") for name, value in instance.items() if name in properties)
    return found + [each for some in inner for each in some]
