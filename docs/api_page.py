"""The page of the process API and its description in OpenAPI: `python -m docs.api_page` writes both; a test compares."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from gateway.app import create_app
from operations.office import Office
from runtime.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
PAGE, OPENAPI = REFERENCE / "api.md", REFERENCE / "openapi.json"

_INTRO = """# The gateway over HTTP

<!-- Made by `python -m docs.api_page`; a test compares. Do not edit by hand. -->

The gateway takes deliveries (`/webhooks/{system}`, `/events`) and serves the process API under `/v1`. Its description in OpenAPI
is served at `/openapi.json` and kept in [openapi.json](openapi.json). `/health` answers 200 while the database answers.

**Who calls.** `Authorization: Bearer` with a token of the identity provider (`HANDOFF_GATEWAY__ISSUER`, `__JWKS_URL`,
`__AUDIENCE`), or on the embedded stack an API key of `handoff keys issue`. Tokens are signed by an asymmetric key of the provider
and name issuer, audience, expiry and subject; a key that the provider rotates in is believed at once. What a subject may do, and
which fields it sees, is in `policies/access`; what it may not see stands as `(withheld)` instead of its value.

**Refusals** are problem documents (RFC 9457, `application/problem+json`) with `title`, `remedy`, and where they apply `code`,
`field` and `detail`. `request_id` is that of the answer's `X-Request-Id`, which is the caller's own if it brings one.

| Status | Meaning |
| --- | --- |
{statuses}

Where several things are wrong in a body, or one in a row of a list, `errors` names each with `field`, `row` (from 1) and
`detail`; nothing of such a body is kept.

**Twice is once.** A webhook that comes again is counted and acknowledged; a CloudEvent with a known id and other content is
refused. `POST /v1/handoffs` with the same `Idempotency-Key` asks once. Every other command names the state that it
changes, and is refused with 409 where that has changed already.

**Webhooks** are verified over the raw body by the vendor's own scheme before anything is kept; DocuSign Connect sends to
`/webhooks/docusign`, a Salesforce outbound message to `/webhooks/salesforce/SECRET`. The name is that of the system in
`policies/landscape`. Bodies are bounded (`HANDOFF_GATEWAY__LARGEST_BODY`).

**The codec endpoint** `/codec/decode` and `/codec/encode` opens payloads for the Temporal Web UI, for pages of
`HANDOFF_GATEWAY__CODEC_ORIGINS` only; in production it takes the permission `decode` besides.

| Request | Does | Answers |
| --- | --- | --- |
{operations}
"""


@cache
def described() -> dict[str, Any]:
    """The description, made without any server: routes are all that it takes."""
    return create_app(cast(Office, None), {}, Settings.model_construct(), None).openapi()


def published() -> str:
    """As it is kept."""
    return json.dumps(described(), indent=1, sort_keys=True) + "\n"


def page() -> str:
    """The page for people."""
    found = described()
    meanings: dict[str, str] = {}
    for _, _, operation in _operations(found):
        meanings |= {s: a["description"] for s, a in operation["responses"].items() if int(s) >= 400}
    statuses = "\n".join(f"| {status} | {meanings[status]} |" for status in sorted(meanings))
    return _INTRO.replace("{statuses}", statuses).replace("{operations}", "\n".join(_rows(found)))


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _rows(found: dict[str, Any]) -> Iterator[str]:
    for path, method, operation in _operations(found):
        [first] = [part for part in operation["responses"].items() if int(part[0]) < 400]
        does = operation["description"].split("\n\n")[0].replace("\n", " ")
        yield f"| `{method} {path}` | {does} | {first[0]} {_shape(first[1])} |"


def _shape(answer: dict[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    held = schema.get("items", schema)
    name = held.get("$ref", "").rpartition("/")[2]
    return f"list of {name}" if "items" in schema else name


if __name__ == "__main__":
    PAGE.write_text(page())
    OPENAPI.write_text(published())
