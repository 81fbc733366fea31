"""The help of a screen, which `?` opens."""

import pytest
from flask import Flask

from outreach.cli import guide
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.web.staff.search.help_page import HELP
from tests.guide_runs import pages
from tests.support.extension_scenes import SCENES
from tests.support.policy_table import SCOPES
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = pytest.mark.any_database


def test_each_package_of_pages_has_a_text_and_a_page_of_the_guide() -> None:
    of_extensions = {line.split(".")[0] for scene in SCENES for line in scene.policy.split("\n")}
    packages = {endpoint.split(".")[1] for endpoint, _method in SCOPES}
    assert HELP.keys() == packages - of_extensions
    assert {each.guide_page for each in HELP.values()} <= {*pages.names(), *guide.DEVELOPER_PAGES}


@pytest.mark.parametrize(
    ("screen", "name"),
    [
        ("calendar", "Talleres"),
        ("workshop_form", "Un taller"),
        ("checkin", "Entrada"),
        ("dashboard", "Hoy"),
        ("no-hay", "Hoy"),
        ("", "Hoy"),
    ],
)
def test_help_is_that_of_the_screen(
    app: Flask, store: Store, chicago: Office, screen: str, name: str
) -> None:
    client = signed_in_as(app, store, employ(store))
    page = client.get("/org/ayuda", query_string={"de": screen})
    part = client.get("/org/ayuda", query_string={"de": screen, "parte": "1"})
    for answer in (page, part):
        assert f'ayuda-pantalla">{name}</h2>' in answer.text
        assert "Atajos" in words(answer)
        assert "outreach guide" not in answer.text
    assert "<html" not in part.text


def test_each_page_leads_to_its_help_and_administrators_read_the_page_of_the_guide(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    client = signed_in_as(app, store, staff_id)
    assert 'href="/org/ayuda?de=dashboard"' in client.get("/org/mas").text
    assert "outreach guide journal" in client.get("/org/ayuda?de=audit").text
