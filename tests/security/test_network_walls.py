"""Two networks in one process: nothing of one is in an answer, a row or a file of the other."""

import json
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from outreach import clock, network_profile
from outreach.cli import main
from outreach.config import Config, Limits
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.outbox import delivery_queue
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased, NotFound
from outreach.logs import FORMS, Formatter
from outreach.maintenance.worker import Worker
from outreach.network_profile import use_profile
from outreach.privacy import erasure
from outreach.web.middleware.network_dispatch import NetworkDispatcher
from tests.conftest import Pair, close_app
from tests.support.backups import fingerprint
from tests.support.network_scene import (
    EMAIL,
    NetworkScene,
    NetworkUnderTest,
    dump,
    opened,
    write_files,
)
from tests.support.registration_forms import answers
from tests.support.staff_client import PASSWORD

PAGES = (
    "/", "/es/", "/en/", "/fr/", "/es/red", "/es/calendario", "/es/privacidad", "/es/derechos",
    "/api/v1/workshops", "/api/v1/offices", "/api/v1/kinds", "/sitemap.xml", "/robots.txt",
    "/es/cal/red.ics", "/es/cal/red.atom", "/es/cal/red.json", "/es/cal/chicago.ics",
    "/org/entrar", "/es/nada",
)  # fmt: skip


@pytest.fixture
def scene(config: Config, second_config: Config) -> Iterator[NetworkScene]:
    with opened(config, second_config) as made:
        yield made


def staff(network: NetworkUnderTest) -> dict[str, str]:
    return {"Cookie": f"__Host-staff={network.cookie}"}


def pairs(scene: NetworkScene) -> list[tuple[NetworkUnderTest, NetworkUnderTest]]:
    return [(scene.north, scene.south), (scene.south, scene.north)]


def test_host_chooses_the_network_and_every_page_is_its_own(scene: NetworkScene) -> None:
    for _ in range(2):  # the second time from the caches
        for path in PAGES:
            for own, other in pairs(scene):
                answer = scene.ask(own, path)
                assert answer.status_code < 500, path
                text = answer.text + str(answer.headers)
                assert other.word not in text, path
                assert other.config.host not in text, path
    for own, _other in pairs(scene):
        assert own.word in scene.ask(own, "/es/").text
        assert own.word in scene.ask(own.config.host.upper(), "/es/").text


@pytest.mark.any_database("no database is asked")
def test_host_of_no_network_is_refused_with_a_sentence(scene: NetworkScene) -> None:
    host = scene.north.config.host
    for wrong in (f"{host}.", f"{host}:80", "localhost:8000", "127.0.0.1", f"x@{host}", ""):
        for method in ("GET", "POST", "HEAD"):
            answer = scene.ask(wrong, "/es/", method=method)
            assert answer.status_code == 421
            assert answer.mimetype == "text/plain"
            is_head = method == "HEAD"
            assert ("Aquí no hay un sitio con esa dirección" in answer.text) is not is_head
            assert scene.north.word not in answer.text


def test_page_has_the_words_and_countries_of_its_network(scene: NetworkScene) -> None:
    north, south = (scene.ask(each, "/es/red").text for each in (scene.north, scene.south))
    assert "consulado" in north.lower()
    assert "consulado" not in south.lower()


