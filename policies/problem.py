"""What is wrong with a policy file, told so that the person who wrote it can mend it."""

from collections.abc import Sequence

from pydantic import BaseModel

from canonical.errors import Misconfigured


class Problem(BaseModel):
    """One thing wrong: where, what, and the remedy."""

    file: str
    line: int
    column: int
    field: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        named = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}:{self.column}: {named}{self.wrong}. {self.remedy}"


class PolicyError(Misconfigured):
    """The policies cannot be used; every problem at once."""

    code = "POLICY_REFUSED"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        told = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(
            f"The policies cannot be used; {len(problems)} to mend:\n{told}",
            remedy="Mend each of them, then run `handoff policy check`.",
        )
