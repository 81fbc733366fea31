"""The pages of an extension act on no other page, and few requests are in them at a time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Blueprint, Flask

from outreach.errors import Misconfigured
from outreach.web.presentation import extension_pages, extension_visits
from outreach.web.presentation.extension_visits import ExtensionVisits

pytestmark = pytest.mark.any_database("what pages an extension adds")


def nothing(*_given: object) -> None: ...


@pytest.mark.parametrize(
    "add",
    [
        lambda pages: pages.before_app_request(nothing),
        lambda pages: pages.after_app_request(nothing),
        lambda pages: pages.teardown_app_request(nothing),
        lambda pages: pages.app_errorhandler(404)(nothing),
        lambda pages: pages.app_context_processor(nothing),
        lambda pages: pages.app_url_value_preprocessor(nothing),
        lambda pages: pages.app_url_defaults(nothing),
        lambda pages: pages.add_app_template_filter(nothing, "day"),
        lambda pages: pages.add_app_template_global(nothing, "slot"),
    ],
)
def test_pages_that_would_act_on_others_are_refused(
    app: Flask, add: Callable[[Blueprint], object]
) -> None:
    pages = Blueprint("intruder", __name__)
    add(pages)
    with pytest.raises(Misconfigured, match="intruder would act on all pages"):
        extension_pages.register(app, pages)


def test_pages_that_hang_are_refused_to_others_and_the_site_answers(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension_pages, "VISITS", ExtensionVisits())
    released, inside = threading.Event(), threading.Semaphore(0)
    pages = Blueprint("slow", __name__)

    @pages.get("/slow")
    def hang() -> str:
        inside.release()
        released.wait()
        return "late"

    extension_pages.register(app, pages)

    def ask(path: str) -> int:
        return app.test_client().get(path).status_code

    with ThreadPoolExecutor() as threads:
        first = [threads.submit(ask, "/slow") for _ in range(extension_visits.MOST)]
        for _ in first:
            assert inside.acquire(timeout=20)
        try:
            assert ask("/slow") == 500
            assert ask("/es/") == 200
        finally:
            released.set()
        assert [each.result() for each in first] == [200, 200]
    assert ask("/slow") == 200, "there is room again"
