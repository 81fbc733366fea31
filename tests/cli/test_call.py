"""`outreach call`: a call to the phone line by typed keys, and the demo's line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from outreach.cli import demo, main
from outreach.config import Config, VoiceLine
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from tests.conftest import make_workshop
from tests.support import threaded_server
from tests.support.environment import where
from tests.support.ports import free_port

pytestmark = pytest.mark.any_database("one call")


def served(app: Flask, port: int) -> AbstractContextManager[None]:
    return threaded_server.running(make_server("127.0.0.1", port, app, threaded=True))


def call(config: Config, keys: str, *options: str, **settings: str) -> Result:
    runner = CliRunner(env=where(config) | settings)
    return runner.invoke(main, ["call", *options], input=keys)


def test_typed_keys_save_a_seat(
    make_app: Callable[..., Flask], config: Config, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    port = free_port()
    line = VoiceLine(secret=demo.VOICE_SECRET)
    app = make_app(voice=line, public_url=f"http://localhost:{port}")
    with served(app, port):
        result = call(config, "\n1\n60608\n1\n1\n2\n", "--port", str(port))
        wrong = call(
            config, "", OUTREACH_PUBLIC_URL=f"http://localhost:{port}",
            OUTREACH_VOICE_SECRET="another-secret-of-a-line",
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.output.count("Para español, marca 1.") == 2, "silence asks again"
    assert "Quedó apartado" in result.output
    assert "(The line hangs up.)" in result.output
    with store.read() as session:
        assert [each.people for each in session.query(Registration)] == [2]
    assert wrong.exit_code == 1
    assert "answered 403" in wrong.output


def test_site_that_does_not_run_is_said(config: Config) -> None:
    result = call(config, "", "--port", str(free_port()))
    assert result.exit_code == 1
    assert "does not answer (ConnectionRefusedError). Does it run?" in result.output


@pytest.mark.thorough
def test_demo_has_a_phone_line_and_keeps_the_gateway_of_texts(tmp_path: Path) -> None:
    given = {
        "OUTREACH_TEXTS_URL": "https://texts.example.org/send",
        "OUTREACH_TEXTS_BODY": "to={to}&text={text}",
        "OUTREACH_DATABASE_URL": "postgresql://real",
        "OUTREACH_VOICE_SECRET": "that of a real gateway",
    }
    program = (
        "import json, os, pathlib, sys; from outreach.cli import demo;"
        "demo.use_settings(pathlib.Path(sys.argv[1]), 8000);"
        "print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('OUTREACH_')}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=os.environ | given, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    settings = json.loads(shown)
    assert settings["OUTREACH_TEXTS_URL"] == given["OUTREACH_TEXTS_URL"]
    assert "OUTREACH_DATABASE_URL" not in settings
    config = Config.from_environ(settings, serving=True)
    assert config.voice == VoiceLine(secret=demo.VOICE_SECRET, number="312 555 0100")
