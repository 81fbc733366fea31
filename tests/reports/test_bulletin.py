"""The bulletin: the ministry's figures in every language and format, and the same in all; what was
published stays, and nothing discreet is told of what comes next."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import feedparser
import pytest
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
from outreach.pdf import bulletin as paper
from outreach.reports import bulletin_data, bulletin_markdown, bulletin_text, month_report
from outreach.reports.bulletin_data import BulletinDocument
from tests.conftest import hold
from tests.support.bulletins import load_january, numbers_in, words_of_html, words_of_pdf
from tests.support.loading import done, run

pytestmark = pytest.mark.any_database("what the formats of a bulletin say")

JANUARY, MARCH = Month(2020, 1), Month(2026, 3)
APRIL = datetime(2026, 4, 7, 15, 30, tzinfo=UTC)
TEN: Final = (57, 33, 37, 37, 109_657, 73_910, 17_407, 3_989, 1, 21_389)
SITE: Final = "https://talleres.example.org"


@pytest.fixture
def january(store: Store) -> Store:
    """The network with January 2020 as the ministry told it."""
    with store.change() as session:
        load_january(session)
    return store


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Three workshops, one of them for women; 21,389 people at the call centre."""
    with store.change() as session:
        for office, kind in ((chicago, rights), (chicago, women), (calgary, rights)):
            workshop_service.report(
                hold(session, office, kind, day=date(2026, 3, 10)), head_count=20, now=APRIL
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
    """An edition of March with these words, in Spanish."""

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


def told_of(store: Store, month: Month = MARCH, now: datetime = APRIL) -> BulletinDocument:
    with store.read() as session:
        return bulletin_data.document(session, month, now=now)


def test_what_is_closed_and_published_in_the_evening_bears_that_day(
    client: FlaskClient, march: Store
) -> None:
    evening = datetime(2026, 4, 13, 0, 30, tzinfo=UTC)  # half past six of the 12th in Mexico City
    with march.change() as session:
        month_report.close(session, MARCH, now=evening)
    document = told_of(march, now=evening)
    for day in (
        bulletin_text.localize_bulletin(document, "es", SITE).dated,
        bulletin_text.localize_bulletin(document, "es", SITE).colophon,
        client.get("/es/cifras/2026-03").text,
    ):
        assert "12 de abril de 2026" in day
        assert "13 de abril" not in day
    publish(march, now=evening)
    document = told_of(march, now=evening)
    assert bulletin_text.localize_bulletin(document, "es", SITE).dated == "12 de abril de 2026"
    assert bulletin_data.as_json(document)["published_at"] == "2026-04-13T00:30:00+00:00"
    assert bulletin_data.as_json(document)["cut"] == "2026-04-13T00:30:00+00:00"


# The note


def test_january_2020_in_every_language_and_format(
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
            assert {*TEN, 164} <= numbers_in(text), (lang, form)
            for note in (bulletin_text.PROVISIONAL, bulletin_text.RECONSTRUCTION):
                assert translate(note, lang) in " ".join(text.split(" ")), (lang, form)
    found = json.loads(done(run(config, "bulletin", "2020-01", "--format", "json")).stdout)
    assert found["total"] == 164
    assert (*found["by_kind"].values(), *found["figures"].values()) == TEN
    assert (found["state"], found["revision"], found["is_reconstruction"]) == ("open", 0, True)
    assert {lang for each in found["sentences"] for lang in each["words"]} == set(LANGUAGES)


def test_in_the_order_and_tone_of_the_note(january: Store) -> None:
    text = bulletin_text.as_text(told_of(january, JANUARY), "es", SITE)
    order = (
        "109,657 pasaportes y 73,910 matrículas consulares",
        "17,407 casos de protección",
        "Igualmente, 3,989 personas recibieron orientación o representación legal.",
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


def test_the_offices_add_up_to_the_total(january: Store) -> None:
    found = bulletin_text.localize_bulletin(told_of(january, JANUARY), "en", SITE)
    assert len(found.rows) == 56
    assert [int(each) for each in found.totals[1:]] == [57, 33, 37, 37, 164]
    columns = zip(*(row[1:] for row in found.rows), strict=True)
    assert [sum(map(int, column)) for column in columns] == [57, 33, 37, 37, 164]


# The formats


def test_the_pdf_can_be_read_aloud_and_is_the_same_each_time(march: Store) -> None:
    close(march)
    publish(march, title="Marzo", happened="Hubo **mucho** [más](https://example.org).\n\n- uno")
    document = told_of(march)
    made = [paper.pdf(document, "fr", public_url=SITE, brand="Talleres") for _ in range(2)]
    assert made[0] == made[1]
    root: Any = PdfReader(io.BytesIO(made[0])).trailer["/Root"]
    assert root["/Lang"] == "fr-CA"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_an_emoji_or_a_script_we_have_no_font_for_hinders_no_pdf(march: Store) -> None:
    document = replace(told_of(march), title={"es": "Fiesta 🎉 中文 ꞌ \u202eñ"})
    text = words_of_pdf(paper.pdf(document, "es", public_url=SITE, brand="Talleres"))
    assert "Fiesta ?" in text
    assert "21,389" in text


def test_the_file_needs_no_other(march: Store) -> None:
    page = paper.html(told_of(march), "es", public_url=SITE, brand="Talleres")
    assert not re.search(r"<(link|script|img|iframe)|url\(|@import|src=", page)


def test_what_people_wrote_can_do_nothing(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(
        march,
        title="<script>alert(1)</script>",
        happened="<img src=x onerror=alert(1)> [toca](javascript:alert(1)) #let x = *b* **y**",
    )
    page = client.get("/es/boletin/2026-03").text
    for each in (page, paper.html(told_of(march), "es", public_url=SITE, brand="Talleres")):
        assert "<script>alert" not in each
        assert "<img" not in each
        assert 'href="javascript' not in each
    assert "#let x" in words_of_pdf(client.get("/es/boletin/2026-03.pdf").data)


def test_a_message_is_short_even_when_people_wrote_a_lot(march: Store) -> None:
    close(march)
    publish(march, happened="Palabras. " * 300)
    text = bulletin_text.as_text(told_of(march), "es", SITE)
    assert len(text) < 2000
    assert "21,389" in text
    assert f"{SITE}/es/boletin/2026-03" in text


def test_markdown_in_a_message_and_on_a_page() -> None:
    markdown = "Hola **a todas**.\n\n- [Lee](https://example.org)\n- dos"
    plain, page = bulletin_markdown.as_text(markdown), bulletin_markdown.as_html(markdown)
    assert plain == "Hola a todas.\n- Lee (https://example.org)\n- dos"
    assert '<a href="https://example.org" rel="noopener noreferrer">' in page


def test_a_path_of_ours_leads_there_from_paper_a_file_and_a_message_too(
    march: Store, client: FlaskClient
) -> None:
    close(march)
    publish(march, title="Marzo", happened="Mira [la red](/es/red) y [esto](//example.org/a).")
    document = told_of(march)
    whole = f"{SITE}/es/red"
    assert f"la red ({whole})" in bulletin_text.as_text(document, "es", SITE)
    assert f'href="{whole}"' in paper.html(document, "es", public_url=SITE, brand="Talleres")
    made = PdfReader(io.BytesIO(paper.pdf(document, "es", public_url=SITE, brand="Talleres")))
    notes: list[Any] = []
    for each in made.pages:
        notes += cast(list[Any], each.get("/Annots", []))
    leads = [note.get_object() for note in notes]
    assert whole in {each["/A"]["/URI"] for each in leads}
    page = client.get("/es/boletin/2026-03").text
    assert 'href="/es/red"' in page
    assert f"{SITE}//example.org" not in page


def test_what_is_frozen_is_all_of_it(march: Store, rights: Kind, chicago: Office) -> None:
    with march.change() as session:
        hold(session, chicago, rights, day=date(2026, 4, 20))
    close(march)
    document = told_of(march)
    assert document.coming
    kept = json.loads(json.dumps(bulletin_data.as_json(document)))
    assert bulletin_data.from_json(kept) == document


# What is published


def test_an_edition_stays_as_it_was_published(march: Store, client: FlaskClient) -> None:
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
    assert "a 7 personas" in now
    assert "El centro de llamadas atendió a 7." in now
    assert "Esta edición fue reemplazada." not in now
    assert "21,389" in then
    assert "Esta edición fue reemplazada." in then
    assert "21,389" in words_of_pdf(client.get("/es/boletin/2026-03.pdf?edicion=1").data)


def test_page_pdf_message_and_command_tell_the_same(
    march: Store, client: FlaskClient, config: Config
) -> None:
    close(march)
    publish(march)
    for lang in LANGUAGES:
        document = told_of(march)
        sentences = [each.words[lang] for each in document.sentences]
        here = f"/{lang}/boletin/2026-03"
        read = {
            "page": client.get(here).text,
            "txt": client.get(f"{here}.txt").text,
            "pdf": words_of_pdf(client.get(f"{here}.pdf").data),
            "command": run(config, "bulletin", "2026-03", "--lang", lang).stdout,
        }
        for form, answer in read.items():
            text = " ".join(answer.split())
            for sentence in sentences:
                assert " ".join(sentence.split()) in text, (form, sentence)


def test_only_what_may_be_seen_is_there(march: Store, client: FlaskClient) -> None:
    def status(path: str) -> int:
        return client.get(f"/es/boletin/{path}").status_code

    assert status("2026-03") == 200, "over, and not closed: provisional"
    assert "Provisional" in client.get("/es/boletin/2026-03").text
    close(march)
    assert status("2026-03") == 404, "closed, and nobody has published it"
    with march.change() as session:
        bulletins.begin(session, MARCH, title={"es": "Borrador"}, now=APRIL)
    assert status("2026-03") == status("2026-03?edicion=1") == 404, "a draft"
    this = Month.of(clock.now().date())
    for path in (str(this), "2026-02", "1850-01", "2026-3", "2026-03?edicion=x", "9999-01"):
        assert status(path) == 404, path


def test_the_months_and_their_feed(march: Store, client: FlaskClient) -> None:
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


def test_who_asks_again_is_told_that_it_still_holds(march: Store, client: FlaskClient) -> None:
    close(march)
    publish(march)
    for ending in ("", ".pdf", ".txt"):
        path = f"/es/boletin/2026-03{ending}"
        first = client.get(path)
        assert first.headers["Cache-Control"] == "public, max-age=3600"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


# What comes next


def test_what_comes_next_is_spread_and_never_discreet(
    store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        for day in range(10, 31):
            hold(session, chicago, rights, day=date(2026, 4, day), title={"es": "Público"})
            hold(session, chicago, women, day=date(2026, 4, day), title={"es": "Discreto"})
        hold(session, calgary, rights, day=date(2026, 4, 25), title={"es": "Lejos"})
        hold(session, calgary, rights, day=date(2026, 5, 2), title={"es": "En mayo"})
    coming = told_of(store).coming
    assert len(coming) == bulletin_data.MAX_UPCOMING
    assert {each.title["es"] for each in coming} == {"Público", "Lejos"}
    assert [each.day for each in coming] == sorted(each.day for each in coming)


def test_what_was_to_come_is_not_told_once_it_is_cancelled_or_discreet(
    march: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with march.change() as session:
        first, second = (
            hold(session, office, rights, day=date(2026, 4, 20)).public_id
            for office in (chicago, calgary)
        )
    close(march)
    publish(march)
    before = {each.id for each in told_of(march).coming}
    assert before & {first, second}
    with march.change() as session:
        workshop_service.cancel(session, workshops.find(session, first), now=APRIL)
        workshops.find(session, second).status = WorkshopStatus.DRAFT
    assert told_of(march).coming == ()


# The command


def test_the_command_says_what_to_do(config: Config, store: Store, tmp_path: Path) -> None:
    there = tmp_path / "there.txt"
    there.write_text("mine")
    for arguments, said in (
        (["2020-13"], "is no month"),
        (["2020-01", "--format", "pdf"], "add -o FILE.pdf"),
        (["2020-01", "-o", str(there)], "is there already"),
    ):
        result = run(config, "bulletin", *arguments)
        assert result.exit_code == 2
        assert said in result.stderr
    assert there.read_text() == "mine"
