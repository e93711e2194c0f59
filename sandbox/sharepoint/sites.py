"""Sites and their document libraries, found by host and path, by id, or by search."""

import re
from typing import Any

from starlette.responses import Response

from sandbox.sharepoint import shapes
from sandbox.sharepoint.answers import Refused, page
from sandbox.sharepoint.call import Call, Entry, answer

_BY_PATH = re.compile(r"sites/(?P<host>[^/:,]+):/(?P<path>[^:]+?)/?(?::(?P<tail>/.*)?)?")
_BY_HOST = re.compile(r"sites/(?P<host>[^/:,]+)(?P<tail>/.*)?")
_DRIVE = re.compile(r"sites/(?P<site>[^/]+)/(?:drive(?P<tail>/.*)?|drives/(?P<drive>[^/]+)(?P<rest>/.*)?)")
_LIST = re.compile(r"drives/(?P<drive>[^/]+)/list(?P<tail>/.*)?")


def plain(path: str, state: dict[str, Any]) -> str:
    """The same address by ids: a site by its path, its default library, and a library's list all have several."""
    if by_path := _BY_PATH.fullmatch(path):
        path = f"sites/{_site(state, by_path['host'], '/' + by_path['path'])}{by_path['tail'] or ''}"
    elif by_host := _BY_HOST.fullmatch(path):
        host = "" if by_host["host"] == "root" else by_host["host"]
        path = f"sites/{_site(state, host, '')}{by_host['tail'] or ''}"
    if of_site := _DRIVE.fullmatch(path):
        drive = of_site["drive"] or _default_drive(state, of_site["site"])
        path = f"drives/{drive}{of_site['tail'] or of_site['rest'] or ''}"
    if (of_drive := _LIST.fullmatch(path)) and of_drive["drive"] in state["drives"]:
        library = state["drives"][of_drive["drive"]]
        path = f"sites/{library['site']}/lists/{library['list']}{of_drive['tail'] or ''}"
    return path


def _site(state: dict[str, Any], host: str, path: str) -> str:
    for identifier, site in state["sites"].items():
        if site["path"].casefold() == path.casefold() and (not host or site["hostname"] == host):
            return str(identifier)
    raise Refused(404, "Requested site could not be found")


def _default_drive(state: dict[str, Any], site: str) -> str:
    for identifier, drive in state["drives"].items():
        if drive["site"] == site:
            return str(identifier)
    raise Refused(404, "The site has no document library.")


async def read_site(call: Call) -> Response:
    """One site."""
    shown = shapes.site(call, call.at["site"])
    call.allowed(call.at["site"], "read")
    return answer({"@odata.context": f"{call.base}/v1.0/$metadata#sites/$entity", **shown})


async def find_sites(call: Call) -> Response:
    """Sites with these words in their name; without words, Graph gives none to an application."""
    words = call.query.get("$search", call.query.get("search", "")).strip('"').casefold()
    found = [i for i, s in call.state["sites"].items() if words and (words == "*" or words in s["displayName"].casefold())]
    return answer(page(found, call.query, call.link, lambda i: shapes.site(call, i)))


async def list_drives(call: Call) -> Response:
    """The document libraries of a site."""
    site = shapes.site(call, call.at["site"])["id"]
    call.allowed(site, "read")
    drives = [i for i, d in call.state["drives"].items() if d["site"] == site]
    return answer(page(drives, call.query, call.link, lambda i: shapes.drive(call, i)))


async def read_drive(call: Call) -> Response:
    """One document library."""
    call.allowed(call.drive["site"], "read")
    return answer({"@odata.context": f"{call.base}/v1.0/$metadata#drives/$entity", **shapes.drive(call, call.at["drive"])})


PATHS = [
    Entry("GET", r"sites", find_sites),
    Entry("GET", r"sites/(?P<site>[^/:]+)", read_site),
    Entry("GET", r"sites/(?P<site>[^/:]+)/drives", list_drives),
    Entry("GET", r"drives/(?P<drive>[^/]+)", read_drive),
]
