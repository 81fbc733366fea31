"""Log lines contain no personal data, as text and as JSON, whoever logs."""

import io
import json
import logging
import os
import re
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach import logs
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.errors import Misconfigured
from tests.support.public_urls import NOBODY

pytestmark = pytest.mark.any_database("what is written down is no question to it")

FORMS: Final = pytest.mark.parametrize("form", logs.FORMS)
PLAIN_ID: Final = "7K3MZ90QAB"  # the id of a public workshop


@contextmanager
def written(form: str) -> Iterator[io.StringIO]:
    """All that is logged in the block, as on stderr."""
    root, before = logging.getLogger(), sys.stderr
    level, others = root.level, root.handlers[:]
    sys.stderr = heard = io.StringIO()
    root.handlers[:] = []
    logs.set_up(form)
    try:
        yield heard
    finally:
        sys.stderr = before
        root.handlers[:] = others
        root.setLevel(level)


def emails() -> st.SearchStrategy[str]:
    return st.emails() | st.sampled_from(["rosa+luz@ejemplo.com", "o'brien@example.org", "ñ@ñ.mx"])


def phones() -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=10, max_size=10)
    shapes = ["+1{}{}{}", "({}) {}-{}", "{}.{}.{}", "{} {} {}", "+52 1 {} {} {}", "{}{}{}"]
    return st.builds(
        lambda number, shape: shape.format(number[:3], number[3:6], number[6:]),
        digits, st.sampled_from(shapes),
    )  # fmt: skip


def tokens() -> st.SearchStrategy[str]:
    return st.binary(min_size=16, max_size=32).map(
        lambda raw: urlsafe_b64encode(raw).decode().rstrip("=")
    )


CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODES: Final = st.text(CROCKFORD, min_size=6, max_size=6)
SECRETS: Final = st.one_of(
    emails(),
    phones(),
    tokens(),
    st.text(CROCKFORD, min_size=26, max_size=26),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str).filter(lambda address: address != "::"),
    st.ip_addresses(v=6).map(lambda address: address.exploded),
)
AROUND: Final = st.text(max_size=12)


def lines(text: str, form: str) -> list[str]:
    """The events, one line each; in text format their continuation lines are indented."""
    found = text.split("\n")
    assert found.pop() == ""
    if form == "json":
        for line in found:
            assert {"time", "level", "logger", "event"} <= json.loads(line).keys()
    return [line for line in found if not line.startswith("    ")]


def is_extra(key: str) -> bool:
    """Whether a line may have a value of that name: `logging` refuses those of its records."""
    return key not in {*vars(logging.makeLogRecord({})), "message", "asctime"}


@FORMS
def test_output_of_another_log_handler_is_not_repeated(form: str) -> None:
    record = logging.makeLogRecord(
        {"name": "x", "msg": "about %s", "args": (ValueError("Rosa Canario"),)}
    )
    assert "Rosa Canario" in logging.Formatter("%(asctime)s %(message)s").format(record)
    line = logs.Formatter(form).format(record)
    assert "about ValueError" in line
    assert "Canario" not in line


@FORMS
@settings(max_examples=100, deadline=None)
@given(secret=SECRETS, before=AROUND, after=AROUND, key=st.text(max_size=5).filter(is_extra))
def test_log_lines_contain_no_personal_data(
    form: str, secret: str, before: str, after: str, key: str
) -> None:
    logged = f"{before}{secret}{after}"
    with written(form) as heard:
        log = logging.getLogger("sqlalchemy.engine")
        log.error(logged.replace("%", "%%"))
        log.error("about %s", logged)
        log.error("about %(this)s", {"this": logged})
        log.error("about %r", [logged])
        log.error(
            "more", extra={"about": logged, key or "x": {logged: [logged, (logged,), {logged}]}}
        )
        log.error("bytes %s", logged.encode("utf-8", "replace"))
        log.error("within", extra={"within": {"deep": {"deeper": [logged]}}})
        logging.getLogger(logged).error("a logger of that name")
    for line in lines(heard.getvalue(), form):
        shown = line if form == "text" else json.dumps(json.loads(line), ensure_ascii=False)
        assert secret not in shown
        for part in parts_of(secret):
            assert part not in shown


def parts_of(secret: str) -> Iterator[str]:
    """Parts that identify a person alone: the name of a mailbox, unless it is a word of ours."""
    name, at, _ = secret.rpartition("@")
    if at and len(name) > 8:
        yield name


