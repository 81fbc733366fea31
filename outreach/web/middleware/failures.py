"""What is noted of an error: a line in the log, a count in the metrics, a number for the page.

The reason of trouble with a database or a disk is one of `ErrorClass`. Identical errors are logged
once a minute, with how many were left out: a full disk fails each request that writes.
"""

import logging
import traceback
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final

import sqlalchemy as sa
from flask import Flask, current_app, request

from outreach import logs, migrations
from outreach.db import error_classes
from outreach.db.error_classes import PASSING, ErrorClass
from outreach.domain.text import code
from outreach.migrations import Database, Stage
from outreach.web.context import config, key_store, store
from outreach.web.middleware.metrics import RequestMetrics

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = 5
MENDING_SECONDS: Final = 60  # a fault that does not pass by itself takes somebody a while to mend
_OF_STAGE: Final = {
    Stage.UNKNOWN: ErrorClass.SCHEMA_NEWER,
    Stage.BEHIND: ErrorClass.SCHEMA_OLDER,
    Stage.EMPTY: ErrorClass.SCHEMA_OLDER,
}


@dataclass(frozen=True)
class Failure:
    """An error that was noted: the number that a page says, and the reason; None for a bug."""

    incident: str
    reason: ErrorClass | None

    @property
    def status(self) -> int:
        return 500 if self.reason is None else 503

    @property
    def headers(self) -> dict[str, str]:
        if self.reason is None:
            return {}
        seconds = RETRY_AFTER_SECONDS if self.reason in PASSING else MENDING_SECONDS
        return {"Retry-After": str(seconds)}


class FailureLog:
    """The log lines of one application."""

    def __init__(self) -> None:
        self._repeats = logs.Repeats()
        self._incidents: dict[object, str] = {}  # the number of the last line for each error
        self._lock = Lock()

    def write(self, error: BaseException, reason: ErrorClass | None) -> str:
        """Writes a line, unless one like it was written within a minute. Returns the number of the
        line."""
        name = error_classes.describe(error) if reason is None else _kind(error)
        key: object = reason or (_route(), name, _place(error))
        with self._lock:
            more = self._repeats.admit(key, now=monotonic())
            if more is None:
                return self._incidents[key]
            incident = self._incidents[key] = code(6)
        since = logs.say_left_out(more)
        if reason is None:
            log.error(
                "%s: %s failed: %s%s", incident, _route(), name, since, exc_info=without_text(error)
            )
        else:
            level = logging.WARNING if reason in PASSING else logging.ERROR
            log.log(level, "%s: %s: database %s (%s)%s", incident, _route(), reason, name, since)
        return incident


def init_app(app: Flask) -> None:
    app.extensions["outreach_failures"] = FailureLog()


def find_reason(error: BaseException) -> ErrorClass | None:
    """Returns why the databases could not be used; None for a bug.

    What an old server does with a newer schema may fail in any way, so after any other error the
    versions are compared.
    """
    return error_classes.classify(error) or _find_schema_reason()


def note(error: BaseException) -> Failure:
    """Logs and counts an error, without its text."""
    reason = find_reason(error)
    failures: FailureLog = current_app.extensions["outreach_failures"]
    incident = failures.write(error, reason)
    measures: RequestMetrics | None = current_app.extensions.get("outreach_measures")
    if measures is not None:
        measures.count_failure("bug" if reason is None else reason)
    return Failure(f"{incident[:3]} {incident[3:]}", reason)


def without_text(error: BaseException) -> RuntimeError:
    """An error with the type and traceback of this one: its text may hold what somebody typed."""
    return RuntimeError(_kind(error)).with_traceback(error.__traceback__)


def _find_schema_reason() -> ErrorClass | None:
    for base, own in ((Database.MAIN, store()), (Database.KEY_STORE, key_store().store)):
        try:
            stage = migrations.state(base, own, config().extensions).stage
        except sa.exc.SQLAlchemyError:
            continue
        if stage in _OF_STAGE:
            return _OF_STAGE[stage]
    return None


def _kind(error: BaseException) -> str:
    return type(error.orig if isinstance(error, sa.exc.DBAPIError) else error).__name__


def _route() -> str:
    """The method and the pattern of the route: no path, no token, no name (S10)."""
    rule = request.url_rule.rule if request.url_rule else "-"
    return f"{request.method} {rule}"


def _place(error: BaseException) -> tuple[str, int] | None:
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else None
