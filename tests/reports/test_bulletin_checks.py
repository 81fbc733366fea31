"""Checks of a bulletin before it is published."""

from typing import Any

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinPart
from outreach.reports import bulletin_checks, month_report
from outreach.reports.bulletin_checks import BulletinIssueType
from tests.conftest import make_workshop
from tests.support.staff_client import employ, signed_in_as, words
from tests.web.staff.test_bulletin_editor import (
    LATER,
    MARCH,
    PAGE,
    TEXTS,
    begin,
    edit,
    form,
    march,
)

__all__ = ["march"]  # a fixture
pytestmark = pytest.mark.any_database("checks of one edition in memory")


def list_issues(
    store: Store, text: BulletinPart, **changes: Any
) -> set[tuple[BulletinIssueType, str, str, str]]:
    begin(store)
    edit(store, text)
    options: dict[str, Any] = {"last_revision": 1, "is_calendar_empty": False} | changes
    with store.read() as session:
        found = bulletin_checks.find_issues(
            bulletins.find(session, MARCH, 1),
            month_report.report(session, MARCH, now=LATER),
            is_there=lambda path: path == "/es/o/chicago",
            home="https://talleres.example",
            **options,
        )
    return {(each.type, each.part, each.lang, each.detail) for each in found}


def test_complete_and_easy_texts_have_no_issues(march: Store) -> None:
    assert list_issues(march, TEXTS) == set()


def test_missing_translation_is_an_issue(march: Store) -> None:
    incomplete = BulletinPart(
        title=TEXTS.title | {"fr": ""}, ahead={"en": "More.", "es": "", "fr": ""}
    )
    assert list_issues(march, incomplete) == {
        (BulletinIssueType.MISSING, "title", "fr", ""),
        (BulletinIssueType.MISSING, "ahead", "es", ""),
        (BulletinIssueType.MISSING, "ahead", "fr", ""),
    }, "a text that no language has is no issue"


def test_number_that_is_not_in_the_report_is_an_issue(march: Store) -> None:
    text = BulletinPart(
        title=TEXTS.title,
        happened={
            "es": "Fueron 3 talleres, 2 en Chicago; vinieron 60 personas. Del 9 al 10 de marzo.",
            "en": "In 65 of them, on March 10, at 10:30 a.m.; call 312 555 0142.",
            "fr": "En 2026, 109\u202f657 passeports, le 1er avril à 18 h 30.",
        },
    )
    assert list_issues(march, text) == {
        (BulletinIssueType.NUMBER, "happened", "en", "65"),
        (BulletinIssueType.NUMBER, "happened", "fr", "109\u202f657"),
    }


def test_broken_or_unsafe_link_is_an_issue(march: Store) -> None:
    links = (
        "[Ven](/es/o/chicago) o [ven](https://talleres.example/es/o/chicago). "
        "[Lee](https://www.gob.mx/sre) o [lee](http://www.gob.mx/sre). "
        "[Mira](/es/o/xyz), [mira](javascript:x), [mira]() o [llama](tel:3125550142)."
    )
    text = BulletinPart(title=TEXTS.title, ahead=TEXTS.ahead | {"es": links})
    assert list_issues(march, text) == {
        (BulletinIssueType.LINK, "ahead", "es", link)
        for link in ("http://www.gob.mx/sre", "/es/o/xyz", "javascript:x", "")
    }


def test_hard_text_is_an_issue_with_its_hardest_sentence(march: Store) -> None:
    hard = "La autoridad consular competente determinará la procedencia administrativa."
    text = BulletinPart(title=TEXTS.title, happened=TEXTS.happened | {"es": f"Ven hoy. {hard}"})
    assert list_issues(march, text, is_calendar_empty=True) == {
        (BulletinIssueType.HARD, "happened", "es", hard),
        (BulletinIssueType.CALENDAR, "", "", ""),
    }


def test_open_month_or_newer_revision_blocks_publication(march: Store) -> None:
    assert list_issues(march, TEXTS, last_revision=2) == {(BulletinIssueType.REVISION, "", "", "2")}
    with march.read() as session:
        draft = bulletins.find(session, MARCH, 1)
        report = month_report.report(session, MARCH, now=LATER)
    found = bulletin_checks.find_issues(
        draft, report, last_revision=0, is_calendar_empty=True, is_there=bool, home=""
    )
    assert [(each.type, each.is_grave) for each in found] == [
        (BulletinIssueType.OPEN, True),
        (BulletinIssueType.CALENDAR, False),
    ]


def test_links_to_this_site_are_checked_against_its_pages(
    app: Flask, march: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    elena = signed_in_as(app, march, employ(march, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    with march.change() as session:
        public_workshop, discreet = (
            make_workshop(session, chicago, kind).public_id for kind in (rights, women)
        )
    begin(march)
    good = (f"/es/t/{public_workshop}", "/fr/o/chicago", "/es/cifras/2026-03", "/es/", "/es/red")
    bad = (
        f"/es/t/{discreet}", "/es/t/0000000000", "/es/o/xyz", "/es/cifras/marzo", "/org/",
        "/es/boletin/2026-03",
        "/es/r/abc", "/nada",
    )  # fmt: skip
    sentences = " ".join(f"[ve]({link})." for link in (*good, *bad))
    text = BulletinPart(title=TEXTS.title, happened=TEXTS.happened | {"es": sentences})
    elena.post(PAGE, **form(text, do="save"))
    page = words(elena.get(PAGE))
    assert [link for link in good if f"Un enlace no abre: {link} " in page] == []
    assert [link for link in bad if f"Un enlace no abre: {link} " not in page] == []
