"""Workshops exported in each format and imported again are unchanged."""

import io
import random
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds import ics_feed, serialization, vevent
from outreach.feeds.vevent import PublicSite
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import SPOKEN
from outreach.imports import DATA, workshops
from outreach.imports import kinds as kinds_file
from outreach.imports.import_errors import ImportErrorCode, ImportRejected
from outreach.imports.workshops import preview, write
from outreach.imports.workshops.preview import PreviewVerdict
from outreach.imports.workshops.read import WorkshopImportRow
from tests.conftest import kind, make_workshop, office
from tests.support.import_files import csv_of, row

pytestmark = pytest.mark.any_database

SITE = PublicSite("https://talleres.example.org", "talleres.example.org")
AWKWARD = (
    "=cmd|' /C calc'!A0", "+1 312 555 0142", "-2+3", "@SUM(1)", "'comillas'", "''dos", "'=1+1",
    'dice "hola", y se va', "una\nlínea y\r\notra", "tab\taquí", r"barra \n \N \\ final\\",
    "punto; y coma, y: dos puntos", "emoji 👩🏽‍🏫 y 🇲🇽", "ñandú ÁÉÍÓÚ ü", "<b>&amp;</b> &#10;",
    "_x000D_ y _x0041_", "%2C %0A %s {0}", "  espacios   de más  ", "中文 العربية עברית",
    "é decompuesta", "null", "NULL", "TRUE", "1e10", "0012", "2026-12-05", "#REF!", "—", "'",
    "x" * 200, "“tipográficas”", ";", ",,", "a,b;c\td", "BEGIN:VEVENT", "\\", "=", "​cero",
    "¿Qué\u202f? «\u00a0sí\u00a0»", "noncaracter \ufffe\U0001ffff", "\u00a0al borde\u202f",
)  # fmt: skip
ZONES = ("America/Chicago", "America/Indiana/Indianapolis", "America/Edmonton", "America/Phoenix")


