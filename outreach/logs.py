"""What the server, the worker and commands write down: one line an event, without anybody in it.

Our own code logs no name (S10). This is what stands behind it, for what others log: a
library, the server, the database. Of an error only its kind and its place are told, since its text
may quote what somebody typed; out of everything else goes whatever looks like an address, a phone,
a link, a code or the address of a computer. What is dropped without need costs a look at the code;
what stays without need stays in a file for years.
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
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict

from outreach import languages

log = logging.getLogger(__name__)

FORMS: Final = ("text", "json")
LONGEST: Final = 20_000  # characters of one value; more is cut off
DEEPEST: Final = 6  # of what is within what
MOST_PLACES: Final = 60  # of an error: one that called itself has a thousand
NOT_SHOWN: Final = "…"


# What is taken out


# Each begins only where a run of its characters does: a long text then takes no longer than its
# length, whoever sent it.
_WORD: Final = r"[^\s@<>\",;:()\[\]]"
_SIGNED_IN: Final = re.compile(r"(?<=://)[^\s/@]*(?:@|%40)")
_EMAIL: Final = re.compile(
    rf"(?:\"[^\"\n]*\"|(?<!{_WORD}){_WORD}+)@[^\s@<>\"',;:()\[\]]*"
    r"|(?<![\w.%+-])[\w.%+-]+%40[\w.%-]*"
)
# A database quotes the row, the statement and what came in; always at the end.
_OF_DATABASE: Final = re.compile(
    r"(\b(?:DETAIL|CONTEXT|STATEMENT|LINE \d+):|\[(?:SQL|parameters):|\bKey \(|"
    r"\bFailing row contains|\binvalid input (?:syntax|value)|\((?:psycopg|sqlite3)[\w.]*\)).*",
    re.DOTALL,
)
_ADDRESS_6: Final = re.compile(r"(?<![0-9A-Fa-f:.])[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ADDRESS_4: Final = re.compile(r"(?<!\d)\d+(?:\.\d+){3,}")
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
    """The text without anybody in it."""
    if len(text) > LONGEST:
        # Not in the middle of a word: half of a link or of an address would not be known as one.
        text = re.sub(r"\S*\Z", "", text[:LONGEST]) + NOT_SHOWN
    text = _SIGNED_IN.sub("[sign-in]@", text)
    text = _OF_DATABASE.sub(_named_only, text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _QUERY.sub(f"?{NOT_SHOWN}", text)
    text = _PAIRS.sub("[form]", text)
    text = _TYPED.sub(rf"\1={NOT_SHOWN}", text)
    text = _PATH.sub(_without_parts, text)
    text = _ADDRESS_6.sub(_unless_no_address, text)
    text = _ADDRESS_4.sub("[address]", text)
    text = _TOKEN.sub(_unless_a_kind, text)
    return _PHONE.sub(_unless_a_day, text)


def _named_only(found: re.Match[str]) -> str:
    """Of `(psycopg.errors.UniqueViolation) …` what it is called."""
    return found[1] if found[1].startswith("(") else NOT_SHOWN


def _without_parts(found: re.Match[str]) -> str:
    return found[0] if "/<" in found[2] or found[2] == "/" else f"{found[1]}/{NOT_SHOWN}"


def _unless_no_address(found: re.Match[str]) -> str:
    """An IPv6 address is short with `::`, or has seven colons (six, if it ends like an IPv4)."""
    run = found[0]
    is_address = "::" in run and any(each.isalnum() for each in run)
    return "[address]" if is_address or run.count(":") >= 6 else run


def _unless_a_kind(found: re.Match[str]) -> str:
    return found[0] if found[0] in _kinds(BaseException) else "[token]"


def _kinds(of: type[BaseException]) -> Iterator[str]:
    """What the errors are called that there are: some as long as a link."""
    for each in type.__subclasses__(of):
        yield each.__name__
        yield from _kinds(each)


def _unless_a_day(found: re.Match[str]) -> str:
    """A day is not a number to call. What stands beside it is."""
    rest = _DAY.sub("", found[0])
    if rest == found[0] or sum(each.isdigit() for each in rest) >= 4:
        return "[number]"
    return found[0]


def _clean(value: object, depth: int = 0) -> object:
    """The same for any value, so that it can be written as JSON."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        said = str(value)
        is_plain = clean(said) == said and math.isfinite(value)
        return value if is_plain else clean(said)
    if isinstance(value, BaseException):
        return kind_of(value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {clean(str(key)): _clean(each, depth + 1) for key, each in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, depth + 1) for each in value]
    return clean(value if isinstance(value, str) else repr(value))


# What is told of an error


def kind_of(error: BaseException) -> str:
    """What kind of error it is: never its text, but for the reason that the system itself gives."""
    name = type(error).__name__
    original = getattr(error, "orig", None)  # of the database, within SQLAlchemy's
    if isinstance(original, BaseException):
        return f"{name} ({type(original).__name__})"
    if isinstance(error, OSError) and isinstance(error.errno, int) and 0 < error.errno < 200:
        return f"{name} ({os.strerror(error.errno)})"
    return name


