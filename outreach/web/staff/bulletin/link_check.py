"""Checks that links in the bulletin to this site lead to a public page."""

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

# Not public: staff pages, and pages whose address is a permission.
_NOT_PUBLIC: Final = ("/org", "/q/", *(f"/{lang}/r/" for lang in LANGUAGES))


def checker(session: Session) -> Callable[[str], bool]:
    """A function that tells of a link whether it leads to a public page of this site."""
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
            return _exists(session, str(endpoint), values)
        except (NotFound, ValueError):
            return False

    return is_there


def _exists(session: Session, endpoint: str, values: Mapping[str, Any]) -> bool:
    """Whether the subject of the address exists. Raises NotFound, or ValueError for an invalid
    month."""
    if "token" in values:
        return False
    if "public_id" in values:
        # The link of a discreet workshop must not be published.
        return not workshops.find_public(session, str(values["public_id"])).is_hidden
    if "slug" in values:
        offices.find(session, str(values["slug"]))
    if "code" in values:
        codes = {code for kind in kinds.list_kinds(session) for code in kind.codes}
        return values["code"] in codes
    for name in ("month", "text"):
        if name in values:
            month = Month.parse(str(values[name]))
            # A provisional bulletin disappears when its month is closed.
            is_bulletin = endpoint.startswith("bulletin.")
            return not is_bulletin or bulletins.latest(session, month) is not None
    return True
