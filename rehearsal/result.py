"""What a performance came to."""

from pydantic import BaseModel


class Difference(BaseModel):
    """One thing that is not as the file says: at which place of it, and what was found."""

    place: str
    said: str

    def __str__(self) -> str:
        return f"{self.place}: {self.said}"


class Result(BaseModel):
    """One story in one manner."""

    story: str
    title: str
    manner: str = "plain"
    file: str
    seconds: float
    differences: list[Difference] = []

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.differences


class Report(BaseModel):
    """A whole run."""

    results: list[Result]
    seconds: float
    seed: int | None = None

    @property
    def passed(self) -> bool:
        """Whether every story does."""
        return all(result.passed for result in self.results)
