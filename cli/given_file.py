"""A file that a person hands in: YAML or JSON of a published object, or why it is none, with the line and the remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from canonical.errors import Malformed
from policies.reading import read

Model = TypeVar("Model", bound=BaseModel)


async def object_in(file: Path, model_of: Callable[[Any], type[Model]]) -> Model:
    """The object, of the model that its content asks for; a key that stands there twice is refused, not passed over."""
    document = read(file, file.name)
    if document.problems:
        first = document.problems[0]
        raise Malformed(f"{file.name} cannot be read, line {first.line}: {first.wrong}", remedy=first.remedy)
    model = model_of(document.content)
    try:
        return model.model_validate(document.content)
    except ValidationError as error:
        detail = error.errors()[0]
        place, line = ".".join(map(str, detail["loc"])), document.problem(detail["loc"], "", "").line
        raise Malformed(
            f"{file.name} is no {model.__name__}, line {line}: {place}: {detail['msg']}",
            remedy=f"Correct it; `handoff schema {model.__name__}` has its shape.",
        ) from error
