"""Logging of server, worker and commands: one line an event, without personal data.

Our own code logs no name (S10). This is the second barrier, for what libraries, the server and the
database log: of an error only its class and its traceback are logged, since its text may quote what
somebody typed, and whatever looks like an e-mail, a phone, a link, a token or a network address is
replaced. Removing too much only makes a log line less useful; leaving too much discloses a person.
"""

import contextlib
import copy
import json
import logging
import math
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from outreach import languages, network_profile

log = logging.getLogger(__name__)
# Errors with their texts and tracebacks, at the level DEBUG: `outreach dev` alone shows them.
tracebacks: Final = logging.getLogger("outreach.tracebacks")

JSON: Final = "json"
FORMS: Final = ("text", JSON)
MAX_VALUE_LENGTH: Final = 20_000  # characters
MAX_DEPTH: Final = 6  # for nested values and for causes
MAX_FRAMES: Final = 60  # in a traceback: a recursion has a thousand
HIDDEN: Final = "…"


# Redaction. Each pattern begins only where a run of its characters begins, so matching takes time
# linear in the length of a text that somebody else may have sent.
_WORD: Final = r"[^\s@<>\",;:()\[\]]"
_USERINFO: Final = re.compile(r"(?<=://)[^\s/@]*(?:@|%40)")
_EMAIL: Final = re.compile(
    rf"(?:\"[^\"\n]*\"|(?<!{_WORD}){_WORD}+)@[^\s@<>\"',;:()\[\]]*"
    r"|(?<![\w.%+-])[\w.%+-]+%40[\w.%-]*"
)
# Database errors quote rows, statements and parameters, always at the end of their text.
_DATABASE_DETAIL: Final = re.compile(
    r"(\b(?:DETAIL|CONTEXT|STATEMENT|LINE \d+):|\[(?:SQL|parameters):|\bKey \(|"
    r"\bFailing row contains|\binvalid input (?:syntax|value)|\((?:psycopg|sqlite3)[\w.]*\)).*",
    re.DOTALL,
)
_IPV6: Final = re.compile(r"(?<![0-9A-Fa-f:.])[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_IPV4: Final = re.compile(r"(?<!\d)\d+(?:\.\d+){3,}")
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22,}")
_PHONE: Final = re.compile(r"(?<!\d)\+?\(?\d(?:[\s().\-–/·]{0,3}\d){6,}")
_DAY: Final = re.compile(r"(?<!\d)(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
# The pattern of an address is fine, `/<lang:lang>/r/<token>`; an address is not.
_PATH: Final = re.compile(
    rf"(/(?:(?:{languages.PATTERN}|org|api)(?:/[a-z]{{1,20}}(?![^\s/?#\"'.,;]))?|q))"
    r"((?:/[^\s/?#\"']*)+)"
)
_QUERY: Final = re.compile(r"(?<=[\w/)>…])\?[^\s\"'<>]+")
_PAIRS: Final = re.compile(r"(?<![^\s\"'?(])[\w%.+-]+=[^\s&\"']*(?:&[^\s&\"']*)+")
_TYPED: Final = re.compile(
    r"\b(name|nombre|nom|email|correo|phone|tel|telefono|q|code|codigo|token|nonce|password)="
    r"[^\s&\"']+",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """The text with personal data replaced, and cut to MAX_VALUE_LENGTH characters."""
    if len(text) > MAX_VALUE_LENGTH:
        # Not within a word: half a link or an address would not be recognized.
        text = re.sub(r"\S*\Z", "", text[:MAX_VALUE_LENGTH]) + HIDDEN
    text = _USERINFO.sub("[sign-in]@", text)
    text = _DATABASE_DETAIL.sub(_keep_error_class, text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _QUERY.sub(f"?{HIDDEN}", text)
    text = _PAIRS.sub("[form]", text)
    text = _TYPED.sub(rf"\1={HIDDEN}", text)
    text = _PATH.sub(_hide_path, text)
    text = _IPV6.sub(_hide_ipv6, text)
    text = _IPV4.sub("[address]", text)
    text = _TOKEN.sub(_hide_token, text)
    return _PHONE.sub(_hide_number, text)


def _keep_error_class(found: re.Match[str]) -> str:
    """Keeps the class name of `(psycopg.errors.UniqueViolation) …`."""
    return found[1] if found[1].startswith("(") else HIDDEN


def _hide_path(found: re.Match[str]) -> str:
    return found[0] if "/<" in found[2] or found[2] == "/" else f"{found[1]}/{HIDDEN}"


def _hide_ipv6(found: re.Match[str]) -> str:
    """Replaces an IPv6 address, which has `::` or seven colons, six if it ends like IPv4 (RFC 4291,
    2.2); other texts with colons stay."""
    run = found[0]
    is_address = "::" in run and any(each.isalnum() for each in run)
    return "[address]" if is_address or run.count(":") >= 6 else run


def _hide_token(found: re.Match[str]) -> str:
    return found[0] if found[0] in _class_names(BaseException) else "[token]"


def _class_names(base: type[BaseException]) -> Iterator[str]:
    """Returns the names of all exception classes: some are as long as a token, and must not be
    hidden."""
    for each in type.__subclasses__(base):
        yield each.__name__
        yield from _class_names(each)


def _hide_number(found: re.Match[str]) -> str:
    """Replaces a number, unless it is a date alone or a date with fewer than four more digits."""
    rest = _DAY.sub("", found[0])
    if rest == found[0] or sum(each.isdigit() for each in rest) >= 4:
        return "[number]"
    return found[0]


def _clean(value: object, depth: int = 0) -> object:
    """Cleans any value as `clean` does a text; the result can be written as JSON."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        text = str(value)
        is_plain = clean(text) == text and math.isfinite(value)
        return value if is_plain else clean(text)
    if isinstance(value, BaseException):
        return error_class(value)
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {clean(str(key)): _clean(each, depth + 1) for key, each in value.items()}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, depth + 1) for each in value]
    return clean(value if isinstance(value, str) else repr(value))


# Errors


def error_class(error: BaseException) -> str:
    """The class of an error, with the class of the database's own error or the system's reason."""
    name = type(error).__name__
    original = getattr(error, "orig", None)  # the driver's error within SQLAlchemy's
    if isinstance(original, BaseException):
        return f"{name} ({type(original).__name__})"
    if isinstance(error, OSError) and isinstance(error.errno, int) and 0 < error.errno < 200:
        return f"{name} ({os.strerror(error.errno)})"
    return name


def _traceback_lines(error: BaseException, seen: frozenset[int] = frozenset()) -> list[str]:
    """The traceback without source lines, then the error's class; its cause before it."""
    lines: list[str] = []
    seen |= {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen and len(seen) < MAX_DEPTH:
        lines += [*_traceback_lines(cause, seen), "which led to:"]
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    lines += [f"{each.filename}:{each.lineno} in {each.name}" for each in frames[-MAX_FRAMES:]]
    lines.append(error_class(error))
    if isinstance(error, BaseExceptionGroup) and len(seen) < MAX_DEPTH:
        for each in error.exceptions:
            lines += [f"  {line}" for line in _traceback_lines(each, seen)]
    return lines


# Formatting


def _build_line(record: logging.LogRecord) -> dict[str, Any]:
    """Returns time, level, logger and event, the network if there are several, then the values of
    `extra`; all of them cleaned."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    line: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": clean(record.name),
        "event": clean(record.getMessage()),
    }
    if network := network_profile.current_name():
        line["network"] = network
    for name, value in vars(record).items():
        if name not in _RECORD_NAMES:
            line.setdefault(clean(str(name)), _clean(value))
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        line["exception"] = "\n".join(_traceback_lines(error))
    return line


def _as_json(event: dict[str, Any]) -> str:
    return json.dumps(event)  # ASCII only: a lone surrogate cannot be encoded


def _as_text(event: dict[str, Any]) -> str:
    exception = event.pop("exception", "")
    line = "{time} {level} {logger}: {event}".format_map(event)
    values = [f"{name}={event[name]}" for name in event if name not in _FIRST]
    # Escaped, so that a line break in a value cannot forge a line.
    line = _printable(" ".join([line, *values]))
    below = "".join(f"\n    {_printable(each)}" for each in exception.splitlines())
    return line + below


# What every record has, and the name of the traceback; anything else was given as `extra`.
_RECORD_NAMES: Final = frozenset({*vars(logging.makeLogRecord({})), "exception"})
_FIRST: Final = ("time", "level", "logger", "event")
RENDERERS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "text": _as_text,
    "json": _as_json,
}


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class Formatter(logging.Formatter):
    """Formats every record, also those of libraries."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._render = RENDERERS[form]

    def format(self, record: logging.LogRecord) -> str:
        # A copy: other handlers use the same record.
        record = copy.copy(record)
        record.exc_text = None
        record.stack_info = None
        # Another handler may have stored its own formatted text, with an error's text in it.
        for name in ("message", "asctime"):
            vars(record).pop(name, None)
        if isinstance(record.msg, BaseException):
            record.msg = error_class(record.msg)
        record.args = _without_errors(record.args)
        return self._render(_build_line(record))


def _without_errors(args: Any) -> Any:
    """Replaces errors among the arguments by their class: formatted, they would show their text."""
    if isinstance(args, tuple):
        return tuple(
            error_class(each) if isinstance(each, BaseException) else each for each in args
        )
    if isinstance(args, Mapping):
        return {
            name: error_class(each) if isinstance(each, BaseException) else each
            for name, each in args.items()
        }
    return args


class Repeats:
    """Decides which of identical lines are written: one a minute, with how many were left out."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._lines: dict[Hashable, tuple[float, int]] = {}  # when the last was written; left out

    def admit(self, key: Hashable, *, now: float) -> int | None:
        """Returns how many lines were left out since the last; None where this one is left out too.
        `now` is of `time.monotonic`."""
        written_at, left_out = self._lines.get(key, (now - self._seconds, 0))
        if now - written_at < self._seconds:
            self._lines[key] = written_at, left_out + 1
            return None
        self._lines[key] = now, 0
        return left_out


def say_left_out(count: int) -> str:
    """Returns what the end of a line says of those that were left out before it."""
    return f", and {count} more since the last such line" if count else ""


class Handler(logging.StreamHandler[Any]):
    """Writes to the current `sys.stderr`, which tests and servers replace."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.setFormatter(Formatter(form))

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: object) -> None:
        pass

    def handleError(self, record: logging.LogRecord) -> None:
        """Logs that a line was lost; the library would print the record with its values."""
        kind = type(sys.exc_info()[1]).__name__
        line = self.formatter.format(_lost_line_record(record, kind)) if self.formatter else ""
        with contextlib.suppress(OSError, ValueError):  # stderr is closed
            self.stream.write(f"{line}\n")


def _lost_line_record(record: logging.LogRecord, kind: str) -> logging.LogRecord:
    return logging.LogRecord(
        record.name, logging.ERROR, record.pathname, record.lineno,
        "a line could not be written down: %s", (kind,), None,
    )  # fmt: skip


# Configuration


# granian's log configuration: its lines go to our handler; the access log is off.
class _ThreadAdvice(logging.Filter):
    """Leaves out granian's advice to have fewer threads: most of ours wait (decision 0041)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Python threads, which seems quite high" not in record.getMessage()


GRANIAN_LOGGING: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "filters": {"thread advice": {"()": _ThreadAdvice}},
    "loggers": {
        "_granian": {"handlers": [], "filters": ["thread advice"], "propagate": True},
        "granian.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
    },
}


def set_up(form: str) -> None:
    """Logs to stderr as `text` or `json`. A second call replaces the first."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, Handler):
            root.removeHandler(handler)
    root.addHandler(Handler(form))
    logging.getLogger("outreach").setLevel(logging.INFO)


def log_uncaught_errors() -> None:
    """Logs uncaught errors of all threads and warnings; Python would print their text."""
    sys.excepthook = log_uncaught
    sys.unraisablehook = lambda what: _log_uncaught(what.exc_value)
    threading.excepthook = lambda what: _log_uncaught(what.exc_value)
    logging.captureWarnings(True)


def log_uncaught(
    _kind: type[BaseException], error: BaseException, _place: TracebackType | None
) -> None:
    """A `sys.excepthook`. Python's own prints the text of the error."""
    if not any(isinstance(each, Handler) for each in logging.getLogger().handlers):
        set_up(FORMS[0])
    _log_uncaught(error)


def _log_uncaught(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        log.critical("ended by an error", exc_info=error)