@FORMS
@settings(max_examples=60, deadline=None)
@given(secret=SECRETS, before=AROUND)
def test_error_is_logged_by_class_and_place_only(form: str, secret: str, before: str) -> None:
    logged = f"{before} Canariosa {secret}"

    def fail() -> None:
        try:
            raise KeyError(logged)
        except KeyError as first:
            error = ValueError(logged)
            error.add_note(logged)
            raise ExceptionGroup(logged, [error, OSError(28, logged, logged)]) from first

    with written(form) as heard:
        log = logging.getLogger("smtplib")
        try:
            fail()
        except ExceptionGroup as error:
            log.exception("it failed")
            log.exception(error)
            log.error("it failed: %s", error)
            log.error("it failed: %(why)s", {"why": error})
            log.error(error, stack_info=True)
            log.exception("it failed: %s", error, extra={"why": error})
            logs.log_uncaught(type(error), error, None)
    text = heard.getvalue()
    assert len(lines(text, form)) == 7
    assert "Canariosa" not in text
    assert secret not in text or secret in "0123456789"
    for shown in ("ExceptionGroup", "KeyError", "ValueError", "No space left on device", "in fail"):
        assert shown in text


@FORMS
def test_values_in_database_errors_are_not_logged(form: str, store: Store, chicago: Office) -> None:
    errors: list[BaseException] = []
    for statement in (
        "INSERT INTO office (slug, city) VALUES ('chicago', 'Canariosa')",
        "SELECT CAST('Canariosa' AS integer) / 0 FROM nowhere",
        "UPDATE office SET id = NULL, city = 'Canariosa'",
    ):
        with pytest.raises(sa.exc.DBAPIError) as caught, store.change() as session:
            session.execute(sa.text(statement))
        assert caught.value.orig is not None
        errors += [caught.value, caught.value.orig]
    quoting = (
        'duplicate key value violates unique constraint "uq"\nDETAIL:  Key (name)=(Canariosa) '
        "already exists.",
        'invalid input syntax for type integer: "Canariosa"',
        "(sqlite3.IntegrityError) Canariosa\n[SQL: INSERT … 'Canariosa']\n[parameters: ('x',)]",
        "null value in column\nDETAIL:  Failing row contains (1, Canariosa, null).",
    )
    errors += [psycopg.errors.UniqueViolation(each) for each in quoting]
    with written(form) as heard:
        for error in errors:
            logging.getLogger("alembic").error("failed: %s", error, exc_info=error)
            if not isinstance(error, sa.exc.StatementError) or error.orig is None:
                logging.getLogger("alembic").error("failed")
        for each in quoting:
            logging.getLogger("psycopg").error(each)
    assert "Canariosa" not in heard.getvalue()
    assert "UniqueViolation" in heard.getvalue()


@FORMS
@given(code=CODES | CODES.map(str.lower), query=st.text("abc=&%0", min_size=1))
@settings(max_examples=60, deadline=None)
def test_tokens_and_query_strings_are_not_logged(form: str, code: str, query: str) -> None:
    with written(form) as heard:
        for path in ("/q/{}", "/es/r/{}", "/org/talleres/7K3MZ90QAB/{}", "/org/puerta/{}/marca"):
            logging.getLogger("_granian").error("GET %s HTTP/1.1", path.format(code))
            logging.getLogger("_granian").error("at https://x.example%s", path.format(code))
            logging.getLogger("_granian").error("asked for %s?%s x", path.format(code), query)
        logging.getLogger("_granian").error("/es/?nombre=Canariosa&q=%s", code)
        logging.getLogger("_granian").error("nombre=Canariosa&q=%s", code)
        logging.getLogger("_granian").error("code=%s and name=Canariosa", code)
    for line in lines(heard.getvalue(), form):
        shown = line.partition("event")[2] if form == "json" else line.partition("_granian")[2]
        assert f"/{code}" not in shown
        assert f"={code}" not in shown
        assert "Canariosa" not in shown
        assert f"?{query}" not in shown


def test_useful_details_are_still_logged() -> None:
    for logged in (
        "GET /<lang:lang>/r/<token>/cambiar failed: ValueError",
        "POST /org/talleres/<public_id>/entrada failed: ConnectionRefusedError",
        "letters failed: NumericValueOutOfRange at 2026-11-24 18:05:07",
        f"workshop {PLAIN_ID} was moved from 2026-11-24 to 2026-11-25",
        "42 letters sent in 1.5 s",
        "the worker died; it starts again in 60 s",
        "granian::workers started",
    ):
        assert logs.clean(logged) == logged
    assert logs.clean(f"/es/r/{NOBODY}?x") == "/es/r/…?…"
    assert logs.clean("postgresql+psycopg://rosa:secreta@db/x") == (
        "postgresql+psycopg://[sign-in]@db/x"
    )
    assert logs.clean("from 127.0.0.9:8000") == "from [address]:8000"
    assert logs.clean("write to rosa@example.org now") == "write to [e-mail] now"
    assert logs.clean("call (312) 555-0142 now") == "call [number] now"


