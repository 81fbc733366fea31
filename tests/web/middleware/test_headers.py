"""Security headers of every response (S01 to S04)."""

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
from tests.support.checkin_phone import held_today
from tests.support.extension_scenes import SCENES
from tests.support.fixed_clock import fixed_clock
from tests.support.public_urls import NOBODY, FurnishedSite, Page
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database("headers of responses")

# Literally as in requirements.md: a page may have a stricter policy, never a weaker one.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Only the embedded page may be shown in a frame of other sites; it has no scripts and forms.
FRAMED_PATHS: Final = tuple(path for scene in SCENES for path in scene.framed_paths)
WITH_A_WORKER: Final = tuple(path for scene in SCENES for path in scene.with_worker)
FRAMED: Final = {
    name: value for name, value in SECURITY_HEADERS.items() if name != "X-Frame-Options"
} | {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'none'; img-src 'self'; "
        "font-src 'self'; connect-src 'none'; manifest-src 'self'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors https:"
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# The page on which people ask for push messages registers the worker that shows them.
WITH_WORKER: Final = SECURITY_HEADERS | {"Content-Security-Policy": f"{POLICY}; worker-src 'self'"}
# Any site may read open data, which needs no session.
OPEN_DATA: Final = SECURITY_HEADERS | {"Cross-Origin-Resource-Policy": "cross-origin"}
PRIVATE: Final = re.compile(r"/\w\w/(r/|mi-registro|salir|t/\w+/lugar)|/q/")


@pytest.fixture
def spanish_site(furnished_site: FurnishedSite) -> FurnishedSite:
    return replace(furnished_site, languages=("es",))  # headers are the same in all languages


SiteResponses = tuple[FurnishedSite, list[TestResponse]]


@pytest.fixture(scope="module")
def response_cache() -> dict[str, SiteResponses]:
    """The responses by database: requesting all pages takes longer than checking them."""
    return {}


@pytest.fixture
def site_responses(
    request: pytest.FixtureRequest, config: Config, response_cache: dict[str, SiteResponses]
) -> SiteResponses:
    """The site, and its responses to every public address and to wrong requests."""
    database = config.database_url.partition(":")[0]
    if database not in response_cache:
        spanish_site: FurnishedSite = request.getfixturevalue("spanish_site")
        client = spanish_site.app.test_client()
        found = [client.get(path) for _, path in spanish_site.addresses()]
        found += [spanish_site.post(client, path) for _, path in spanish_site.addresses("POST")]
        response_cache[database] = spanish_site, [*found, *_error_responses(spanish_site)]
    return response_cache[database]


@pytest.fixture
def responses(site_responses: SiteResponses) -> list[TestResponse]:
    return site_responses[1]


def _error_responses(spanish_site: FurnishedSite) -> list[TestResponse]:
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


def test_public_pages_set_no_cookie(responses: list[TestResponse]) -> None:
    assert {answer.status_code for answer in responses} >= {
        200,
        302,
        303,
        400,
        403,
        404,
        405,
        413,
        422,
    }
    assert [each.request.path for each in responses if "Set-Cookie" in each.headers] == []


def test_every_response_has_the_security_headers(responses: list[TestResponse]) -> None:
    for answer in responses:
        is_open = answer.request.path.startswith("/api/v1/")
        is_framed = answer.request.path.startswith(FRAMED_PATHS)
        headers = FRAMED if is_framed else OPEN_DATA if is_open else SECURITY_HEADERS
        if answer.request.path in WITH_A_WORKER and answer.status_code in {200, 422}:
            headers = WITH_WORKER
        for name in SECURITY_HEADERS:
            expected = [headers[name]] if name in headers else []
            assert answer.headers.getlist(name) == expected, f"{name} of {answer.request.path}"
        permissions_policy = answer.headers["Permissions-Policy"]
        # The list alone asks where a phone is, unless it is filtered to discreet kinds.
        is_list = (answer.request.method, answer.request.path) == ("GET", "/es/")
        is_list = is_list and "X-Robots-Tag" not in answer.headers
        location = "geolocation=(self)" if is_list else "geolocation=()"
        for feature in ("camera=()", location, "microphone=()"):
            assert feature in permissions_policy, answer.request.path


def test_staff_pages_and_server_errors_have_the_security_headers(
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
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS, (
            answer.request.path
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


@fixed_clock  # the list of a workshop opens the day before
def test_only_check_in_pages_may_use_the_camera_and_one_a_worker(
    spanish_site: FurnishedSite, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(
        spanish_site.app, store, employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    )
    values = {
        "public_id": held_today(store, chicago, spanish_site.workshops["plain"].kind).public_id,
        "month": "2020-01",
        "slug": "chicago",
    }
    paths = [
        re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values.get(part[1], "x"), rule.rule)
        for rule in spanish_site.app.url_map.iter_rules()
        if rule.rule.startswith("/org") and "GET" in (rule.methods or set())
    ]
    usual = staff_client.get("/org/").headers["Permissions-Policy"]
    offline = "/org/puerta/telefono"
    recorders = {f"/org/talleres/{values['public_id']}/audio", "/org/linea/audio"}
    assert recorders <= set(paths)
    responses = [staff_client.get(path) for path in paths] + [staff_client.client.get(offline)]
    exceptions = {}
    for answer in responses:
        policy, permissions = (
            answer.headers["Content-Security-Policy"],
            answer.headers["Permissions-Policy"],
        )
        if answer.request.path in recorders:
            assert permissions == usual.replace("microphone=()", "microphone=(self)")
            assert policy == f"{POLICY}; media-src 'self'"
        elif (policy, permissions) != (POLICY, usual):
            assert permissions == usual.replace("camera=()", "camera=(self)")
            exceptions[answer.request.path] = policy
    assert exceptions == {
        offline: f"{POLICY}; worker-src 'self'",
        f"/org/talleres/{values['public_id']}/entrada": POLICY,
    }


def test_cached_page_has_the_same_headers(spanish_site: FurnishedSite) -> None:
    client = spanish_site.app.test_client()
    first, second = client.get("/es/"), client.get("/es/")
    assert first.data == second.data
    assert dict(first.headers) == dict(second.headers)


def test_pages_have_no_inline_code_and_no_foreign_resources(
    responses: list[TestResponse],
) -> None:
    pages = [answer for answer in responses if answer.mimetype == "text/html"]
    assert len(pages) > 100
    for answer in pages:
        for tag, attributes in Page(answer.text).tags:
            assert _is_harmless(tag, attributes), f"{answer.request.path}: <{tag} {attributes}>"


def _is_harmless(tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether the tag needs nothing that the policy forbids, for browsers without CSP."""
    fetched = [attributes.get(name) or "" for name in ("src", "srcset", "poster", "data", "action")]
    # Canonical and alternate links are not loaded.
    is_fetched = tag != "a" and attributes.get("rel") not in {"canonical", "alternate"}
    fetched += [attributes.get("href") or ""] if is_fetched else []
    is_inline = (
        tag == "script"
        and "src" not in attributes
        and attributes.get("type") != "application/ld+json"
    )
    return not (
        tag in {"style", "iframe", "object", "embed", "base"}
        or is_inline
        or any(name == "style" or name.startswith("on") for name in attributes)
        or any(re.match(r"\s*([a-z]+:|//)", each, re.IGNORECASE) for each in fetched)
        or (attributes.get("href") or "").strip().lower().startswith("javascript:")
    )


@pytest.mark.parametrize(
    ("tag", "attributes"),
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
def test_harmful_tags_are_detected(tag: str, attributes: dict[str, str | None]) -> None:
    assert not _is_harmless(tag, attributes)
    assert _is_harmless("a", {"href": "https://example.org/"})
    assert _is_harmless("script", {"src": "/static/app.js", "defer": None})


def test_private_pages_are_not_cached_and_not_indexed(
    site_responses: SiteResponses,
) -> None:
    spanish_site, responses = site_responses
    hidden = [each.public_id for each in spanish_site.workshops.values() if each.is_hidden]
    count = 0
    for answer in responses:
        path = answer.request.path
        if PRIVATE.match(path) or any(each in path for each in hidden):
            count += 1
            assert answer.headers["Cache-Control"] == "no-store", path
            assert "noindex" in answer.headers["X-Robots-Tag"], path
            page = answer.text if answer.mimetype == "text/html" else ""
            metas = [attributes for tag, attributes in Page(page).tags if tag == "meta"]
            shown = {
                attributes["content"]
                for attributes in metas
                if "og:" in (attributes.get("property") or "")
            }
            assert shown <= {"Taller", "Workshop", "Atelier"}, path
    assert count > 100


def test_pages_of_a_discreet_kind_are_not_cached(client: FlaskClient, women: Kind) -> None:
    for query in ("tipo=mujeres", "tipo=K7QX", "tipo=K7QX&donde=Chicago"):
        for path in (f"/es/?{query}", f"/es/calendario?{query}"):
            answer = client.get(path)
            assert answer.headers["Cache-Control"] == "no-store", path
            assert "noindex" in answer.headers["X-Robots-Tag"], path


def test_error_pages_are_not_cached_and_not_indexed(responses: list[TestResponse]) -> None:
    for answer in responses:
        if answer.status_code >= 400:
            assert answer.headers["Cache-Control"] == "no-store", answer.request.path
            assert "noindex" in answer.headers.get("X-Robots-Tag", ""), answer.request.path