def test_rows_and_addresses_of_one_are_not_found_in_the_other(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        page = f"/es/t/{own.workshop.public_id}"
        for path in (page, f"{page}.ics", f"{page}/lugar"):
            assert scene.ask(own, path).status_code == 200, path
            assert scene.ask(other, path).status_code == 404, path
        # Both have the same number of a row, so only the network tells them apart.
        assert own.workshop.id == other.workshop.id
        staff_page = f"/org/talleres/{own.workshop.public_id}"
        assert scene.ask(own, staff_page, headers=staff(own)).status_code == 200
        assert scene.ask(other, staff_page, headers=staff(other)).status_code == 404


def test_picture_of_a_workshop_is_not_that_of_the_same_number(scene: NetworkScene) -> None:
    found: dict[str, bytes] = {}
    for own, other in [*pairs(scene), *pairs(scene)]:
        page = f"/es/t/{own.workshop.public_id}"
        path = re.search(rf"{page}/imagen-\w+\.png", scene.ask(own, page).text)
        assert path is not None
        body = scene.ask(own, path[0]).data
        assert found.setdefault(own.word, body) == body
        assert scene.ask(other, path[0]).status_code == 404
    assert len(set(found.values())) == 2


def test_key_store_of_one_opens_nobody_of_the_other(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        registrations.get_key(own.key_store, own.registration)
        with pytest.raises((DataErased, NotFound)):
            registrations.get_key(other.key_store, own.registration)


def test_feeds_have_their_own_hosts_and_entity_tags(scene: NetworkScene) -> None:
    for path in ("/es/cal/red.ics", "/es/cal/red.atom", "/es/cal/red.json", "/es/cal/red.jcal"):
        tags = {}
        for own, other in pairs(scene):
            answer = scene.ask(own, path)
            assert own.word in answer.text, path
            assert other.word not in answer.text, path
            tags[own.word] = answer.headers["ETag"]
        for own, other in pairs(scene):
            asked = {"If-None-Match": tags[own.word]}
            assert scene.ask(own, path, headers=asked).status_code == 304
            assert scene.ask(other, path, headers=asked).status_code == 200
    uids = {each: set(re.findall(r"UID:\S+@(\S+)", scene.ask(each, "/es/cal/red.ics").text))
            for each in ("north.example.org", "south.example.org")}  # fmt: skip
    assert uids == {host: {host} for host in uids}


def test_entity_tag_of_a_page_is_not_good_in_the_other(scene: NetworkScene) -> None:
    for path in ("/es/", "/api/v1/workshops", "/es/red"):
        tags = {own.word: scene.ask(own, path).headers.get("ETag") for own, _ in pairs(scene)}
        for own, other in pairs(scene):
            if tags[own.word] is not None:
                asked = {"If-None-Match": tags[own.word]}
                assert scene.ask(other, path, headers=asked).status_code == 200, path


def test_session_of_one_is_none_in_the_other_also_of_the_same_address(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        inside = scene.ask(own, "/org/personal", headers=staff(own))
        assert inside.status_code == 200
        assert EMAIL in inside.text
        assert other.word not in inside.text
        outside = scene.ask(other, "/org/personal", headers=staff(own))
        assert outside.status_code == 303
        assert outside.headers["Location"].startswith("/org/entrar")


def test_cookies_are_for_the_host_alone(scene: NetworkScene) -> None:
    page = scene.ask(scene.north, "/org/entrar").text
    fields = dict(
        re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', page)
    )
    typed = fields | {"email": EMAIL, "password": PASSWORD}
    answer = scene.ask(scene.north, "/org/entrar", method="POST", data=typed)
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "domain=" not in cookie.lower()


def test_form_token_of_one_registers_nobody_in_the_other(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        path = f"/es/t/{own.workshop.public_id}/lugar"
        with use_profile(own.config.profile):
            right, wrong = (answers(each.app, own.workshop) for each in (own, other))
        before = own.dump()
        assert scene.ask(own, path, method="POST", data=wrong).status_code != 303
        assert own.dump().count(b"registration ") == before.count(b"registration ")
        assert scene.ask(own, path, method="POST", data=right).status_code == 303


def test_links_of_a_person_lead_nowhere_in_the_other(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        assert f"Persona {own.word}" in scene.ask(own, own.link).text
        before = dump(other.store)  # the other counts who asked, as it does for any address
        for method, path in (
            ("GET", own.link),
            ("POST", f"{own.link}/cancelar"),
            ("POST", f"{own.link}/olvidar"),
        ):
            assert scene.ask(other, path, method=method).status_code == 404
        assert dump(other.store) == before


def test_rate_limit_that_is_reached_in_one_is_not_in_the_other(
    config: Config, second_config: Config
) -> None:
    few = Limits(posts=1000, malformed_posts=2, look_ups=1000, sign_ins=1000)
    with opened(config, second_config, limits=few) as scene:
        for own, other in pairs(scene):
            codes = []
            for _ in range(4):
                sent = {"email": "rosa@example.org", "stamp": "", "website": ""}
                answer = scene.ask(own, "/es/mi-registro", method="POST", data=sent)
                codes.append(answer.status_code)
            assert codes[-1] == 429
            if own is scene.north:
                sent = {"email": "rosa@example.org", "stamp": "", "website": ""}
                answer = scene.ask(other, "/es/mi-registro", method="POST", data=sent)
                assert answer.status_code != 429


def test_log_line_says_its_network(scene: NetworkScene) -> None:
    lines = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append([Formatter(form).format(record) for form in FORMS])

    handler = Collector()
    logging.getLogger("outreach").addHandler(handler)
    try:
        for own, _other in pairs(scene):
            with own.store.change() as session:
                session.execute(sa.text("ALTER TABLE workshop RENAME TO gone"))
            assert scene.ask(own, f"/es/t/{own.workshop.public_id}").status_code >= 500
            with own.store.change() as session:
                session.execute(sa.text("ALTER TABLE gone RENAME TO workshop"))
            text, line = lines[-1]
            assert f" network={own.config.name}" in text
            assert json.loads(line)["network"] == own.config.name
    finally:
        logging.getLogger("outreach").removeHandler(handler)


def read_metrics(text: str) -> dict[str, set[str]]:
    """The networks that each metric is of."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in found, "each family once"
        found[family.name] = {each.labels.get("network", "") for each in family.samples}
    return found


def test_metrics_of_a_network_are_at_its_host_and_with_its_token(scene: NetworkScene) -> None:
    for own, other in pairs(scene):
        scene.ask(own, "/es/")
        right = {"Authorization": f"Bearer {own.config.metrics_token}"}
        wrong = {"Authorization": f"Bearer {other.config.metrics_token}"}
        assert scene.ask(own, "/metrics", headers=wrong).status_code == 404
        assert scene.ask(own, "/readyz", headers=wrong).status_code == 404
        found = read_metrics(scene.ask(own, "/metrics", headers=right).text)
        assert found.pop("outreach_process_memory_bytes") == {""}
        assert found.pop("outreach_failures") == set(), "none so far"
        assert {name for name, of in found.items() if of != {own.config.name}} == set()
        # At an address of the machine, too, a token opens its own network only.
        at_machine = scene.ask("10.0.0.1:8000", "/metrics", headers=right)
        assert read_metrics(at_machine.text).keys() == found.keys() | {
            "outreach_process_memory_bytes",
            "outreach_failures",
        }
        assert other.config.name not in at_machine.text
        assert scene.ask("10.0.0.1:8000", "/metrics").status_code == 421


def test_address_of_the_machine_answers_for_all_whose_token_it_is(
    config: Config, second_config: Config
) -> None:
    with opened(config, second_config, metrics_token="a-token-of-all-networks") as scene:
        assert scene.ask("10.0.0.1", "/healthz").text == "ok\n"
        assert scene.ask("10.0.0.1", "/healthz", method="POST").status_code == 421
        token = {"Authorization": "Bearer a-token-of-all-networks"}
        for own, _other in pairs(scene):
            scene.ask(own, "/es/")
        found = read_metrics(scene.ask("10.0.0.1", "/metrics", headers=token).text)
        assert found["outreach_workshops"] == found["outreach_requests"] == {"north", "south"}
        ready = scene.ask("10.0.0.1", "/readyz", headers=token)
        assert (ready.status_code, ready.json) == (200, {"ready": True, "failed": []})
        with scene.south.store.change() as session:
            session.execute(sa.text("ALTER TABLE alembic_version RENAME TO gone"))
        ready = scene.ask("10.0.0.1", "/readyz", headers=token)
        assert ready.status_code == 503
        assert ready.json is not None
        assert all(each.startswith("south: ") for each in ready.json["failed"])
        with scene.south.store.change() as session:
            session.execute(sa.text("ALTER TABLE gone RENAME TO alembic_version"))


def test_erasing_a_person_of_one_leaves_the_other_untouched_to_the_byte(
    scene: NetworkScene,
) -> None:
    for own, other in pairs(scene):
        for each in (other.store, other.key_store.store):
            each.truncate_log()
        before = other.dump(), fingerprint(other.config.data, other.config.keys)
        with use_profile(own.config.profile):
            ids = [own.registration.id]
            done = erasure.erase(own.store, own.key_store, own.config, ids, now=clock.now())
        assert done == 1
        with pytest.raises((DataErased, NotFound)):
            registrations.get_key(own.key_store, own.registration)
        assert (other.dump(), fingerprint(other.config.data, other.config.keys)) == before
        assert scene.ask(own, own.link).status_code in {404, 410}


def test_worker_of_one_touches_no_row_of_the_other(scene: NetworkScene, tmp_path: Path) -> None:
    own, other = scene.north, scene.south
    own.app.extensions["outreach_config"] = replace(own.config, mail_folder=tmp_path / "letters")
    before = other.dump()
    with use_profile(own.config.profile):
        Worker(own.app).once()
    assert other.dump() == before
    with own.store.read() as session:
        assert delivery_queue.backlog(session, now=clock.now()).count == 0


def run(environ: dict[str, str], *words: str | Path) -> Result:
    return CliRunner(env=environ).invoke(main, [str(word) for word in words])


@pytest.fixture
def closed_scene(
    config: Config, second_config: Config, request: pytest.FixtureRequest
) -> Iterator[NetworkScene]:
    """Its connections are closed, as a restore needs."""
    with opened(config, second_config) as made:
        close(made, request)
        yield made


def close(scene: NetworkScene, request: pytest.FixtureRequest) -> None:
    for each in (scene.north, scene.south):
        close_app(each.app)
    if scene.north.config.is_postgresql:
        for name in ("pair", "second_pair"):
            pair: Pair = request.getfixturevalue(name)
            pair.rest()


def test_backup_of_one_restores_into_that_one_only(
    closed_scene: NetworkScene, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    north, south = closed_scene.north, closed_scene.south
    environ = write_files(tmp_path / "networks", north.config, south.config)
    file = tmp_path / "north.backup"
    unnamed = run(environ, "backup", file)
    assert unnamed.exit_code == 1
    assert "Put --network NAME after «outreach»: north, south" in unnamed.stderr
    done = run(environ, "--network", "north", "backup", file)
    assert (done.exit_code, done.stderr) == (0, "")
    with north.store.change() as session:
        session.execute(sa.update(Workshop).values(title={"es": "Otro"}))
        session.execute(sa.delete(Registration).where(Registration.id == "none"))
    before = south.dump()
    close(closed_scene, request)
    for words in (("--yes",), ("--dry-run",), ("--yes", "--forget")):
        refused = run(environ, "--network", "south", "restore", file, *words)
        assert refused.exit_code == 2, refused.output
        assert "is a backup of north.example.org, and south is south.example.org" in refused.stderr
    assert south.dump() == before
    close(closed_scene, request)
    done = run(environ, "--network", "north", "restore", file, "--yes")
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    with north.store.read() as session:
        assert session.scalars(sa.select(Workshop.title)).one()["es"] == f"Taller {north.word} (es)"
    registrations.get_key(north.key_store, north.registration)
    assert south.dump() == before


def test_commands_act_on_all_or_on_the_named_one(
    closed_scene: NetworkScene, tmp_path: Path
) -> None:
    configs = closed_scene.north.config, closed_scene.south.config
    environ = write_files(tmp_path / "networks", *configs)
    network_profile.set_for_process(network_profile.NetworkProfile())
    listed = run(environ, "networks")
    assert listed.exit_code == 0, listed.output
    assert re.findall(r"^(\w+)  (\S+)", listed.stdout, re.MULTILINE) == [
        (each.name, each.public_url) for each in configs
    ]
    assert listed.stdout.count("up to date") == 4
    upgraded = run(environ, "db", "upgrade")
    assert (upgraded.exit_code, upgraded.stderr) == (0, "")
    assert "The database of north is up to date." in upgraded.stdout
    assert "The database of south is up to date." in upgraded.stdout
    one = run(environ | {"OUTREACH_NETWORK": "south"}, "db", "upgrade")
    assert "north" not in one.stdout
    report = json.loads(run(environ, "doctor", "--json").stdout)
    assert [each["network"] for each in report["networks"]] == ["north", "south"]
    report = json.loads(run(environ, "--network", "south", "doctor", "--json").stdout)
    assert [each["network"] for each in report["networks"]] == ["south"]
    assert run(environ, "db", "upgrade", "--new-ring").exit_code == 1
    people = run(environ, "--network", "north", "user", "list")
    assert EMAIL in people.stdout
    for words in (["user", "list"], ["inventory"], ["keys", "check"], ["feed"], ["purge"]):
        refused = run(environ, *words)
        assert refused.exit_code in {1, 2}, words
        assert refused.stdout == "", words


@pytest.mark.any_database("no database is asked")
def test_thread_without_a_network_fails_and_a_bound_one_has_that_of_its_maker(
    scene: NetworkScene,
) -> None:
    found: list[str] = []

    def look() -> None:
        try:
            found.append(network_profile.current().name)
        except LookupError:
            found.append("none")

    with use_profile(scene.south.config.profile):
        for target in (look, network_profile.bind(look)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    look()
    assert found == ["none", "south", "none"]


@pytest.mark.any_database("no database is asked")
def test_streamed_answer_keeps_its_network_to_the_end(scene: NetworkScene) -> None:
    names: list[str] = []
    app = scene.south.app

    def stream() -> Iterator[bytes]:
        for _ in range(2):
            names.append(network_profile.current().name)
            yield b"."

    app.add_url_rule("/stream", view_func=lambda: app.response_class(stream()))
    dispatcher = NetworkDispatcher([scene.north.app, app])
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/stream", "HTTP_HOST": "south.example.org",
        "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
    }  # fmt: skip
    pieces = dispatcher(environ, lambda *_: lambda _piece: None)
    assert b"".join(pieces) == b".."
    assert names == ["south", "south"]
    assert network_profile.current_name() == ""


def test_store_of_one_is_never_that_of_the_other(scene: NetworkScene) -> None:
    """Two applications share no object that holds a connection."""
    stores = [
        each.app.extensions[name]
        for each in (scene.north, scene.south)
        for name in ("outreach_store", "outreach_key_store", "outreach_attempts")
    ]
    urls = {each.url if isinstance(each, Store) else each.store.url for each in stores}
    assert len({id(each) for each in stores}) == 6
    assert len(urls) == 4
