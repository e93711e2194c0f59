"""Message models shared by gateway, command line and workflows."""

from pydantic import BaseModel


class EventNote(BaseModel):
    """A stored delivery wants to be looked at: only its inbox number travels."""

    number: int
