"""SharePoint in rehearsals: the workspace and the signed contract in it."""

from collections.abc import Iterator, Sequence

from rehearsal.record import Holding, Json, Record, RecordKind, contract_of
from rehearsal.systems.system import Secrets, System

_TENANT = "6f7a2c1e-0d9b-4c53-9a41-5f1e8b2d7c60"
_CLIENT = "b1d5e8f0-3a2c-4d6e-8f90-1a2b3c4d5e6f"
_NAMES = {"workspace": "workspace", "document": "signed contract"}


class SharePoint(System):
    """Documents."""

    name = "sharepoint"
    title = "SharePoint"
    secrets = ("sharepoint_secret",)
    bound = frozenset({"workspace"})

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {
            "HANDOFF_SHAREPOINT_TENANT": _TENANT,
            "HANDOFF_SHAREPOINT_CLIENT_ID": _CLIENT,
            "HANDOFF_SHAREPOINT_CLIENT_SECRET": secrets["sharepoint_secret"],
        }

    def access(self, secrets: Secrets, gateway: str) -> Json:
        application = {
            "displayName": "Handoff",
            "secrets": [{"value": secrets["sharepoint_secret"]}],
            "certificates": [],
            "roles": ["Sites.ReadWrite.All"],
        }
        return {"applications": {_CLIENT: application}}

    def records(self, state: Json) -> Iterator[Record]:
        items: dict[str, Json] = state["items"]
        for number, item in items.items():
            key, contract = (item["fields"].get(name) or "" for name in ("HandoffKey", "ContractReference"))
            if not key and not contract:
                continue
            contract = contract or contract_of(key)
            live = not item["deleted"] and not key.startswith("withdraw")
            kind: RecordKind = "document" if "size" in item else "workspace"
            yield Record(self.name, kind, number, key or contract, contract, live, item | {"path": _path(items, item)})

    def shown(self, contract: str, mine: Sequence[Record], state: Json) -> Iterator[Holding]:
        for record in mine:
            if record.system == self.name and record.kind in _NAMES:
                gone = "" if record.live else "withdrawn; "
                yield Holding(self.title, _NAMES[record.kind], record.id, f"{gone}{record.fields['path']}")


def _path(items: dict[str, Json], item: Json) -> str:
    names: list[str] = []
    here: Json | None = item
    while here and here["parent"]:
        names.insert(0, here["name"])
        here = items.get(here["parent"])
    return "/".join(names)
