"""What every answer says to the browser, whatever was asked for (S01 to S04)."""

import re
from dataclasses import replace
from typing import Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from tests.support.public_urls import NOBODY, FurnishedSite, Page
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database("what is said around every answer")

# As requirements.md has it, word for word: a page may ask for less, and never for more.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SAID: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The page that other sites may show in a frame of theirs, and no other page: it does nothing.
FRAMED: Final = {name: value for name, value in SAID.items() if name != "X-Frame-Options"} | {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'none'; img-src 'self'; "
        "font-src 'self'; connect-src 'none'; manifest-src 'self'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors https:"
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# Any site may read it, and nobody is known by it.
OPEN_DATA: Final = SAID | {"Cross-Origin-Resource-Policy": "cross-origin"}
PRIVATE: Final = re.compile(r"/\w\w/(r/|mi-registro|salir|t/\w+/lugar)|/q/")


@pytest.fixture
def spanish_site(furnished_site: FurnishedSite) -> FurnishedSite:
    return replace(furnished_site, languages=("es",))  # headers are the same in all languages


Heard = tuple[FurnishedSite, list[TestResponse]]


@pytest.fixture(scope="module")
def kept() -> dict[str, Heard]:
    """What was heard on each database: to ask for everything takes longer than to look at it."""
    return {}


@pytest.fixture
def heard(request: pytest.FixtureRequest, config: Config, kept: dict[str, Heard]) -> Heard:
    """The answer to every public address, by every method, and to what goes wrong; and where."""
    database = config.database_url.partition(":")[0]
    if database not in kept:
        spanish_site: FurnishedSite = request.getfixturevalue("spanish_site")
        client = spanish_site.app.test_client()
        found = [client.get(path) for _, path in spanish_site.addresses()]
        found += [spanish_site.post(client, path) for _, path in spanish_site.addresses("POST")]
        kept[database] = spanish_site, [*found, *_gone_wrong(spanish_site)]
    return kept[database]


@pytest.fixture
def asked(heard: Heard) -> list[TestResponse]:
    return heard[1]


def _gone_wrong(spanish_site: FurnishedSite) -> list[TestResponse]:
    client, form = (
        spanish_site.app.test_client(),
        f"/es/t/{spanish_site.workshops['plain'].public_id}/lugar",
    )
    return [
        client.get("/es/nada"),
        client.get("/nada.txt"),
        client.get("/es/", headers={"Host": "otro.example.org"}),
        client.put(form),
        client.post(form, data={}),
        client.post(form, data={"name": "x" * 70_000}),
        client.post(form, headers={"Sec-Fetch-Site": "cross-site"}),
        client.post("/es/seguridad"),
        client.options("/es/"),
    ]


def test_no_public_page_sets_a_cookie(asked: list[TestResponse]) -> None:
    assert {answer.status_code for answer in asked} >= {200, 302, 303, 400, 403, 404, 405, 413, 422}
    assert [each.request.path for each in asked if "Set-Cookie" in each.headers] == []


def test_every_answer_tells_the_browser_to_trust_nobody_else(asked: list[TestResponse]) -> None:
    for answer in asked:
        is_open = answer.request.path.startswith("/api/v1/")
        is_framed = answer.request.path.startswith("/es/incrustar")
        said = FRAMED if is_framed else OPEN_DATA if is_open else SAID
        for name in SAID:
            wanted = [said[name]] if name in said else []
            assert answer.headers.getlist(name) == wanted, f"{name} of {answer.request.path}"
        assert "max-age=" in answer.headers["Strict-Transport-Security"]
        refused = answer.headers["Permissions-Policy"]
        for sense in ("camera=()", "geolocation=()", "microphone=()"):
            assert sense in refused, answer.request.path


def test_the_staffs_pages_and_a_fault_of_ours_say_the_same(
    spanish_site: FurnishedSite, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(spanish_site.app, store, employ(store))
    answers = [
        staff_client.get("/org/"),
        staff_client.get("/org/talleres"),
        staff_client.client.get("/org/entrar"),
    ]
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))
    answers.append(staff_client.client.get(f"/es/r/{NOBODY}"))
    assert answers[-1].status_code == 500
    for answer in answers:
        assert {name: answer.headers[name] for name in SAID} == SAID, answer.request.path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_only_the_door_on_a_phone_has_a_worker_and_may_ask_for_the_camera(
    spanish_site: FurnishedSite, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(
        spanish_site.app, store, employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    )
    given = {
        "public_id": spanish_site.workshops["plain"].public_id,
        "month": "2020-01",
        "slug": "chicago",
    }
    paths = [
        re.sub(r"<(?:\w+:)?(\w+)>", lambda part: given.get(part[1], "x"), rule.rule)
        for rule in spanish_site.app.url_map.iter_rules()
        if rule.rule.startswith("/org") and "GET" in (rule.methods or set())
    ]
    watching = []
    for answer in [staff_client.get(path) for path in paths] + [
        staff_client.client.get("/org/puerta/telefono")
    ]:
        said, may = answer.headers["Content-Security-Policy"], answer.headers["Permissions-Policy"]
        if "worker-src" in said or "camera=()" not in may:
            watching.append(answer.request.path)
            assert said == f"{POLICY}; worker-src 'self'"
            assert may == staff_client.get("/org/").headers["Permissions-Policy"].replace(
                "camera=()", "camera=(self)"
            )
    assert watching == ["/org/puerta/telefono", "/org/puerta/telefono"]


def test_a_page_that_comes_out_of_a_cache_says_the_same(spanish_site: FurnishedSite) -> None:
    client = spanish_site.app.test_client()
    first, second = client.get("/es/"), client.get("/es/")
    assert first.data == second.data
    assert dict(first.headers) == dict(second.headers)


def test_no_page_holds_a_style_a_script_or_anything_of_others(asked: list[TestResponse]) -> None:
    pages = [answer for answer in asked if answer.mimetype == "text/html"]
    assert len(pages) > 100
    for answer in pages:
        for tag, has in Page(answer.text).tags:
            assert _is_harmless(tag, has), f"{answer.request.path}: <{tag} {has}>"


def _is_harmless(tag: str, has: dict[str, str | None]) -> bool:
    """Nothing that the policy above would stop, for browsers that know no policy."""
    fetched = [has.get(name) or "" for name in ("src", "srcset", "poster", "data", "action")]
    # A link to another spelling of the page is followed by nobody but search engines.
    is_fetched = tag != "a" and has.get("rel") not in {"canonical", "alternate"}
    fetched += [has.get("href") or ""] if is_fetched else []
    is_inline = tag == "script" and "src" not in has and has.get("type") != "application/ld+json"
    return not (
        tag in {"style", "iframe", "object", "embed", "base"}
        or is_inline
        or any(name == "style" or name.startswith("on") for name in has)
        or any(re.match(r"\s*([a-z]+:|//)", each, re.IGNORECASE) for each in fetched)
        or (has.get("href") or "").strip().lower().startswith("javascript:")
    )


@pytest.mark.parametrize(
    ("tag", "has"),
    [
        ("p", {"style": "color:red"}),
        ("p", {"onclick": "x()"}),
        ("style", {}),
        ("script", {}),
        ("script", {"src": "https://example.org/a.js"}),
        ("img", {"src": "//example.org/a.png"}),
        ("link", {"href": "https://example.org/a.css"}),
        ("link", {"rel": "stylesheet", "href": "https://example.org/a.css"}),
        ("a", {"href": "javascript:x()"}),
        ("iframe", {"src": "/es/"}),
    ],
)
def test_such_a_tag_would_be_seen(tag: str, has: dict[str, str | None]) -> None:
    assert not _is_harmless(tag, has)
    assert _is_harmless("a", {"href": "https://example.org/"})
    assert _is_harmless("script", {"src": "/static/app.js", "defer": None})


def test_what_is_about_somebody_is_kept_by_no_cache_and_no_engine(heard: Heard) -> None:
    spanish_site, asked = heard
    hidden = [each.public_id for each in spanish_site.workshops.values() if each.is_hidden]
    seen = 0
    for answer in asked:
        path = answer.request.path
        if PRIVATE.match(path) or any(each in path for each in hidden):
            seen += 1
            assert answer.headers["Cache-Control"] == "no-store", path
            assert "noindex" in answer.headers["X-Robots-Tag"], path
            metas = [has for tag, has in Page(answer.text).tags if tag == "meta"]
            shown = {has["content"] for has in metas if "og:" in (has.get("property") or "")}
            assert shown <= {"Taller", "Workshop", "Atelier"}, path
    assert seen > 100


def test_a_page_about_a_discreet_kind_is_kept_by_no_cache(client: FlaskClient, women: Kind) -> None:
    for asked in ("tipo=mujeres", "tipo=K7QX", "tipo=K7QX&donde=Chicago"):
        for path in (f"/es/?{asked}", f"/es/calendario?{asked}"):
            answer = client.get(path)
            assert answer.headers["Cache-Control"] == "no-store", path
            assert "noindex" in answer.headers["X-Robots-Tag"], path


def test_what_went_wrong_is_kept_by_no_cache_and_no_engine(asked: list[TestResponse]) -> None:
    for answer in asked:
        if answer.status_code >= 400:
            assert answer.headers["Cache-Control"] == "no-store", answer.request.path
            assert "noindex" in answer.headers.get("X-Robots-Tag", ""), answer.request.path