def _told(error: BaseException, seen: frozenset[int] = frozenset()) -> list[str]:
    """Where it happened, line by line, and what kind it is; what led to it first."""
    lines: list[str] = []
    seen |= {id(error)}
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen and len(seen) < DEEPEST:
        lines += [*_told(before, seen), "which led to:"]
    places = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    lines += [f"{each.filename}:{each.lineno} in {each.name}" for each in places[-MOST_PLACES:]]
    lines.append(kind_of(error))
    if isinstance(error, BaseExceptionGroup) and len(seen) < DEEPEST:
        for each in error.exceptions:
            lines += [f"  {line}" for line in _told(each, seen)]
    return lines


def _tell_of_error(_logger: object, _name: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error))
    return event


# How it is written


def _put_together(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Time, level, logger and event first, then what else is told; all of it clean."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    exception = event.pop("exception", None)
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    line: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": clean(record.name),
        "event": clean(str(event.pop("event", ""))),
    }
    more = {clean(str(name)): _clean(value) for name, value in event.items()}
    line |= {name: value for name, value in more.items() if name not in line}
    if exception is not None:
        line["exception"] = exception  # of our own making
    return line


def _as_json(_logger: object, _name: str, event: EventDict) -> str:
    return json.dumps(event)  # plain ASCII: half a character from somewhere breaks no line


def _as_text(_logger: object, _name: str, event: EventDict) -> str:
    exception = event.pop("exception", "")
    line = "{time} {level} {logger}: {event}".format_map(event)
    more = [f"{name}={event[name]}" for name in event if name not in _FIRST]
    # One line an event: whoever sends a line break writes no line of their own.
    line = _printable(" ".join([line, *more]))
    below = "".join(f"\n    {_printable(each)}" for each in exception.splitlines())
    return line + below


_FIRST: Final = ("time", "level", "logger", "event")
RENDERERS: Final[dict[str, Callable[[object, str, EventDict], str]]] = {
    "text": _as_text,
    "json": _as_json,
}


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Makes the line of a record, whoever logged it."""

    def __init__(self, form: str) -> None:
        super().__init__(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[_tell_of_error, _put_together, RENDERERS[form]],
        )

    def format(self, record: logging.LogRecord) -> str:
        # A copy: other handlers get theirs.
        record = copy.copy(record)
        record.exc_text = None
        record.stack_info = None
        # What another handler made of it, with the text of an error in it, would be told beside it.
        for name in ("message", "asctime"):
            vars(record).pop(name, None)
        if isinstance(record.msg, BaseException):
            record.msg = kind_of(record.msg)
        record.args = _without_errors(record.args)
        return super().format(record)


def _without_errors(args: Any) -> Any:
    """An error among what is filled into a line would be written with its text."""
    if isinstance(args, tuple):
        return tuple(kind_of(each) if isinstance(each, BaseException) else each for each in args)
    if isinstance(args, Mapping):
        return {
            name: kind_of(each) if isinstance(each, BaseException) else each
            for name, each in args.items()
        }
    return args


def _bare_args(_logger: object, _name: str, event: EventDict) -> EventDict:
    if "positional_args" in event:
        event["positional_args"] = _without_errors(event["positional_args"])
    return event


class Handler(logging.StreamHandler[Any]):
    """To stderr, whatever that is at the moment."""

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
        """The library would print the line itself with all that is in it."""
        kind = type(sys.exc_info()[1]).__name__
        line = self.formatter.format(_of_a_lost_line(record, kind)) if self.formatter else ""
        with contextlib.suppress(OSError, ValueError):  # there is nobody left to tell
            self.stream.write(f"{line}\n")


def _of_a_lost_line(record: logging.LogRecord, kind: str) -> logging.LogRecord:
    return logging.LogRecord(
        record.name, logging.ERROR, record.pathname, record.lineno,
        "a line could not be written down: %s", (kind,), None,
    )  # fmt: skip


# Setting it up


# The server's own lines go the way of all others, in each of its processes; none about a request.
OF_SERVER: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {
        "_granian": {"handlers": [], "propagate": True},
        "granian.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
    },
}


def set_up(form: str) -> None:
    """All that is logged goes to stderr as `text` or `json`. A second time replaces the first."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, Handler):
            root.removeHandler(handler)
    root.addHandler(Handler(form))
    logging.getLogger("outreach").setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            _bare_args,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def watch_all() -> None:
    """What nobody caught is logged too, and not printed with its text; for a process of our own."""
    sys.excepthook = uncaught
    sys.unraisablehook = lambda what: _log_uncaught(what.exc_value)
    threading.excepthook = lambda what: _log_uncaught(what.exc_value)
    logging.captureWarnings(True)


def uncaught(
    _kind: type[BaseException], error: BaseException, _place: TracebackType | None
) -> None:
    """In place of Python's own last words, which quote the error."""
    if not any(isinstance(each, Handler) for each in logging.getLogger().handlers):
        set_up(FORMS[0])
    _log_uncaught(error)


def _log_uncaught(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        log.critical("ended by an error", exc_info=error)