@FORMS
def test_line_break_in_input_makes_no_new_log_line(form: str) -> None:
    with written(form) as heard:
        logging.getLogger("x").error("a\n2026-01-01T00:00:00Z error outreach: all is lost\r\x1b[2J")
        logging.getLogger("x").error("%s", "half a character \ud800")
    assert len(lines(heard.getvalue(), form)) == 2
    assert heard.getvalue().count("\n") == 2
    assert "\x1b" not in heard.getvalue()
    assert heard.getvalue().isprintable() or "\n" in heard.getvalue()


@FORMS
def test_unformattable_line_is_logged_without_its_values(form: str) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError("Canariosa")

    with written(form) as heard:
        logging.getLogger("x").error("%d letters to %s", "Canariosa", "rosa@example.org")
        logging.getLogger("x").error("%s", Broken())
    assert "Canariosa" not in heard.getvalue()
    assert "example.org" not in heard.getvalue()
    assert heard.getvalue().count("a line could not be written down") == 2
    assert len(lines(heard.getvalue(), form)) == 2


@pytest.mark.parametrize(
    "made",
    [
        lambda n: "a" * n,
        lambda n: "a." * (n // 2),
        lambda n: "1" * n,
        lambda n: "1." * (n // 2),
        lambda n: "::" * (n // 2),
        lambda n: '"' * n,
        lambda n: "/es/a" * (n // 5),
        lambda n: "a=" * (n // 2),
        lambda n: "a=&" * (n // 3),
        lambda n: "%40" * (n // 3),
        lambda n: "?" * n,
        lambda n: "Key (" * (n // 5),
        lambda n: "a://" * (n // 4),
        lambda n: " " * n,
    ],
)
def test_long_log_line_is_filtered_quickly(made: Callable[[int], str]) -> None:
    import time

    began = time.process_time()
    assert len(logs.clean(made(1_000_000))) <= 30_000
    assert time.process_time() - began < 2


def test_partial_token_is_not_logged() -> None:
    for cut in range(30):
        logged = "x " * ((logs.MAX_VALUE_LENGTH - cut) // 2) + f"{NOBODY} rosa@example.org"
        assert NOBODY[:5] not in logs.clean(logged)
        assert "rosa" not in logs.clean(logged)


def test_settings_choose_log_format_and_metrics_token() -> None:
    assert Config.from_environ({}).log == "text"
    assert Config.from_environ({"OUTREACH_LOG": "json"}).log == "json"
    with pytest.raises(Misconfigured, match="OUTREACH_LOG has to be text or json"):
        Config.from_environ({"OUTREACH_LOG": "xml"})
    token = secrets.token_urlsafe(32)
    assert Config.from_environ({"OUTREACH_METRICS_TOKEN": token}).metrics_token == token
    assert token not in repr(Config.from_environ({"OUTREACH_METRICS_TOKEN": token}))
    for bad in ("short", "a b" * 20, "ñ" * 30, "x" * 201):
        with pytest.raises(Misconfigured, match="OUTREACH_METRICS_TOKEN has to be") as caught:
            Config.from_environ({"OUTREACH_METRICS_TOKEN": bad})
        assert bad not in str(caught.value)


FAULT: Final = """
import sys, threading
from outreach import logs
logs.set_up(sys.argv[1]); logs.log_uncaught_errors()
class Broken:
    def __del__(self): raise ValueError("Canariosa")
broken = Broken(); del broken
def fail(): raise ValueError("Canariosa")
thread = threading.Thread(target=fail); thread.start(); thread.join()
import warnings; warnings.warn("rosa@example.org")
raise ValueError("Canariosa")
"""


@FORMS
def test_uncaught_exception_is_printed_without_its_text(form: str, tmp_path: Path) -> None:
    program = tmp_path / "fault.py"
    program.write_text(FAULT)
    done = subprocess.run(
        [sys.executable, program, form],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Canariosa" not in done.stderr
    assert "rosa@" not in done.stderr
    assert len(lines(done.stderr, form)) == 4
    assert done.stderr.count("ValueError") == 3
    assert re.search(r"fault\.py:8 in fail", done.stderr)


def test_command_error_is_logged_like_a_server_error(config: Config, tmp_path: Path) -> None:
    """A file of the program is missing, which no command expects."""
    program = tmp_path / "broken.py"
    program.write_text(
        "import sys\nfrom outreach import cli\n"
        "sys.modules['outreach.cli.doctor'] = type(sys)('doctor')\n"
        "sys.argv = ['outreach', 'doctor']\ncli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.returncode == 1
    assert "ended by an error" in done.stderr
    assert "AttributeError" in done.stderr
    assert "Traceback" not in done.stderr


def test_secret_settings_are_not_logged(config: Config) -> None:
    assert "only for tests" not in repr(config)
    found: Any = logs.clean(f"{config.database_url} {config!r}")
    assert "only for tests" not in found
