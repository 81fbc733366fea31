"""Paper and pictures of every sort, with signs and scripts that the fonts lack: they are made all
the same, without what cannot be shown."""

from datetime import timedelta
from typing import Final

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.pdf import typesetting
from tests.conftest import make_workshop, seat, tomorrow, venue
from tests.support.extension_scenes import SCENES
from tests.support.fixed_clock import fixed_clock
from tests.support.public_urls import public_rules
from tests.support.registration_forms import link_of
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = [pytest.mark.any_database("what is drawn"), fixed_clock]

TEXTS: Final = {
    "emoji": "Taller ✅ gratis 👩🏽‍⚖️🗽",
    "saltillo": "Chʼol, K’iche’ y Qꞌanjobꞌal",
    "combining marks": "Ñuu Savi: Sa̱vi, Tu̱ʼun Sa̱vi",
    "arrows": "Lunes → viernes ⇒ sábado ★ ♥",
    "right to left": "ورشة حقوق المهاجرين · סדנה",
    "CJK": "移民权利讲座 · 移民の権利 · 이민자",
    "other scripts": "Права мигрантов, δικαιώματα, हिन्दी, ไทย, ᏣᎳᎩ",
    "marks of Unicode": "a\u200db\u200ec\u2060d\ufe0fe\u00ad f\u3000g",
    "only signs": "🎉🎉",
}
of_each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
DRAWN: Final = (".pdf", ".png", ".svg")


@pytest.fixture
def admin(app: Flask, store: Store) -> StaffClient:
    return signed_in_as(app, store, employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES))


def furnish(store: Store, office: Office, kind: Kind, text: str) -> Workshop:
    words = dict.fromkeys(("es", "en", "fr"), text)
    with store.change() as session:
        for each in (session.get_one(Office, office.id), session.get_one(Kind, kind.id)):
            each.name = words
        session.get_one(Kind, kind.id).short_name = words
        place = venue(session, office, name=text, address=text, area=text)
        return make_workshop(
            session, office, kind, venue=place, title=words, summary=words, day=tomorrow(office)
        )


@of_each_text
def test_everything_that_is_drawn_is_drawn(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    admin: StaffClient,
    text: str,
) -> None:
    workshop = furnish(store, chicago, rights, text)
    person = seat(store, key_store, workshop, name=text[:40])
    client = app.test_client()
    page = client.get(f"/es/t/{workshop.public_id}").text
    picture = page.partition('property="og:image" content="http://localhost:8000')[2]
    month = f"{workshop.day:%Y-%m}"
    public = [
        picture.partition('"')[0],
        f"{link_of(key_store, person)}/boleto.png",
        *(f"/{lang}/cifras/{month}.pdf" for lang in ("es", "en", "fr")),
    ]
    own = f"/org/talleres/{workshop.public_id}"
    for path in public:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.mimetype in {"application/pdf", "image/png"}, path
    for path in (
        *(f"{own}/volante.{form}" for form in ("pdf", "png", "svg")),
        f"{own}/lista.pdf",
        f"/org/volantes/chicago.pdf?mes={month}",
        f"/org/volantes/chicago.png?mes={month}",
    ):
        answer = admin.get(path)
        assert answer.status_code == 200, path
    with store.change() as session:
        session.get_one(Workshop, workshop.id).day -= timedelta(days=3)
    certificate = admin.post(
        f"{own}/constancia", language="es", name=text[:40], hours="2", date="2026-11-20"
    )
    assert certificate.status_code in {200, 422}, "made, or a name that is none"


def test_all_addresses_of_pictures_and_paper_are_tried_here(app: Flask) -> None:
    """A new one fails until it is added above; the bulletin's are tried with the bulletin."""
    rules = {each.rule for each in app.url_map.iter_rules() if each.rule.endswith(DRAWN)}
    assert {each.replace("<lang:lang>", "es") for each in rules} == {
        "/es/boletin/<text>.pdf",
        "/es/boletin/<text>/imagen-<version>.png",
        "/es/cifras/<text>.pdf",
        "/es/r/<token>/boleto.png",
        "/es/t/<public_id>/imagen-<version>.png",
        "/org/talleres/<public_id>/lista.pdf",
        "/org/talleres/<public_id>/volante.pdf",
        "/org/talleres/<public_id>/volante.png",
        "/org/talleres/<public_id>/volante.svg",
        "/org/volantes/<slug>.pdf",
        "/org/volantes/<slug>.png",
    }.union(*(scene.drawn for scene in SCENES))
    assert public_rules(app)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Taller ✅ gratis", "Taller gratis"),
        ("Chʼol", "Ch’ol"),
        ("Sa̱vi", "Savi"),
        ("Lunes → viernes", "Lunes – viernes"),
        ("移民", "??"),
        ("ﬁesta Ⅻ", "fiesta XII"),
    ],
)
def test_what_stands_for_a_character_that_the_fonts_lack(typed: str, shown: str) -> None:
    assert typesetting._replace(typed, typesetting._UNSUPPORTED[-1]) == shown
