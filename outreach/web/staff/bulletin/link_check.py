"""Whether a path of ours, in what somebody wrote, leads the public anywhere."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from outreach.clock import Month
from outreach.domain import workshops
from outreach.domain.network import kinds, offices
from outreach.domain.newsletter import bulletins
from outreach.errors import NotFound
from outreach.i18n import LANGUAGES

# What is not for everybody: the staff's pages, and those whose address is a permission.
_NOT_PUBLIC: Final = ("/org", "/q/", *(f"/{lang}/r/" for lang in LANGUAGES))


def checker(session: Session) -> Callable[[str], bool]:
    """Says of each path whether there is a page of ours that anybody may open."""
    routes = current_app.url_map.bind("")

    def is_there(link: str) -> bool:
        path = unquote(urlsplit(link).path)
        if path.startswith(_NOT_PUBLIC) or "\0" in path:
            return False
        try:
            endpoint, values = routes.match(path, method="GET")
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        try:
            return _is_good(session, str(endpoint), values)
        except (NotFound, ValueError):
            return False

    return is_there


def _is_good(session: Session, endpoint: str, values: Mapping[str, Any]) -> bool:
    """Whether what the address names is there. Raises NotFound, or ValueError for no month."""
    if "token" in values:
        return False
    if "public_id" in values:
        # A discreet workshop's link is for those who have it: it is not printed for everybody.
        return not workshops.find_public(session, str(values["public_id"])).is_hidden
    if "slug" in values:
        offices.find(session, str(values["slug"]))
    if "code" in values:
        codes = {
            code for kind in kinds.list_kinds(session) for code in (kind.code, kind.public_code)
        }
        return values["code"] in codes
    for name in ("month", "text"):
        if name in values:
            month = Month.parse(str(values[name]))
            # A provisional one is gone once its month is closed.
            is_bulletin = endpoint.startswith("bulletin.")
            return not is_bulletin or bulletins.latest(session, month) is not None
    return True