@pytest.fixture
def network(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> None:
    slots = kind("citas", "Citas", way=Way.SLOTS, slot_minutes=20, capacity=12, minutes=120)
    with store.change() as session:
        session.add_all([slots, office("el-paso", "El Paso", "TX", "America/Denver")])


def random_row(number: int, rng: random.Random) -> dict[str, str]:
    day = date(2027, 1, 1) + timedelta(days=rng.randrange(365))
    starts = time(rng.randrange(4, 24), rng.choice((0, 15, 30, 59)))
    ends_day, ends = day, time(23, 59)
    if starts >= time(22):
        # No hour that clocks show twice.
        ends_day, ends = day + timedelta(days=1), time(rng.choice((0, 2)), 30)
    mode = rng.choice(list(DeliveryMode))
    text = rng.choice(AWKWARD)
    slug, region = rng.choice((("chicago", "IL"), ("calgary", "AB"), ("el-paso", "TX")))
    return row(
        id=f"{number}-{rng.choice(AWKWARD)[:40]}".strip(),
        office=slug,
        kind=rng.choice(("derechos", "mujeres", "K7QX", "citas")),
        title_es=(f"{text} {number}" if rng.random() < 0.7 else f"{text.strip()}z")[:200],
        title_en=rng.choice(AWKWARD),
        title_fr=rng.choice((*AWKWARD, "")),
        timezone=rng.choice(ZONES),
        starts_at=f"{day}T{starts:%H:%M}",
        ends_at=f"{ends_day}T{ends:%H:%M}",
        venue=rng.choice(AWKWARD)[:120] if mode.has_venue else "",
        address=rng.choice((*AWKWARD, ""))[:200] if mode.has_venue else "",
        city=rng.choice(("Chicago", "Cícero", "'=El Paso", "St. John's")),
        region=region,
        area=rng.choice(("", "Zona de Pilsen", "+Centro")),
        capacity=str(rng.choice((0, 1, 12, 40, 90_000))),
        languages=" ".join(rng.sample(sorted(SPOKEN), rng.randrange(1, 4))),
        childcare=rng.choice(("true", "false")),
        status=rng.choice(("draft", "published", "cancelled")),
        way=rng.choice(list(Way)).value,
        mode=mode.value,
        phone=rng.choice(("", "+1 312 555 0142", "312 555 0142 ext. 5", "=555")),
    )


def load_random(store: Store, count: int) -> list[WorkshopImportRow]:
    """Loads `count` random workshops from a CSV file; returns its rows."""
    rng = random.Random(4)
    lines = [random_row(number, rng) for number in range(count)]
    with store.change() as session:
        rows = read(session, csv_of(*lines))
        assert len(rows) == count
        workshops.load(session, rows, now=clock.now())
    return rows


def read(session: Session, data: bytes) -> list[WorkshopImportRow]:
    known = workshops.network(session)
    return workshops.parse_or_reject(workshops.read_table(session, "a", data, known), known)


def stored_cells(session: Session) -> list[dict[str, str]]:
    return [write.cells(each) for each in stored(session)]


def stored(session: Session) -> list[Workshop]:
    return list(session.scalars(sa.select(Workshop).order_by(Workshop.id)))


def xlsx_of(lines: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    write.to_xlsx(out, lines, ["Notas"], made_at=clock.now())
    return out.getvalue()


def states(session: Session) -> list[tuple[object, ...]]:
    columns = sa.inspect(Workshop).columns
    return [tuple(each) for each in session.execute(sa.select(*columns).order_by(Workshop.id))]


def without_line_numbers(rows: list[WorkshopImportRow]) -> list[WorkshopImportRow]:
    """The rows, with line number 0."""
    return [replace(each, line=0) for each in rows]


@pytest.mark.parametrize(
    "count",
    [60, pytest.param(1000, marks=pytest.mark.long)],
)
def test_export_and_import_in_each_format_changes_nothing(
    store: Store, network: None, count: int
) -> None:
    """In CSV, XLSX and iCalendar, the latter in each language."""
    first = load_random(store, count)
    with store.change() as session:
        before, lines = states(session), stored_cells(session)
        files = {"csv": csv_of(*lines), "xlsx": xlsx_of(lines)}
        found = {format_name: read(session, data) for format_name, data in files.items()}
        assert without_line_numbers(found["csv"]) == without_line_numbers(found["xlsx"])
        assert [each.id for each in found["csv"]] == [each.id for each in first]
        assert [each.title for each in found["csv"]] == [each.title for each in first]
        assert [each.phone for each in found["csv"]] == [each.phone for each in first]
        for rows in found.values():
            computed = preview.compute(session, rows, None, now=clock.now())
            assert [each for each in computed.seen if each.verdict is not PreviewVerdict.SAME] == []
            assert computed.faults == ()
            done = workshops.load(session, rows, now=clock.now())
            assert done.counts == {"same": count}
        assert states(session) == before
        assert csv_of(*stored_cells(session)) == files["csv"]
    with store.change() as session:
        for lang in ("es", "en", "fr"):
            rows = read(session, calendar_of(stored(session), lang))
            assert len(rows) == count
            computed = preview.compute(session, rows, None, now=clock.now())
            assert [
                each.changes for each in computed.seen if each.verdict is not PreviewVerdict.SAME
            ] == []
            assert computed.faults == ()
        done = workshops.load(session, rows, now=clock.now())
        assert done.counts == {"same": count}
        assert states(session) == before


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
def test_feed_of_every_packaged_kind_is_imported_without_a_change(
    store: Store, chicago: Office, calgary: Office, lang: str
) -> None:
    """French names have no-break spaces."""
    with store.change() as session:
        kinds_file.load(session, kinds_file.read(DATA / "taxonomy.json"), now=clock.now())
        for each in kinds.list_kinds(session):
            for there in (chicago, calgary):
                if not each.countries or there.country in each.countries:
                    make_workshop(session, there, each, title=dict(each.name))
        count = len(stored(session))
        before = states(session)
        rows = read(session, calendar_of(stored(session), lang))
        computed = preview.compute(session, rows, None, now=clock.now())
        assert [
            each.changes for each in computed.seen if each.verdict is not PreviewVerdict.SAME
        ] == []
        assert workshops.load(session, rows, now=clock.now()).counts == {"same": count}
        assert states(session) == before
    assert count > 20


def test_fold_within_a_character_is_read(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, title={"es": "Plática 🌻 «ñandú»"})
        text = calendar_of(stored(session), "es")
        for part in ("á", "🌻", "ú"):
            found = part.encode()
            for cut in range(1, len(found)):
                folded = text.replace(found, found[:cut] + b"\r\n " + found[cut:], 1)
                assert folded != text
                [row_found] = read(session, folded)
                assert row_found.title["es"] == "Plática 🌻 «ñandú»"


def calendar_of(found: list[Workshop], lang: str) -> bytes:
    zones = {each.calendar_zone for each in found}
    blocks = [vtimezone(zone) for zone in zones]
    head = serialization.join_lines(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"])
    events = [vevent.write(each, lang, SITE) for each in found]
    return b"".join([head, *blocks, *events, b"END:VCALENDAR\r\n"])


def test_changed_event_of_our_feed_changes_only_those_fields(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
        text = calendar_of(stored(session), "es").decode()
        text = text.replace("STATUS:CONFIRMED", "STATUS:CANCELLED")
        text = text.replace("SUMMARY:Conoce", "SUMMARY:Defiende")
        text = text.replace("LOCATION:Biblioteca", "LOCATION:Sala")
        computed = preview.compute(session, read(session, text.encode()), None, now=clock.now())
        (found,) = computed.seen
        assert found.verdict is PreviewVerdict.CANCELLED
        changes = {each.field: each.after for each in found.changes}
        assert changes.keys() == {"title_es", "venue", "area", "status"}
        assert changes["title_es"] == "Defiende tus derechos"
        assert changes["venue"].startswith("Sala ")


def test_foreign_event_becomes_a_draft_of_the_given_office_and_kind(
    store: Store, chicago: Office, rights: Kind
) -> None:
    text = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008@example.com
SUMMARY:Plática\\, con té
DTSTART;TZID="Central Standard Time":20270116T180000
DURATION:PT1H30M
LOCATION:Salón parroquial\\, 1805 S. Ejemplo St.\\, Chicago\\, IL
END:VEVENT
BEGIN:VEVENT
UID:2@example.com
SUMMARY:En línea
DTSTART:20270117T000000Z
DTEND:20270117T013000Z
LOCATION:https://example.com/sala
CATEGORIES:Otra cosa,Tus derechos
STATUS:CONFIRMED
END:VEVENT
BEGIN:VEVENT
UID:3@example.com
SUMMARY:Flotante
DTSTART:20270118T090000
DTEND:20270118T100000
LOCATION:Sala B
END:VEVENT
END:VCALENDAR
"""
    with store.read() as session:
        known = workshops.network(session, frozenset(["chicago"]))
        given = workshops.IcalDefaults("chicago", "derechos")
        first, second, third = workshops.parse_or_reject(
            workshops.read_table(session, "a.ics", text.encode(), known, given), known
        )
    assert (first.title["es"], first.zone.key) == ("Plática, con té", "America/Chicago")
    assert (first.starts, first.ends) == (time(18), time(19, 30))
    assert first.place is not None
    assert (first.place.name, first.place.address) == ("Salón parroquial", "1805 S. Ejemplo St.")
    assert (first.status, second.status) == (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)
    assert (second.day, second.starts, second.mode) == (
        date(2027, 1, 16), time(18), DeliveryMode.VIDEO_CALL,
    )  # fmt: skip
    assert (second.kind, second.place) == ("derechos", None)
    assert (third.zone.key, third.starts) == ("America/Chicago", time(9))


def test_import_of_our_own_feed_keeps_the_zone_of_the_venue(
    store: Store, calgary: Office, rights: Kind
) -> None:
    """It is written in another zone, whose rules phones have known for ten years."""
    with store.change() as session:
        vancouver = office("vancouver", "Vancouver", "BC", "America/Vancouver", country="CA")
        session.add(vancouver)
        session.flush()
        for there in (calgary, vancouver):
            make_workshop(session, there, rights, day=date(2027, 1, 16))
            make_workshop(session, there, rights, day=date(2027, 7, 17))
        before = states(session)
        for lang in ("es", "en", "fr"):
            data = calendar_of(stored(session), lang)
            assert b"TZID=America/Edmonton" not in data
            assert b"TZID=America/Vancouver" not in data
            done = workshops.load(session, read(session, data), now=clock.now())
            assert done.counts == {"same": 4}
        moved = data.replace(b"20270116T18", b"20270116T19").replace(b"20270116T20", b"20270116T21")
        done = workshops.load(session, read(session, moved), now=clock.now())
        assert done.counts == {"changed": 2, "same": 2}
        assert {each.zone.key for each in stored(session)} == {
            "America/Edmonton",
            "America/Vancouver",
        }
        assert states(session) != before


def test_hour_that_clocks_show_twice_goes_through_every_file(
    store: Store, chicago: Office, rights: Kind
) -> None:
    autumn = date(2027, 11, 7)
    spans = [(time(1, 30), time(3)), (time(0), time(1, 30))]
    with store.change() as session:
        for starts, ends in spans:
            for is_second in (False, True):
                make_workshop(
                    session, chicago, rights,
                    day=autumn, starts=starts, ends=ends, is_second_hour=is_second,
                )  # fmt: skip
        before, lines = states(session), stored_cells(session)
        assert [each["starts_at"] for each in lines] == [
            "2027-11-07T01:30-05:00", "2027-11-07T01:30-06:00",
            "2027-11-07T00:00", "2027-11-07T00:00",
        ]  # fmt: skip
        calendar = calendar_of(stored(session), "es")
        assert calendar.count(b"DTSTART:20271107T0") == 4
        for data in (csv_of(*lines), xlsx_of(lines), calendar):
            done = workshops.load(session, read(session, data), now=clock.now())
            assert done.counts == {"same": 4}
        assert states(session) == before


def test_hour_that_clocks_show_twice_is_asked_about_in_a_file(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.read() as session:
        known = workshops.network(session)
        for starts, code, values in (
            ("2027-11-07T01:30", ImportErrorCode.HOUR_DOUBLED, ("-05:00", "-06:00")),
            ("2027-11-07T01:30-07:00", ImportErrorCode.OFFSET_WRONG, ("America/Chicago",)),
            ("2027-11-08T01:30-05:00", ImportErrorCode.OFFSET_WRONG, ("America/Chicago",)),
        ):
            data = csv_of(row(starts_at=starts, ends_at=""))
            with pytest.raises(ImportRejected) as rejected:
                workshops.parse_or_reject(workshops.read_table(session, "a", data, known), known)
            [fault] = rejected.value.faults
            assert fault.error.code is code
            assert all(each in str(fault.error) for each in values)


def test_import_of_our_own_feed_changes_nothing(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for place in range(5):
            make_workshop(session, chicago, rights, starts=time(9 + place))
    with store.read() as session:
        query = FeedQuery(office=session.merge(chicago, load=False))
        data = ics_feed.write_bytes(session, query, "es", SITE, today=clock.now().date())
        rows = read(session, data)
        assert len(rows) == 5
        computed = preview.compute(session, rows, None, now=clock.now())
        assert {each.verdict for each in computed.seen} == {PreviewVerdict.SAME}
