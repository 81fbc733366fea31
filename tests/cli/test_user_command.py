"""`outreach user`: accounts from the command line."""

import re

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from outreach.cli import main
from outreach.config import Config
from outreach.domain.network.offices import Office
from tests.support.environment import where
from tests.support.staff_client import PASSWORD

pytestmark = pytest.mark.any_database


class Shell:
    """The `outreach` command with the settings of the test."""

    def __init__(self, config: Config) -> None:
        self._environ = {
            **where(config),
            "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
        }

    def run(self, *words: str) -> Result:
        return CliRunner(env=self._environ).invoke(main, ["user", *words])


@pytest.fixture
def shell(config: Config, chicago: Office) -> Shell:
    return Shell(config)


def test_user_add_prints_a_link_that_sets_a_password(shell: Shell, client: FlaskClient) -> None:
    done = shell.run("add", "Ana@Example.org", "--role", "organizer", "--office", "chicago")
    assert done.exit_code == 0
    link = done.stdout.strip()
    assert re.fullmatch(r"https://talleres\.example\.org/org/invitacion/[\w-]{43}", link)
    path = link.removeprefix("https://talleres.example.org")
    assert client.post(path, data={"password": PASSWORD}).status_code == 303
    data = {"email": "ana@example.org", "password": PASSWORD}
    assert client.post("/org/entrar", data=data).status_code == 303


def test_admins_and_readers_have_all_offices_by_default(shell: Shell) -> None:
    shell.run("add", "elena@example.org", "--role", "admin")
    shell.run("add", "ivan@example.org", "--role", "reader", "--office", "chicago")
    listed = shell.run("list").stdout
    assert "admin, everywhere" in listed
    assert "reader, chicago" in listed
    assert "has not set a password yet" in listed


def test_lead_of_an_office_has_a_name(shell: Shell) -> None:
    words = ["add", "ana@example.org", "--role", "lead", "--office", "chicago"]
    assert shell.run(*words, "--name", " Ana  Robles ").exit_code == 0
    listed = shell.run("list").stdout
    assert "Ana Robles" in listed
    assert "lead, chicago" in listed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "luz@example.org", "--role", "lead"], "needs an office"),
        (["add", "luz@example.org", "--role", "admin", "--name", "bit.ly/x"], "no address"),
        (["add", "ana", "--role", "admin"], "is not an e-mail address"),
        (["add", "ana@example.org", "--role", "boss"], "There is no role boss"),
        (["add", "ana@example.org", "--role", "door"], "needs an office"),
        (
            ["add", "ana@example.org", "--role", "door", "--office", "atlantis"],
            "There is no office atlantis",
        ),
        (["disable", "ana@example.org"], "There is no account for ana@example.org"),
        (["reset", "ana@example.org"], "There is no account for ana@example.org"),
    ],
)
def test_user_errors_are_one_line(shell: Shell, words: list[str], message: str) -> None:
    done = shell.run(*words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_user_add_refuses_an_existing_account(shell: Shell) -> None:
    shell.run("add", "ana@example.org", "--role", "admin")
    refused = shell.run("add", "ana@example.org", "--role", "admin")
    assert refused.exit_code == 2
    assert "There is an account for ana@example.org already" in refused.stderr


def test_user_reset_enables_a_disabled_account(shell: Shell, client: FlaskClient) -> None:
    first = shell.run("add", "ana@example.org", "--role", "admin").stdout.strip()
    assert shell.run("disable", "ana@example.org").exit_code == 0
    assert "disabled" in shell.run("list").stdout
    path = first.removeprefix("https://talleres.example.org")
    assert client.get(path).status_code == 404
    second = shell.run("reset", "ana@example.org").stdout.strip()
    path = second.removeprefix("https://talleres.example.org")
    assert client.post(path, data={"password": PASSWORD}).status_code == 303
