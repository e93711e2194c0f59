"""The metadata catalog: what a record type looks like, as JSON Schema and as OpenAPI."""

from collections.abc import Mapping

from sandbox.netsuite.bodies import Json
from sandbox.netsuite.fields import ADDRESS, Field, Sublist

_PLAIN: Mapping[str, Json] = {
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "number": {"type": "number", "format": "double"},
    "whole": {"type": "integer", "format": "int64"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "country": {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}},
}


def schema(fields: Mapping[str, Field], sublists: Mapping[str, Sublist]) -> Json:
    """The JSON Schema of a record type in this account, custom fields and sublists with it."""
    properties: Json = {name: _property(name, field) for name, field in fields.items()}
    for name, sublist in sublists.items():
        line = {"type": "object", "properties": {n: _property(n, f) for n, f in sublist.lines.items()}}
        properties[name] = {"type": "object", "properties": {"items": {"type": "array", "items": line}}}
    return {"type": "object", "properties": properties, "$schema": "http://json-schema.org/draft-06/hyper-schema#"}


def open_api(schemas: Mapping[str, Json]) -> Json:
    """The OpenAPI document of some record types: their paths and schemas."""
    operation = {"responses": {"default": {"description": "Error response."}}}
    paths: Json = {}
    for name in schemas:
        paths[f"/{name}"] = dict.fromkeys(("get", "post", "put", "patch", "delete"), operation)
        paths[f"/{name}/{{id}}"] = dict.fromkeys(("get", "put", "patch", "delete"), operation)
    about = {"title": "NetSuite REST API", "version": "v1"}
    return {"openapi": "3.0.1", "info": about, "paths": paths, "components": {"schemas": dict(schemas)}}


def _property(name: str, field: Field) -> Json:
    more: Json = {"title": field.label, "nullable": not field.read_only, "x-ns-custom-field": name.startswith("cust")}
    if field.kind == "address":
        return {"type": "object", "properties": {n: _property(n, f) for n, f in ADDRESS.items()}, **more}
    if field.kind == "choice":
        ids = {"type": "string", "enum": list(field.choices)}
        return {"type": "object", "properties": {"id": ids, "refName": {"type": "string"}}, **more}
    if field.kind == "reference":
        keys = {"id": {"type": "string"}, "externalId": {"type": "string"}, "refName": {"type": "string"}}
        return {"type": "object", "properties": keys, **more}
    return {**_PLAIN[field.kind], **more}
