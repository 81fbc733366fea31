"""Bulletin editor: editions of a closed month are edited, published and corrected; a published
edition never changes."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter import bulletins, subscribers
from outreach.domain.newsletter.bulletins import BulletinEdition, BulletinPart
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.reporting import months
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, ErrorCode, OutreachError
from outreach.keystore import KeyStore
from outreach.reports import bulletin_data as reports
from outreach.reports import month_report
from tests.conftest import make_workshop
from tests.support.interleaving import meet
from tests.support.refusals import refuses
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

MARCH: Final = Month(2026, 3)
APRIL: Final = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
LATER: Final = APRIL + timedelta(hours=1)
PAGE: Final = "/org/boletin/2026-03"
TEXTS: Final = BulletinPart(
    title={"es": "Marzo: 3 talleres", "en": "March: 3 workshops", "fr": "Mars : 3 ateliers"},
    happened={"es": "Vino mucha gente.", "en": "Many came.", "fr": "On est venu nombreux."},
    ahead={"es": "Hay más en abril.", "en": "There is more.", "fr": "Il y en a d’autres."},
)
of_the_pages = pytest.mark.any_database("the text of pages")


@pytest.fixture
def march(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """Three workshops; the month is closed as revision 1."""
    day = date(2026, 3, 10)
    with store.change() as session:
        for office, kind in ((chicago, rights), (chicago, women), (calgary, rights)):
            workshop_service.report(
                make_workshop(session, office, kind, day=day), head_count=20, now=APRIL
            )
        month_report.close(session, MARCH, now=APRIL)
    return store


def begin(store: Store, **how: Any) -> BulletinEdition:
    with store.change() as session:
        return bulletins.begin(session, MARCH, now=APRIL, **how)


def edit(store: Store, text: BulletinPart = TEXTS, *, number: int = 1, version: int = 1) -> int:
    with store.change() as session:
        edition = bulletins.find(session, MARCH, number)
        bulletins.edit(session, edition, text, version=version, now=LATER)
        return edition.version


def publish(store: Store, *, number: int = 1, version: int = 1) -> None:
    with store.change() as session:
        edition = bulletins.find(session, MARCH, number)

        def freeze(frozen: BulletinEdition) -> str:
            document = reports.document(session, MARCH, now=LATER, edition=frozen)
            return json.dumps(reports.as_json(document))

        bulletins.publish(session, edition, freeze, version=version, now=LATER)


def revise(store: Store) -> None:
    """Reports one of the three workshops as not held and closes the month as revision 2."""
    with store.change() as session:
        workshop = session.scalars(
            sa.select(Workshop).where(Workshop.month == MARCH.number).limit(1)
        ).one()
        workshop_service.report(workshop, head_count=None, now=LATER)
        month_report.close(session, MARCH, reason="tarde", now=LATER)


def published_editions(store: Store) -> list[tuple[int, int]]:
    """Number and revision of each published edition."""
    with store.read() as session:
        return [(each.number, each.revision) for each in bulletins.list_published(session, MARCH)]


# The editions


def test_bulletin_starts_with_the_numbers_of_a_closed_month(march: Store) -> None:
    edition = begin(march, title={"es": "Marzo"})
    assert (edition.number, edition.revision, edition.is_draft) == (1, 1, True)
    with march.change() as session:
        with refuses(ErrorCode.BULLETIN_MONTH_NOT_CLOSED):
            bulletins.begin(session, Month(2026, 4), now=APRIL)
        months.reopen(session, MARCH, "falta uno", organizer_id=None, now=LATER)
    with refuses(ErrorCode.BULLETIN_MONTH_REOPENED):
        publish(march)
    assert published_editions(march) == []


def test_edit_of_an_outdated_version_is_refused(
    march: Store,
) -> None:
    begin(march)
    assert edit(march) == 2
    with pytest.raises(Conflict):
        edit(march, BulletinPart(title={"es": "Otro"}))
    with march.read() as session:
        assert bulletins.find(session, MARCH, 1).title["es"] == "Marzo: 3 talleres"


def test_published_edition_is_frozen_with_its_hash(march: Store) -> None:
    begin(march)
    edit(march)
    publish(march, version=2)
    with march.read() as session:
        before = bulletins.find(session, MARCH, 1)
    assert bulletins.is_sound(before)
    frozen = json.loads(before.frozen)
    assert frozen["published_at"] == "2026-04-20T16:30:00+00:00", "the publication date is frozen"
    for try_to in (edit, publish):
        for version in (2, 3):
            with pytest.raises(Conflict):
                try_to(march, version=version)
    with march.read() as session:
        stored = bulletins.find(session, MARCH, 1)
    assert (stored.title, stored.frozen, stored.version) == (before.title, before.frozen, 2)


def test_changed_numbers_are_adopted_before_publishing(march: Store) -> None:
    begin(march)
    revise(march)
    with refuses(ErrorCode.BULLETIN_FIGURES_CHANGED):
        publish(march)
    with march.change() as session:
        assert bulletins.take_numbers(session, bulletins.find(session, MARCH, 1))
    publish(march, version=2)
    assert published_editions(march) == [(1, 2)]


def test_correction_is_a_new_edition_with_a_reason(march: Store) -> None:
    begin(march)
    edit(march)
    publish(march, version=2)
    revise(march)
    with refuses(ErrorCode.BULLETIN_WITHOUT_CORRECTION):
        begin(march, seen=1)
    with pytest.raises(Conflict):
        begin(march, seen=0, correction="Un taller no se hizo.")
    edition = begin(march, seen=1, correction="Un taller no se hizo.")
    assert (edition.number, edition.revision) == (2, 2)
    assert (edition.title, edition.correction) == (TEXTS.title, {"es": "Un taller no se hizo."})
    assert published_editions(march) == [(1, 1)], "the correction is not published yet"
    publish(march, number=2)
    assert published_editions(march) == [(1, 1), (2, 2)]
    with march.read() as session:
        latest = bulletins.latest(session, MARCH)
        noted = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert latest is not None
    assert latest.number == 2
    assert noted == ["bulletin published", "bulletin corrected", "bulletin published"]


def test_publishing_queues_the_edition_for_subscribers(march: Store, key_store: KeyStore) -> None:
    rosa, luz = (
        subscribers.prepare(key_store, f"{name}@example.org", "es") for name in ("rosa", "luz")
    )
    with march.change() as session:
        for ticket in (rosa, luz):
            subscribers.keep(session, ticket, now=APRIL)
        subscribers.confirm(session, rosa.id, now=APRIL)
    begin(march)
    with pytest.raises(ZeroDivisionError), march.change() as session:
        edition = bulletins.find(session, MARCH, 1)
        bulletins.publish(session, edition, lambda _: str(1 / 0), version=1, now=LATER)
    assert published_editions(march) == [], "the failed publication left no edition"
    publish(march)
    with march.read() as session:
        mailings = session.scalars(sa.select(Mailing)).all()
        queued = [(each.topic, each.subscriber_id, each.month, each.edition) for each in mailings]
    assert queued == [(MailingTopic.BULLETIN, rosa.id, MARCH.number, 1)]


@pytest.mark.races
@pytest.mark.parametrize("what", ["closed again", "opened again"])
def test_month_cannot_change_while_its_bulletin_is_published(march: Store, what: str) -> None:
    begin(march)
    order: list[str] = []

    def first() -> None:
        with march.change() as session:
            edition = bulletins.find(session, MARCH, 1)
            bulletins.publish(session, edition, lambda _: "{}", version=1, now=LATER)
            order.append("published")

    def second() -> None:
        if what == "closed again":
            revise(march)
        else:
            with march.change() as session:
                months.reopen(session, MARCH, "falta uno", organizer_id=None, now=LATER)
        order.append(what)

    meet(march, first, second, at="FROM month_revision")
    assert order == ["published", what]


@pytest.mark.races
@pytest.mark.parametrize("what", ["begin", "edit", "publish", "correct"])
def test_concurrent_bulletin_actions_succeed_once(march: Store, what: str) -> None:
    if what != "begin":
        begin(march)
    if what == "correct":
        publish(march)
    acts: dict[str, Callable[[], object]] = {
        "begin": lambda: begin(march, seen=0),
        "edit": lambda: edit(march),
        "publish": lambda: publish(march),
        "correct": lambda: begin(march, seen=1, correction="Una cifra estaba mal."),
    }
    ready = Barrier(4)

    def try_to(_number: int) -> str:
        ready.wait()
        try:
            acts[what]()
        except OutreachError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(try_to, range(4)))
    assert outcomes == ["Conflict", "Conflict", "Conflict", "done"]
    with march.read() as session:
        assert len(bulletins.lines(session)) == (2 if what == "correct" else 1)


# The pages


@pytest.fixture
def elena(app: Flask, march: Store) -> StaffClient:
    return signed_in_as(app, march, employ(march, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def form(
    text: BulletinPart = TEXTS, *, number: int = 1, version: int = 1, do: str
) -> dict[str, str]:
    typed = {
        f"{part}-{lang}": value
        for part in ("title", "happened", "ahead", "correction")
        for lang, value in getattr(text, part).items()
    }
    return typed | {"number": str(number), "version": str(version), "do": do}


@of_the_pages
def test_bulletin_is_written_previewed_and_published(elena: StaffClient, march: Store) -> None:
    assert "Nadie lo ha empezado" in words(elena.get("/org/boletin"))
    started = elena.post(PAGE, do="begin", seen="0")
    assert (started.status_code, started.location) == (303, f"{PAGE}?hecho=empezado")
    page = words(elena.get(PAGE))
    assert "Marzo de 2026: 3 talleres para cuidar tus derechos" in page
    assert "Vienen del cierre, revisión 1." in page
    preview = elena.post(PAGE, **form(do="preview"))
    assert preview.location == f"{PAGE}/vista"
    for lang, value in TEXTS.happened.items():
        assert value in words(elena.get(f"{PAGE}/vista?idioma={lang}"))
    public = elena.client.get("/es/boletin/2026-03")
    assert "Vino mucha gente" not in public.text, "a draft is not public"
    done = elena.post(PAGE, **form(do="publish", version=2))
    assert done.location == f"{PAGE}?hecho=publicado"
    with march.read() as session:
        edition = bulletins.find(session, MARCH, 1)
    frozen = json.loads(edition.frozen)
    assert bulletins.is_sound(edition)
    assert (frozen["total"], frozen["revision"], frozen["happened"]) == (3, 1, TEXTS.happened)
    assert "Publicado" in words(elena.get("/org/boletin"))
    assert "SHA-256" in words(elena.get(PAGE))


@of_the_pages
def test_issues_stop_publishing_and_the_text_is_saved(elena: StaffClient, march: Store) -> None:
    begin(march)
    answer = elena.post(PAGE, **form(BulletinPart(title=TEXTS.title | {"fr": ""}), do="publish"))
    assert answer.status_code == 422
    assert "Falta el francés: «Título»" in words(answer)
    assert 'href="#title-fr"' in answer.text
    assert published_editions(march) == []
    with march.read() as session:
        assert bulletins.find(session, MARCH, 1).title["es"] == "Marzo: 3 talleres"


@of_the_pages
def test_edit_conflict_is_reported_and_typed_text_is_kept(elena: StaffClient, march: Store) -> None:
    begin(march)
    edit(march)
    own_text = BulletinPart(title=TEXTS.title, happened={"es": "Mi texto."})
    for do in ("save", "publish"):
        conflict = elena.post(PAGE, **form(own_text, do=do))
        assert conflict.status_code == 409
        assert "Alguien más guardó cambios" in words(conflict)
        assert "Mi texto." in conflict.text
        assert "Vino mucha gente." in conflict.text, "the page shows the saved text"
        assert 'name="version" value="2"' in conflict.text, (
            "the next save is based on the saved version"
        )
    publish(march, version=2)
    conflict = elena.post(PAGE, **form(own_text, version=2, do="publish"))
    assert conflict.status_code == 409
    assert "Alguien más lo publicó" in words(conflict)
    assert "Mi texto." in conflict.text
    assert published_editions(march) == [(1, 1)]


@pytest.mark.races
def test_concurrent_publishing_publishes_once(elena: StaffClient, app: Flask, march: Store) -> None:
    ana = signed_in_as(app, march, employ(march, "ana@example.org", Role.ADMIN, ALL_OFFICES))
    begin(march)
    ready = Barrier(2)

    def try_to(staff_client: StaffClient) -> int:
        ready.wait()
        return staff_client.post(PAGE, **form(do="publish")).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_to, (elena, ana))) == [303, 409]
    assert published_editions(march) == [(1, 1)]


@of_the_pages
def test_published_bulletin_is_corrected(elena: StaffClient, march: Store) -> None:
    begin(march)
    edit(march)
    publish(march, version=2)
    revise(march)
    assert "ya hay revisión 2" in words(elena.get(PAGE))
    assert elena.post(PAGE, do="correct", seen="1", note=" ").status_code == 422
    assert elena.post(PAGE, do="correct", seen="1", note="Un taller no se hizo.").status_code == 303
    refused = elena.post(PAGE, do="correct", seen="1", note="Otra nota.")
    assert refused.status_code == 409
    assert "Otra nota." in words(refused)
    page = words(elena.get(PAGE))
    assert "Un taller no se hizo." in page
    assert "«3» no es una cifra del cierre" in page, "the title has the old number"
    text = BulletinPart(title=TEXTS.title, correction={"es": "Un taller no se hizo."})
    assert elena.post(PAGE, **form(text, number=2, do="publish")).status_code == 303
    assert published_editions(march) == [(1, 1), (2, 2)]


@of_the_pages
def test_next_save_adopts_the_numbers_of_a_new_revision(elena: StaffClient, march: Store) -> None:
    begin(march)
    revise(march)
    assert "Las cifras cambiaron: ya hay revisión 2" in words(elena.get(PAGE))
    assert elena.post(PAGE, **form(do="publish")).status_code == 422
    assert elena.post(PAGE, **form(version=2, do="save")).location == f"{PAGE}?hecho=cifras"
    assert "revisión 2" in words(elena.get(PAGE))


@of_the_pages
def test_invalid_or_open_month_has_no_editor(elena: StaffClient) -> None:
    for month in ("marzo", "2026-13", "0000-01", "9999-12", "2014-12", "2100-01"):
        assert elena.get(f"/org/boletin/{month}").status_code == 404
    open_one = elena.get("/org/boletin/2026-04")
    assert "Este mes no está cerrado" in words(open_one)
    assert elena.post("/org/boletin/2026-04", do="begin", seen="0").status_code == 422
    assert "Provisional" in words(elena.get("/org/boletin/2026-04/vista"))
