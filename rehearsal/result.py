"""What a performance came to."""

from pydantic import BaseModel


class Difference(BaseModel):
    """One thing that is not as the file says: at which place of it, and what was found."""

    place: str
    said: str

    def __str__(self) -> str:
        return f"{self.place}: {self.said}"


class Result(BaseModel):
    """One story in one manner. ``is_missed``: the write or the moment at which the worker was to be killed did not come."""

    story: str
    title: str
    manner: str = "plain"
    file: str
    seconds: float
    differences: list[Difference] = []
    is_missed: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.differences

    @property
    def outcome(self) -> str:
        """For people, in a few words."""
        if self.differences:
            return f"{len(self.differences)} differ"
        return "as it should be, but nothing was killed" if self.is_missed else "as it should be"


class Report(BaseModel):
    """A whole run."""

    results: list[Result]
    seconds: float
    seed: int | None = None

    @property
    def passed(self) -> bool:
        """Whether every story does."""
        return all(result.passed for result in self.results)
