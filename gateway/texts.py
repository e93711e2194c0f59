"""What a text may hold: anything but control characters that no business record has and PostgreSQL does not keep."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

TEXT = r"^[^\x00-\x08]*$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT)]
Words = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=TEXT)]
Identifier = Annotated[str, Path(min_length=1, max_length=200, pattern=TEXT)]
Wanted = Annotated[str | None, Query(max_length=200, pattern=TEXT)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
