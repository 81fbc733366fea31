"""Spanish words with two meanings: in English and French, a page has the word for its own."""

import re
from datetime import date
from html import unescape
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode
from outreach.i18n import use_language
from outreach.web.staff.imports import import_labels
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = [pytest.mark.any_database, fixed_clock]

LANGUAGES: Final = ("en", "fr")
OPTION: Final = r'value="{}"[^>]*>\s*(?:<[^>]*>\s*)*([^<]*?)\s*<'
TUESDAY: Final = r'abbr="(?:Tues|mar)d[^>]*>([^<]*)<'
# Address, what stands around the word, and the word in English and in French.
PLACES: Final = {
    # «Mar»: a Tuesday, or March.
    "weekday of the calendar": ("/org/talleres?vista=mes&mes=2027-03", TUESDAY, "Tue", "mar."),
    "weekday of the planner": (
        "/org/talleres/mes-nuevo?oficina=chicago&mes=2027-03", TUESDAY, "Tue", "mar.",
    ),
    # «Antes»: earlier, or the old value.
    "step of the calendar": (
        "/org/talleres?vista=mes", r'hidden">([^<]*)</span>\s*</a>\s*<a[^>]*calendar-today',
        "Earlier", "Plus tôt",
    ),
    # «Estado»: the status, or a state of the country.
    "status in the calendar": (
        "/org/talleres?vista=mes", r'name="estado">\s*<option value="">([^<]*)', "Status", "État",
    ),
    # «Cuenta»: the account, or whether a workshop counts.
    "state of an account": (
        "/org/personal", r"<th[^>]*>([^<]*)</th>\s*<th[^>]*>(?:Last sign-in|Dernière connexion)<",
        "Account", "Compte",
    ),
    # «Entrada»: who works at the door, or the page of the door.
    "role at the door": ("/org/personal/invitar", OPTION.format("door"), "Door", "Accueil"),
    # «Apoyo»: who helps, or the help that somebody asks for.
    "role of a helper": ("/org/equipo/nuevo", OPTION.format("volunteer"), "Volunteer", "Bénévole"),
    # «Ninguna» and «Todas»: French agrees with what is chosen from.
    "no office": ("/org/personal/{ana}", r'name="office">\s*<option value="">([^<]*)', "None",
        "Aucun"),
    "no series": (
        "/org/talleres/nuevo?tipo=derechos&oficina=chicago",
        r'name="series"[^>]*>\s*<option[^>]*value=""[^>]*>([^<]*)', "None", "Aucune",
    ),
    "all registrations": (
        "/org/talleres/{workshop}/mensaje", r'name="audience" value="[^"]*"[^>]*>\s*(\w+):',
        "Everyone", "Toutes",
    ),
    # «Listo»: ready, or done.
    "complete report": (
        "/org/mes/2026-10", r'<span class="tag tag-good">\s*([^<]*?)\s*</span>', "Ready", "Prêt",
    ),
    # «Cómo entrar»: into a building, or into a call.
    "way into an office": (
        "/org/red/chicago", r'for="access_es">\s*([^<]*?)\s*<', "How to get in", "Comment entrer",
    ),
    "public way into an office": (
        "/{lang}/o/chicago", r'</svg>([^<]*)</dt>\s*<dd><div class="stack"', "How to get in",
        "Comment entrer",
    ),
    "way into a call": (
        "/{lang}/t/{call}", r'<h2 id="como">\s*([^<]*?)\s*<', "How to join", "Comment participer",
    ),
    # «Cerrar»: a session of another browser, or a panel.
    "session of another browser": (
        "/org/cuenta", r'(?s)action="/org/cuenta/sesiones".*?type="submit">\s*([^<]*)<',
        "Sign out", "Déconnecter",
    ),
}  # fmt: skip


@pytest.fixture
def values(app: Flask, store: Store, chicago: Office, rights: Kind) -> dict[str, str]:
    """What the addresses name: the account of Ana, a workshop, and a video call."""
    ana = employ(store)
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=date(2027, 3, 2))
        call = make_workshop(session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None)
        held = make_workshop(session, chicago, rights, day=date(2026, 10, 6))
        workshop_service.report(held, head_count=20, now=FIXED_NOW)
        session.scalars(sa.select(Office)).one().access = {"es": "Por la puerta de vidrio."}
        return {"ana": str(ana), "workshop": workshop.public_id, "call": call.public_id}


@pytest.fixture
def elena(app: Flask, store: Store, values: dict[str, str]) -> StaffClient:
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    signed_in_as(app, store, staff_id)  # another browser
    return signed_in_as(app, store, staff_id)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
def test_page_has_the_word_of_its_own_meaning(
    elena: StaffClient, values: dict[str, str], language: str, place: str
) -> None:
    elena.post("/org/cuenta/idioma", language=language)
    address, around, english, french = PLACES[place]
    text = elena.get(address.format(lang=language, **values)).text
    found = re.search(around, text)
    assert found, text
    assert unescape(found[1]) == {"en": english, "fr": french}[language]


@pytest.mark.parametrize(
    ("language", "region", "status"),
    [("en", "State or province", "Status"), ("fr", "État ou province", "État")],
)
def test_columns_of_a_file_are_named_apart(language: str, region: str, status: str) -> None:
    with use_language(language):
        assert (import_labels.column("region"), import_labels.column("status")) == (region, status)
