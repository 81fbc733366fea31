"""The bulletin: same figures in every language and format, frozen editions, upcoming workshops."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import feedparser
import pytest
import time_machine
from flask.testing import FlaskClient
from pypdf import PdfReader

from outreach import clock
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition, BulletinPart
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import WorkshopStatus
from outreach.i18n import LANGUAGES, translate
from outreach.pdf import bulletin as bulletin_pdf
from outreach.reports import bulletin_data, bulletin_markdown, bulletin_text, month_report
from outreach.reports.bulletin_data import BulletinDocument
from tests.conftest import make_workshop
from tests.support.bulletins import load_january, numbers_in, words_of_html, words_of_pdf
from tests.support.loading import done, run
from tests.support.recordings import add_note

pytestmark = pytest.mark.any_database("the content of formats")

JANUARY, MARCH = Month(2020, 1), Month(2026, 3)
APRIL = datetime(2026, 4, 7, 15, 30, tzinfo=UTC)
FIGURES: Final = (57, 33, 37, 37, 109_657, 73_910, 17_407, 3_989, 1, 21_389)
SITE: Final = "https://talleres.example.org"


@pytest.fixture
def january(store: Store) -> Store:
    """The network with the numbers of the ministry for January 2020."""
    with store.change() as session:
        load_january(session)
    return store


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Three workshops, one of them for women; 21,389 people at the call centre."""
    with store.change() as session:
        for office, kind in ((chicago, rights), (chicago, women), (calgary, rights)):
            workshop_service.report(
                make_workshop(session, office, kind, day=date(2026, 3, 10)),
                head_count=20,
                now=APRIL,
            )
        session.add(
            FigureSeries(
                code="ciam.personas", position=1, label={"es": "Personas"}, unit="personas",
                provided_by="CIAM",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            MonthlyFigure(month=202603, series="ciam.personas", value=21389, source="CIAM",
                   entered_at=APRIL)
        )  # fmt: skip
    return store


def close(store: Store, reason: str = "") -> None:
    with store.change() as session:
        month_report.close(session, MARCH, reason=reason, now=APRIL)


def publish(store: Store, now: datetime = APRIL, correction: str = "", **text: str) -> None:
    """Publish an edition of March with these Spanish texts."""

    def freeze(edition: BulletinEdition) -> str:
        return json.dumps(
            bulletin_data.as_json(bulletin_data.document(session, MARCH, now=now, edition=edition))
        )

    with store.change() as session:
        edition = bulletins.begin(session, MARCH, correction=correction, now=now)
        words = BulletinPart(
            correction={"es": correction}, **{name: {"es": each} for name, each in text.items()}
        )
        bulletins.edit(session, edition, words, version=edition.version, now=now)
        bulletins.publish(session, edition, freeze, version=edition.version, now=now)


def load_document(store: Store, month: Month = MARCH, now: datetime = APRIL) -> BulletinDocument:
    with store.read() as session:
        return bulletin_data.document(session, month, now=now)


def test_dates_are_local_days_of_the_network(client: FlaskClient, march: Store) -> None:
    evening = datetime(2026, 4, 13, 0, 30, tzinfo=UTC)  # half past six of the 12th in Mexico City
    with march.change() as session:
        month_report.close(session, MARCH, now=evening)
    document = load_document(march, now=evening)
    for day in (
        bulletin_text.localize_bulletin(document, "es", SITE).dated,
        bulletin_text.localize_bulletin(document, "es", SITE).colophon,
        client.get("/es/cifras/2026-03").text,
    ):
        assert "12 de abril de 2026" in day
        assert "13 de abril" not in day
    publish(march, now=evening)
    document = load_document(march, now=evening)
    assert bulletin_text.localize_bulletin(document, "es", SITE).dated == "12 de abril de 2026"
    assert bulletin_data.as_json(document)["published_at"] == "2026-04-13T00:30:00+00:00"
    assert bulletin_data.as_json(document)["cut"] == "2026-04-13T00:30:00+00:00"


# The press note


def test_bulletin_of_january_2020_has_its_figures_in_every_language_and_format(
    config: Config, january: Store, tmp_path: Path
) -> None:
    for lang in LANGUAGES:
        for form, words_of in {
            "text": lambda body: str(body, "utf-8"),
            "html": lambda body: words_of_html(body.decode()),
            "pdf": words_of_pdf,
        }.items():
            path = tmp_path / f"{lang}.{form}"
            arguments = ("bulletin", "2020-01", "--lang", lang, "--format", form, "-o", path)
            done(run(config, *arguments))
            text = words_of(path.read_bytes())
            assert {*FIGURES, 164} <= numbers_in(text), (lang, form)
            for note in (bulletin_text.PROVISIONAL, bulletin_text.RECONSTRUCTION):
                assert translate(note, lang) in " ".join(text.split(" ")), (lang, form)
    found = json.loads(done(run(config, "bulletin", "2020-01", "--format", "json")).stdout)
    assert found["total"] == 164
    assert (*found["by_kind"].values(), *found["figures"].values()) == FIGURES
    assert (found["state"], found["revision"], found["is_reconstruction"]) == ("open", 0, True)
    assert {lang for each in found["sentences"] for lang in each["words"]} == set(LANGUAGES)


def test_sentences_are_in_the_order_of_the_series(january: Store) -> None:
    text = bulletin_text.as_text(load_document(january, JANUARY), "es", SITE)
    order = (
        "109,657 pasaportes y 73,910 matrículas consulares",
        "17,407 casos de protección",
        "La red dio orientación o representación legal a 3,989 personas.",
        "evitó la pena de muerte en 1 caso",
        "CIAM atendió a 21,389 personas",
        "La red dio 164 talleres",
        "57 talleres sobre los derechos de las personas migrantes, 33 de diagnóstico migratorio, "
        "37 para jóvenes con DACA y 37 para mujeres",
        f"{SITE}/es/calendario",
    )
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert len(text) < 2000


def test_numbers_of_offices_add_up_to_the_total(january: Store) -> None:
    found = bulletin_text.localize_bulletin(load_document(january, JANUARY), "en", SITE)
    assert len(found.rows) == 56
    assert [int(each) for each in found.totals[1:]] == [57, 33, 37, 37, 164]
    columns = zip(*(row[1:] for row in found.rows), strict=True)
    assert [sum(map(int, column)) for column in columns] == [57, 33, 37, 37, 164]


# The formats


def test_pdf_is_accessible_and_reproducible(march: Store) -> None:
    close(march)
    publish(march, title="Marzo", happened="Hubo **mucho** [más](https://example.org).\n\n- uno")
    document = load_document(march)
    first, second = (
        bulletin_pdf.pdf(document, "fr", public_url=SITE, brand="Talleres") for _ in range(2)
    )
    assert first == second
    root: Any = PdfReader(io.BytesIO(first)).trailer["/Root"]
    assert root["/Lang"] == "fr-CA"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_unsupported_characters_do_not_prevent_a_pdf(march: Store) -> None:
    document = replace(load_document(march), title={"es": "Fiesta 🎉 中文 ꞌ \u202eñ"})
    text = words_of_pdf(bulletin_pdf.pdf(document, "es", public_url=SITE, brand="Talleres"))
    assert "Fiesta ?" in text
    assert "21,389" in text


def test_html_file_is_self_contained(march: Store) -> None:
    page = bulletin_pdf.html(load_document(march), "es", public_url=SITE, brand="Talleres")
    assert not re.search(r"<(link|script|img|iframe)|url\(|@import|src=", page)


def test_user_text_is_never_evaluated(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(
        march,
        title="<script>alert(1)</script>",
        happened="<img src=x onerror=alert(1)> [toca](javascript:alert(1)) #let x = *b* **y**",
    )
    page = client.get("/es/boletin/2026-03").text
    for each in (
        page,
        bulletin_pdf.html(load_document(march), "es", public_url=SITE, brand="Talleres"),
    ):
        assert "<script>alert" not in each
        assert "<img" not in each
        assert 'href="javascript' not in each
    assert "#let x" in words_of_pdf(client.get("/es/boletin/2026-03.pdf").data)


def test_message_is_short_despite_long_texts_of_editors(march: Store) -> None:
    close(march)
    publish(march, happened="Palabras. " * 300)
    text = bulletin_text.as_text(load_document(march), "es", SITE)
    assert len(text) < 2000
    assert "21,389" in text
    assert f"{SITE}/es/boletin/2026-03" in text


def test_markdown_in_a_message_and_on_a_page() -> None:
    markdown = "Hola **a todas**.\n\n- [Lee](https://example.org)\n- dos"
    text, page = bulletin_markdown.as_text(markdown), bulletin_markdown.as_html(markdown)
    assert text == "Hola a todas.\n- Lee (https://example.org)\n- dos"
    assert '<a href="https://example.org" rel="noopener noreferrer">' in page


def test_paths_become_urls_in_pdf_file_and_message(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(march, title="Marzo", happened="Mira [la red](/es/red) y [esto](//example.org/a).")
    document = load_document(march)
    url = f"{SITE}/es/red"
    assert f"la red ({url})" in bulletin_text.as_text(document, "es", SITE)
    assert f'href="{url}"' in bulletin_pdf.html(document, "es", public_url=SITE, brand="Talleres")
    reader = PdfReader(
        io.BytesIO(bulletin_pdf.pdf(document, "es", public_url=SITE, brand="Talleres"))
    )
    annotations: list[Any] = []
    for each in reader.pages:
        annotations += cast(list[Any], each.get("/Annots", []))
    links = [annotation.get_object() for annotation in annotations]
    assert url in {each["/A"]["/URI"] for each in links}
    page = client.get("/es/boletin/2026-03").text
    assert 'href="/es/red"' in page
    assert f"{SITE}//example.org" not in page


def test_json_round_trip_is_complete(march: Store, rights: Kind, chicago: Office) -> None:
    with march.change() as session:
        make_workshop(session, chicago, rights, day=date(2026, 4, 20))
    close(march)
    document = load_document(march)
    assert document.coming
    restored = json.loads(json.dumps(bulletin_data.as_json(document)))
    assert bulletin_data.from_json(restored) == document


# Editions


def test_published_edition_never_changes(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(march, title="Marzo, como fue")
    before = client.get("/es/boletin/2026-03").data
    with march.change() as session:
        session.get_one(MonthlyFigure, (202603, "ciam.personas")).value = 7
    close(march, "Tarde")
    assert client.get("/es/boletin/2026-03").data == before
    assert b"21,389" in before
    publish(march, correction="El centro de llamadas atendió a 7.")
    now, then = (client.get(f"/es/boletin/2026-03{query}").text for query in ("", "?edicion=1"))
    assert "Personas: 7." in now
    assert "El centro de llamadas atendió a 7." in now
    assert "Esta edición fue reemplazada." not in now
    assert "21,389" in then
    assert "Esta edición fue reemplazada." in then
    assert "21,389" in words_of_pdf(client.get("/es/boletin/2026-03.pdf?edicion=1").data)


def test_page_pdf_message_and_command_agree(
    march: Store, client: FlaskClient, config: Config
) -> None:
    close(march)
    publish(march)
    for lang in LANGUAGES:
        document = load_document(march)
        sentences = [each.words[lang] for each in document.sentences]
        path_prefix = f"/{lang}/boletin/2026-03"
        read = {
            "page": client.get(path_prefix).text,
            "txt": client.get(f"{path_prefix}.txt").text,
            "pdf": words_of_pdf(client.get(f"{path_prefix}.pdf").data),
            "command": run(config, "bulletin", "2026-03", "--lang", lang).stdout,
        }
        for form, answer in read.items():
            text = " ".join(answer.split())
            for sentence in sentences:
                assert " ".join(sentence.split()) in text, (form, sentence)


def test_drafts_and_unpublished_months_are_not_found(march: Store, client: FlaskClient) -> None:
    def status(path: str) -> int:
        return client.get(f"/es/boletin/{path}").status_code

    assert status("2026-03") == 200, "an open month shows a provisional bulletin"
    assert "Provisional" in client.get("/es/boletin/2026-03").text
    close(march)
    assert status("2026-03") == 404, "a closed month without a published bulletin"
    with march.change() as session:
        bulletins.begin(session, MARCH, title={"es": "Borrador"}, now=APRIL)
    assert status("2026-03") == status("2026-03?edicion=1") == 404, "a draft"
    this = Month.from_day(clock.now().date())
    for path in (str(this), "2026-02", "1850-01", "2026-3", "2026-03?edicion=x", "9999-01"):
        assert status(path) == 404, path


def test_month_without_a_bulletin_says_from_when(march: Store, client: FlaskClient) -> None:
    with time_machine.travel(datetime(2026, 4, 2, 12, tzinfo=UTC), tick=False):
        for path in ("2026-03", "2026-03.pdf", "2026-03.txt"):
            answer = client.get(f"/es/boletin/{path}")
            assert answer.status_code == 404
            assert "El boletín de marzo de 2026 sale el 4 de abril." in answer.text
        assert "El boletín de marzo de 2026 sale el 4 de abril." in client.get("/es/boletin/").text
        assert "sale el" not in client.get("/es/boletin/2026-02").text, "nothing was done in it"
    with time_machine.travel(datetime(2026, 4, 4, 0, 1, tzinfo=UTC), tick=False):
        assert client.get("/es/boletin/2026-03").status_code == 200
        assert "sale el" not in client.get("/es/boletin/").text
        close(march)
        answer = client.get("/es/boletin/2026-03")
        assert answer.status_code == 404
        assert "El boletín de marzo de 2026 sale cuando lo publiquemos." in answer.text


def test_published_bulletin_is_in_the_list_and_atom_feed(march: Store, client: FlaskClient) -> None:
    assert "Provisional" in client.get("/es/boletin/").text
    assert feedparser.parse(client.get("/es/boletin/atom.xml").data).entries == []
    close(march)
    publish(march, title="Marzo & más")
    page = client.get("/es/boletin/").text
    assert "Marzo de 2026" in page
    assert "Provisional" not in page
    found = feedparser.parse(client.get("/es/boletin/atom.xml").data)
    assert not found.bozo
    assert [each.title for each in found.entries] == ["Marzo & más"]
    assert found.entries[0].id == "tag:talleres.example.org,2026:boletin/2026-03/1"
    assert "21,389" in found.entries[0].content[0].value


def test_unchanged_bulletin_is_answered_with_304(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(march)
    for ending in ("", ".pdf", ".txt"):
        path = f"/es/boletin/2026-03{ending}"
        first = client.get(path)
        assert first.headers["Cache-Control"] == "public, max-age=3600"
        revalidation = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (revalidation.status_code, revalidation.data) == (304, b"")


# Upcoming workshops


def test_upcoming_workshops_are_spread_and_never_discreet(
    store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        for day in range(10, 31):
            make_workshop(session, chicago, rights, day=date(2026, 4, day), title={"es": "Público"})
            make_workshop(session, chicago, women, day=date(2026, 4, day), title={"es": "Discreto"})
        make_workshop(session, calgary, rights, day=date(2026, 4, 25), title={"es": "Lejos"})
        make_workshop(session, calgary, rights, day=date(2026, 5, 2), title={"es": "En mayo"})
    coming = load_document(store).coming
    assert len(coming) == bulletin_data.MAX_UPCOMING
    assert {each.title["es"] for each in coming} == {"Público", "Lejos"}
    assert [each.day for each in coming] == sorted(each.day for each in coming)


def test_upcoming_workshop_says_in_which_languages_its_page_can_be_heard(
    march: Store, client: FlaskClient, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with march.change() as session:
        own = make_workshop(session, chicago, rights, day=date(2026, 4, 20))
        make_workshop(session, calgary, rights, day=date(2026, 4, 28))
    add_note(march, rights, "es", "De qué trata.")
    add_note(march, own, "mam", "Tokx tib'aj 1805 S. Ejemplo St.")
    close(march)
    publish(march)
    heard = {each.city: each.heard_in for each in load_document(march).coming}
    assert heard == {"Chicago": ("mam", "es"), "Calgary": ("es",)}
    document = load_document(march)
    for lang, words in (
        ("es", "(se oye en: mam y español)"),
        ("en", "(can be heard in: Mam and Spanish)"),
        ("fr", "(à écouter en : mam et espagnol)"),
    ):
        text = bulletin_text.as_text(document, lang, SITE)
        assert words.casefold() in " ".join(text.split()).casefold()
        assert "Ejemplo" not in text, "an edition is not corrected where a recording is"
    frozen = bulletin_data.from_json(json.loads(json.dumps(bulletin_data.as_json(document))))
    assert [each.heard_in for each in frozen.coming] == [each.heard_in for each in document.coming]


def test_cancelled_or_hidden_workshops_leave_the_upcoming_list(
    march: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with march.change() as session:
        first, second = (
            make_workshop(session, office, rights, day=date(2026, 4, 20)).public_id
            for office in (chicago, calgary)
        )
    close(march)
    publish(march)
    before = {each.id for each in load_document(march).coming}
    assert before & {first, second}
    with march.change() as session:
        workshop_service.cancel(session, workshops.find(session, first), now=APRIL)
        workshops.find(session, second).status = WorkshopStatus.DRAFT
    assert load_document(march).coming == ()


# The command


def test_command_explains_invalid_arguments(config: Config, store: Store, tmp_path: Path) -> None:
    existing_file = tmp_path / "there.txt"
    existing_file.write_text("mine")
    for arguments, message in (
        (["2020-13"], "is no month"),
        (["2020-01", "--format", "pdf"], "add -o FILE.pdf"),
        (["2020-01", "-o", str(existing_file)], "is there already"),
    ):
        result = run(config, "bulletin", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
    assert existing_file.read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "Ven.",
        "Ven con (o sin) papeles: ¿vienes?",
        "a) b",
        "A  b",
        "www.example.com",
        "a ",
        "1. a",
        "¡Ven!",
        "Ven\n",
        "a *b* _c_ [d](e)",
        "a < b & c",
        "",
    ],
)
def test_line_of_words_gives_the_html_of_any_text(text: str) -> None:
    """With a line break at its end, which means nothing, the text is read as Markdown."""
    assert bulletin_markdown.as_html(text) == bulletin_markdown.as_html(f"{text}\n")
