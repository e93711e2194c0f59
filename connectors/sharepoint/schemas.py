"""Microsoft Graph's shapes, as much of them as we use; unknown fields are ignored, missing ones are named failures."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """What all have in common: Graph adds properties at any time."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Identified(Shape):
    """A thing with an id and, mostly, a name."""

    id: str
    name: str = ""


class Application(Shape):
    """The application that did something."""

    id: str = ""


class IdentitySet(Shape):
    """Who did something: people have no application."""

    application: Application = Application()


class Hashes(Shape):
    """Hashes of a file; SharePoint gives this one, and not always at once."""

    quick_xor: str | None = Field(default=None, alias="quickXorHash")


class File(Shape):
    """What makes an item a file."""

    hashes: Hashes = Hashes()


class Folder(Shape):
    """What makes an item a folder."""

    child_count: int = Field(default=0, alias="childCount")


class ItemReference(Shape):
    """The folder that an item is in; the root has none."""

    id: str = ""


class ListItem(Shape):
    """The row of the library's list behind an item."""

    fields: dict[str, Any] = {}


class DriveItem(Identified):
    """A folder or file."""

    etag: str = Field(default="", alias="eTag")
    ctag: str = Field(default="", alias="cTag")
    url: str = Field(default="", alias="webUrl")
    size: int = 0
    created_by: IdentitySet = Field(default=IdentitySet(), alias="createdBy")
    modified_by: IdentitySet = Field(default=IdentitySet(), alias="lastModifiedBy")
    parent: ItemReference = Field(default=ItemReference(), alias="parentReference")
    folder: Folder | None = None
    file: File | None = None
    row: ListItem = Field(default=ListItem(), alias="listItem")


class Row(Shape):
    """A row that a filter found, with its item."""

    fields: dict[str, Any]
    item: DriveItem = Field(alias="driveItem")


class Column(Identified):
    """A column of the library's list."""

    indexed: bool = False


class UploadSession(Shape):
    """Where the fragments of a large file go; the address is a secret."""

    url: str = Field(default="", alias="uploadUrl", repr=False)
    missing: list[str] = Field(default=[], alias="nextExpectedRanges")

    @property
    def position(self) -> int | None:
        """The first byte that is missing, None if the answer does not say."""
        return int(self.missing[0].partition("-")[0]) if self.missing else None


class PartAnswer(Shape):
    """The answer to one part of a batch."""

    id: str
    status: int
    headers: dict[str, str] = {}
    body: Any = None
