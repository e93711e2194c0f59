"""Workday in rehearsals: who is employed where and when, which each world says in Workday's own words."""

from rehearsal.record import Json
from rehearsal.systems.system import Secrets, System

_CLIENT = "handoff"
_USER = "ISU_Handoff"


class Workday(System):
    """HR."""

    name = "workday"
    title = "Workday"
    secrets = ("workday_secret", "workday_refresh")
    asking = "/ccx/"

    def environment(self, secrets: Secrets) -> dict[str, str]:
        return {
            "HANDOFF_WORKDAY_CLIENT_ID": _CLIENT,
            "HANDOFF_WORKDAY_CLIENT_SECRET": secrets["workday_secret"],
            "HANDOFF_WORKDAY_REFRESH_TOKEN": secrets["workday_refresh"],
        }

    def access(self, secrets: Secrets, gateway: str) -> Json:
        client = {"secret": secrets["workday_secret"], "refresh_tokens": {secrets["workday_refresh"]: _USER}}
        return {"clients": {_CLIENT: client}}
