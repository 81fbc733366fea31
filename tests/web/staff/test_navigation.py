"""The frame of the staff pages: the places of the navigation, and the menu of the account."""

import re

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


def places(client: StaffClient, path: str = "/org/mas") -> dict[str, str]:
    """The addresses of the navigation, each with what marks it as the current one."""
    (nav,) = re.findall(r'<nav class="staff-nav".*?</nav>', client.get(path).text, re.DOTALL)
    links = re.findall(r'<a href="([^"]+)"([^>]*)>', nav)
    found = {}
    for address, attributes in links:
        mark = re.search(r'aria-current="(\w+)"', attributes)
        found[address] = mark[1] if mark else ""
    return found


@pytest.mark.parametrize(
    ("role", "office", "wide"),
    [
        (Role.ORGANIZER, "chicago", ["/org/cifras", "/org/sedes"]),
        (Role.LEAD, "chicago", ["/org/cifras", "/org/sedes", "/org/personal"]),
        (Role.DOOR, "chicago", ["/org/cifras"]),
        (Role.READER, ALL_OFFICES, ["/org/cifras"]),
        (
            Role.ADMIN,
            ALL_OFFICES,
            [
                "/org/control",
                "/org/red",
                "/org/boletin",
                "/org/cifras",
                "/org/sedes",
                "/org/personal",
            ],
        ),
    ],
)
def test_wide_screens_have_the_pages_that_the_role_may_open(
    app: Flask, store: Store, chicago: Office, role: Role, office: str, wide: list[str]
) -> None:
    client = signed_in_as(app, store, employ(store, "ana@example.org", role, office))
    usual = {"/org/", "/org/talleres", "/org/entrada", "/org/mes", "/org/mas"}
    assert [each for each in places(client) if each not in usual] == wide
    for address in wide:
        assert client.get(address).status_code in {200, 308}


def test_page_with_a_place_of_its_own_is_under_more_on_a_phone(
    app: Flask, store: Store, chicago: Office
) -> None:
    client = signed_in_as(app, store, employ(store))
    assert places(client)["/org/mas"] == "page"
    found = places(client, "/org/sedes")
    assert (found["/org/sedes"], found["/org/mas"], found["/org/"]) == ("page", "true", "")


def test_menu_of_the_account_says_who_is_signed_in_and_by_which_clock(
    app: Flask, store: Store, chicago: Office
) -> None:
    client = signed_in_as(app, store, employ(store, "ana@example.org"))
    text = words(client.get("/org/"))
    assert "A ana@example.org hora de Chicago" in text
    assert "Mi cuenta y mis llaves Ayuda y atajos Cerrar sesión" in text
