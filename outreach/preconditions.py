"""Preconditions of HTTP requests (RFC 9110, 13), for feeds, API and pages alike.

Entity tags of ours are weak, since one stands for the plain and the compressed body. So `If-Match`,
which compares strongly, is true for `*` only.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from werkzeug.datastructures import ETags
from werkzeug.http import parse_date, parse_etags


def evaluate(
    environ: Mapping[str, Any], etag: str, changed_at: datetime | None = None
) -> HTTPStatus | None:
    """Returns PRECONDITION_FAILED or NOT_MODIFIED; None where the request is to be answered in
    full.

    `environ` is that of WSGI for a GET or HEAD request, `etag` the tag without W/ and quotes. A
    condition with a date counts only for what has a date of its last change.
    """
    if_match: str | None = environ.get("HTTP_IF_MATCH")
    if if_match is not None:
        if if_match.strip() != "*":
            return HTTPStatus.PRECONDITION_FAILED
    elif changed_at is not None:
        unmodified_since = parse_date(environ.get("HTTP_IF_UNMODIFIED_SINCE"))  # None for no date
        if unmodified_since is not None and changed_at.replace(microsecond=0) > unmodified_since:
            return HTTPStatus.PRECONDITION_FAILED
    if_none_match: str | None = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:
        is_current = if_none_match == f'W/"{etag}"' or _contains(if_none_match, etag)
        return HTTPStatus.NOT_MODIFIED if is_current else None
    if changed_at is None:
        return None
    since = parse_date(environ.get("HTTP_IF_MODIFIED_SINCE"))
    is_current = since is not None and changed_at.replace(microsecond=0) <= since
    return HTTPStatus.NOT_MODIFIED if is_current else None


def _contains(tags: str, etag: str) -> bool:
    known: ETags = parse_etags(tags)
    return known.contains_weak(etag)
