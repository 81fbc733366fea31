"""Staff pages of flyers: formats, languages and file names."""

from datetime import timedelta

import pytest
from flask import Flask

from outreach import clock, formats
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.conftest import make_workshop, tomorrow, venue
from tests.support import pdf_reader
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("the content of pages and files")

FILES = {
    "pdf?papel=carta": ("application/pdf", "carta-es.pdf"),
    "pdf?papel=a4&idioma=en": ("application/pdf", "a4-en.pdf"),
    "png?forma=cuadrada": ("image/png", "cuadrada-es.png"),
    "png?forma=vertical&idioma=fr": ("image/png", "vertical-fr.png"),
    "svg?forma=carta": ("image/svg+xml", "carta-es.svg"),
    "svg?forma=vertical": ("image/svg+xml", "vertical-es.svg"),
}


@pytest.fixture
def reader(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """Returns a staff member with the reader role, which may print flyers."""
    return signed_in_as(app, store, employ(store, "lee@example.org", Role.READER))


def path(workshop: Workshop, rest: str = "") -> str:
    return f"/org/talleres/{workshop.public_id}/volante{rest}"


def upcoming(store: Store, office: Office, kind: Kind, **changes: object) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, **changes)


def test_each_flyer_file_has_its_declared_type(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = upcoming(store, chicago, rights)
    for query, (mimetype, name) in FILES.items():
        answer = reader.get(path(workshop, f".{query}"))
        assert answer.status_code == 200, query
        assert answer.mimetype == mimetype
        assert answer.headers["Cache-Control"] == "no-store"
        expected = f"volante-conoce-tus-derechos-{workshop.day}-{name}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{expected}"'


@pytest.mark.thorough
def test_flyer_page_links_to_existing_files_in_its_language(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = upcoming(store, chicago, rights)
    for lang in ("es", "en", "fr"):
        page = reader.get(path(workshop, f"?idioma={lang}"))
        links = [
            each.split('"')[0].replace("&amp;", "&")
            for each in page.text.split(path(workshop, "."))[1:]
        ]
        files = [each for each in links if f"idioma={lang}" in each]
        assert len(files) == len(links) == 10
        for each in files:
            assert reader.get(path(workshop, f".{each}")).status_code == 200, each
    assert "no está traducido" not in words(reader.get(path(workshop, "?idioma=en")))


def test_unknown_flyer_format_or_language_is_404(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = upcoming(store, chicago, rights)
    for query in (
        "?idioma=de", ".pdf?papel=cuadrada", ".pdf?papel=", ".png?forma=x", ".svg?forma=../x",
        ".pdf?idioma=", ".jpg",
    ):  # fmt: skip
        assert reader.get(path(workshop, query)).status_code == 404, query


def test_file_name_of_a_discreet_workshop_is_neutral(
    reader: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    workshop = upcoming(store, chicago, women, title={"es": "Un espacio de confianza"})
    for query, (_mimetype, name) in FILES.items():
        answer = reader.get(path(workshop, f".{query}"))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="taller-{name}"'
        for header, value in answer.headers.items():
            assert "confianza" not in value, header
    page = words(reader.get(path(workshop)))
    assert "La dirección no sale en el volante" in page
    assert "Es un taller discreto" in page


def test_title_in_another_script_gives_a_file_name(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = upcoming(store, chicago, rights, title={"es": '中文 "\r\n; ../../x'})
    answer = reader.get(path(workshop, ".svg"))
    assert answer.headers["Content-Disposition"].endswith(
        f'"volante-x-{workshop.day}-cuadrada-es.svg"'
    )


def test_flyer_page_shows_warnings(
    reader: StaffClient, app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    draft = upcoming(store, chicago, rights, title={"es": "Conoce"}, status=WorkshopStatus.DRAFT)
    page = words(reader.get(path(draft, "?idioma=en")))
    assert "Todavía es un borrador" in page
    assert "El título no está traducido: sale en español." in page
    assert "Escribir la traducción" not in page
    ana = signed_in_as(app, store, employ(store))
    assert "Escribir la traducción" in words(ana.get(path(draft, "?idioma=en")))
    secret = upcoming(store, chicago, rights, way=Way.UNLISTED)
    assert "Dale el volante solo a quien quieras invitar." in words(reader.get(path(secret)))


def test_cancelled_workshop_has_no_flyer(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = upcoming(store, chicago, rights, status=WorkshopStatus.PUBLISHED)
    with store.change() as session:
        session.merge(workshop).status = WorkshopStatus.CANCELLED
    page = reader.get(path(workshop))
    assert page.status_code == 200
    assert "ya no tiene volante" in words(page)
    assert "<img" not in page.text
    for query in FILES:
        answer = reader.get(path(workshop, f".{query}"))
        assert answer.status_code == 422
        assert "ya no tiene volante" in words(answer)


def test_office_without_phone_uses_the_phone_of_the_network(
    make_app: object, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.merge(chicago).phone = ""
        workshop = make_workshop(session, session.merge(chicago), rights)
    assert callable(make_app)
    app = make_app(phone="1 800 555 0100")
    staff_client = signed_in_as(app, store, employ(store))
    assert "O llama al 1 800 555 0100" in pdf_reader.words_of(
        staff_client.get(path(workshop, ".pdf")).data
    )


def test_workshop_pages_link_to_the_flyer(
    app: Flask, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    ana = signed_in_as(app, store, employ(store))
    upcoming_workshop = upcoming(store, chicago, rights, day=tomorrow(chicago))
    past_workshop = upcoming(store, chicago, rights, day=clock.now().date() - timedelta(days=2))
    discreet_workshop = upcoming(store, chicago, women, day=tomorrow(chicago))
    page = ana.get(f"/org/talleres/{upcoming_workshop.public_id}").text
    assert "/volante" in page
    assert "/constancia" not in page
    assert "/constancia" in ana.get(f"/org/talleres/{past_workshop.public_id}").text
    assert "lista.pdf" in ana.get(f"/org/talleres/{upcoming_workshop.public_id}/entrada").text
    door = ana.get(f"/org/talleres/{discreet_workshop.public_id}/entrada")
    assert "lista.pdf" not in door.text
    assert "su lista no se imprime" in words(door)


def test_flyer_of_a_month_has_the_public_workshops_to_come(
    reader: StaffClient, store: Store, config: Config, chicago: Office, calgary: Office,
    rights: Kind, women: Kind,
) -> None:  # fmt: skip
    month = Month.from_day(clock.now().date()).plus(2)
    days = [month.first + timedelta(days=days) for days in range(6)]
    with store.change() as session:
        place = venue(session, chicago, name="Casa de la Palmera", address="1641 S. Ejemplo St.")
        make_workshop(session, chicago, rights, day=days[0], venue=place)
        make_workshop(session, chicago, rights, day=days[1], title={"es": "Taller en borrador"},
             status=WorkshopStatus.DRAFT)  # fmt: skip
        make_workshop(session, chicago, women, day=days[2], title={"es": "Taller discreto"})
        make_workshop(
            session, chicago, rights, day=days[3], title={"es": "Con enlace"}, way=Way.UNLISTED
        )
        make_workshop(session, calgary, rights, day=days[4], title={"es": "Otra oficina"})
        cancelled = make_workshop(session, chicago, rights, day=days[5], title={"es": "Se canceló"})
        cancelled.status = WorkshopStatus.CANCELLED
    page = reader.get(f"/org/volantes/chicago?mes={month}")
    assert ": 1 taller" in words(page)
    for lang, title in (("es", "Conoce tus derechos"), ("en", "Know your rights")):
        for size in ("carta", "a4"):
            file = reader.get(f"/org/volantes/chicago.pdf?mes={month}&idioma={lang}&papel={size}")
            assert file.mimetype == "application/pdf"
            text = pdf_reader.words_of(file.data)
            assert title in text
            assert "Casa de la Palmera, 1641 S. Ejemplo St." in text
            for hidden in ("borrador", "discreto", "enlace", "Otra oficina", "canceló"):
                assert hidden not in text
            squares = pdf_reader.read_square_of_pdf(file.data)
            assert squares == [f"{config.public_url}/{lang}/o/chicago"]
    assert reader.get(f"/org/volantes/chicago.png?mes={month}").mimetype == "image/png"


def test_flyer_of_a_month_without_workshops_says_so(reader: StaffClient) -> None:
    month = Month.from_day(clock.now().date()).plus(3)
    page = reader.get(f"/org/volantes/chicago?mes={month}")
    assert "no queda ningún taller público por anunciar" in words(page)
    assert "volantes/chicago.pdf" not in page.text


@pytest.mark.parametrize("query", ["mes=x", "mes=2026-13", "idioma=de", "papel=a3"])
def test_flyer_of_a_month_refuses_unknown_values(reader: StaffClient, query: str) -> None:
    assert reader.get(f"/org/volantes/chicago.pdf?{query}").status_code == 404


def test_flyer_of_a_month_with_many_workshops_is_accessible(
    reader: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    month = Month.from_day(clock.now().date()).plus(2)
    title = {"es": "Un título bastante largo para ver cómo se parte en varios renglones"}
    with store.change() as session:
        for days in range(40):
            day = month.first + timedelta(days=days % 28)
            make_workshop(session, chicago, rights, day=day, title=title)
    file = reader.get(f"/org/volantes/chicago.pdf?mes={month}").data
    sheets = pdf_reader.pages_of(file)
    assert sum(each.count("Un título bastante") for each in sheets) == 40
    document_title = f"Talleres gratis: {formats.dated(month.first, formats.MONTH_AND_YEAR, 'es')}"
    faults = pdf_reader.faults(file, lang="es-MX", title=document_title, pages=len(sheets))
    assert faults == []
