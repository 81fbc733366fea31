"""Atom, JSON Feed and jCal feeds have the content of the iCalendar feed, and no more."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import feedparser
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import UnknownFilter
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.feeds import atom, jcal, jscalendar, json_feed, labels
from outreach.feeds.ics_feed import DAY
from outreach.feeds.vevent import PublicSite
from outreach.i18n import LANGUAGES
from tests.conftest import make_workshop, venue
from tests.feeds.test_feed_sizes import add_workshops
from tests.support.feed_reader import SITE, by_icalendar, events_of, feed, utc_today
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("the content of formats"), fixed_clock]

ATOM = "{http://www.w3.org/2005/Atom}"
WRITERS: dict[str, Callable[..., bytes]] = {
    "atom": atom.write,
    "json": json_feed.write,
    "jcal": jcal.write,
    "jscal": jscalendar.write,
}


def feed_body(
    store: Store, form: str, office: str | None = "chicago", lang: str = "es", **query: Any
) -> bytes:
    """The feed in a format, for the filters of `query`."""
    today = query.pop("today", utc_today())
    site = query.pop("site", SITE)
    with store.read() as session:
        filters = feed_query.parse(session, office, **query)
        return WRITERS[form](session, filters, lang, site, today=today)


@pytest.fixture
def talk(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, chicago, rights, title={"es": "Derechos <b>& más</b>", "en": "Rights"}
        )


def test_feedparser_reads_the_atom_feed(store: Store, talk: Workshop) -> None:
    body = feed_body(store, "atom", kind_codes=["derechos"])
    read = feedparser.parse(body)
    assert not read.bozo
    assert read.version == "atom10"
    head, [entry] = read.feed, read.entries

    assert head.title == "Talleres · Chicago · Tus derechos"
    assert head.subtitle.startswith("Talleres gratuitos.")
    assert head.author_detail.name == "Consulado en Chicago"
    assert head.language == "es"
    assert entry.title == "Derechos <b>& más</b>"
    assert entry.title_detail.type == "text/plain"
    assert entry.link == f"https://talleres.example.org/es/t/{talk.public_id}"
    assert [tag.term for tag in entry.tags] == ["Tus derechos"]
    assert entry.updated == entry.published == "2026-01-05T15:00:00Z"
    [content] = entry.content
    assert content.type == "text/html"
    paragraphs = content.value.removeprefix("<p>").removesuffix("</p>").split("</p><p>")
    assert "18:00, hora de Chicago, UTC-6" in paragraphs[0]
    assert "1805 S. Ejemplo St., Chicago, IL" in paragraphs[1]
    assert any("Qué decir, qué no firmar" in each for each in paragraphs)


def test_atom_feed_conforms_to_rfc_4287(store: Store, talk: Workshop) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2: elements that a feed and an entry have exactly once."""
    for lang in LANGUAGES:
        root = ElementTree.fromstring(feed_body(store, "atom", None, lang))
        assert root.tag == f"{ATOM}feed"
        for each in (root, *root.iter(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                [found] = each.findall(f"{ATOM}{name}")
                assert found.text
        assert root.find(f"{ATOM}author/{ATOM}name") is not None, "the author of all entries"
        links = [link.attrib for link in root.findall(f"{ATOM}link")]
        [self_link] = [link for link in links if link["rel"] == "self"]
        assert self_link["href"] == f"https://talleres.example.org/{lang}/cal/red.atom"
        others = [(link["type"], link["hreflang"]) for link in links if link["rel"] == "alternate"]
        assert len(others) == len(set(others)) == 4
        known = {"id", "title", "updated", "published", "link", "category", "content"}
        for entry in root.iter(f"{ATOM}entry"):
            assert {child.tag.removeprefix(ATOM) for child in entry} == known


def test_json_feed_has_the_required_members(store: Store, talk: Workshop) -> None:
    read = json.loads(feed_body(store, "json", None, "en", kind_codes=["derechos"]))
    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["title"] == "Workshops · whole network · Tus derechos"
    assert read["home_page_url"] == "https://talleres.example.org/en/"
    address = "https://talleres.example.org/en/cal/red.json?tipo=derechos"
    assert read["feed_url"] == address
    assert read["language"] == "en"
    assert read["authors"][0]["name"]
    [item] = read["items"]
    assert isinstance(item["id"], str)
    assert item["url"] == f"https://talleres.example.org/en/t/{talk.public_id}"
    assert item["title"] == "Rights"
    assert item["content_text"]
    assert item["date_modified"] == "2026-01-05T15:00:00Z"
    starts = talk.starts_at.astimezone(talk.zone)
    assert item["_outreach"]["starts"] == starts.isoformat()
    assert item["_outreach"]["zone"] == "America/Chicago"
    assert item["_outreach"]["location"].endswith("1805 S. Ejemplo St., Chicago, IL")
    assert item["_outreach"]["status"] == "confirmed"


def test_jcal_equals_the_icalendar_feed(
    store: Store, chicago: Office, calgary: Office, rights: Kind, talk: Workshop
) -> None:
    with store.change() as session:
        exact = venue(session, chicago, latitude=41.8512345678, longitude=-87.65)
        later = {"day": utc_today() + timedelta(days=85)}
        special = {"es": "Uno, dos; tres\\n «cuatro»: 5"}
        make_workshop(
            session, chicago, rights, venue=exact, title=special, summary=special, **later
        )
        make_workshop(session, calgary, rights, zone=calgary.zone)
        cancelled = make_workshop(session, chicago, rights)
        workshop_service.cancel(session, cancelled, now=clock.now())
    for lang in LANGUAGES:
        body = feed(store, None, lang)
        read = _calendar(feed_body(store, "jcal", None, lang))

        def by_uid(events: list[Any]) -> dict[str, Any]:
            return {str(each["UID"]): each.to_jcal() for each in events}

        assert by_uid(read.events) == by_uid(events_of(body))
        assert by_icalendar(read.to_ical()) == by_icalendar(body)
        assert [zone.to_jcal() for zone in read.timezones] == [
            zone.to_jcal() for zone in Calendar.from_ical(body).timezones
        ]
        assert read["NAME"] == Calendar.from_ical(body)["NAME"]
        assert read["SOURCE"] == f"https://talleres.example.org/{lang}/cal/red.jcal"


def test_jscalendar_has_what_rfc_8984_requires(
    store: Store, chicago: Office, calgary: Office, rights: Kind, talk: Workshop
) -> None:
    with store.change() as session:
        there = make_workshop(session, calgary, rights, starts=time(22), ends=time(0, 30))
        cancelled = make_workshop(session, chicago, rights)
        workshop_service.cancel(session, cancelled, now=clock.now())
    for lang in LANGUAGES:
        read = json.loads(feed_body(store, "jscal", None, lang))
        assert (read["@type"], read["locale"]) == ("Group", lang)
        assert read["uid"] != read["source"]
        assert read["source"] == f"https://talleres.example.org/{lang}/cal/red.jscal"
        expected = by_icalendar(feed(store, None, lang))
        found = set()
        for each in read["entries"]:
            assert each["@type"] == "Event"
            assert {"uid", "updated", "start", "timeZone", "duration", "title"} <= set(each)
            assert each["updated"].endswith("Z")
            zone = ZoneInfo(each["timeZone"])
            starts = datetime.fromisoformat(each["start"]).replace(tzinfo=zone).astimezone(UTC)
            hours, _h, minutes = each["duration"].removeprefix("PT").partition("H")
            length = timedelta(hours=int(hours), minutes=int(minutes.rstrip("M") or 0))
            found.add((each["uid"], starts, starts + length))
        assert found == expected
        by_uid = {each["uid"]: each for each in read["entries"]}
        assert by_uid[f"taller-{cancelled.uid}@{SITE.host}"]["status"] == "cancelled"
        night = by_uid[f"taller-{there.uid}@{SITE.host}"]
        assert (night["timeZone"], night["duration"]) == ("America/Regina", "PT2H30M")
        assert night["status"] == "confirmed"


@pytest.mark.parametrize(
    ("day", "starts", "ends", "duration"),
    [
        (date(2027, 3, 14), time(1, 30), time(3, 30), "PT1H"),  # two o'clock is skipped
        (date(2027, 3, 14), time(10), time(12), "PT2H"),
        (date(2027, 11, 7), time(0, 30), time(3, 30), "PT4H"),  # one o'clock comes twice
        (date(2027, 11, 6), time(22), time(2, 15), "PT5H15M"),  # past midnight
    ],
)
def test_duration_of_jscalendar_is_the_time_that_passes(
    store: Store, chicago: Office, rights: Kind, day: date, starts: time, ends: time, duration: str
) -> None:
    with store.change() as session:
        made = make_workshop(session, chicago, rights, day=day, starts=starts, ends=ends)
    [found] = json.loads(feed_body(store, "jscal", today=day - DAY))["entries"]
    local = datetime.fromisoformat(found["start"]).replace(tzinfo=ZoneInfo(found["timeZone"]))
    lasts = made.ends_at - made.starts_at

    assert (local.astimezone(UTC), found["duration"]) == (made.starts_at, duration)
    assert lasts == timedelta(hours=int(duration[2]), minutes=15 if "15" in duration else 0)


def test_other_formats_have_future_and_cancelled_workshops(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=utc_today() - timedelta(days=2), title={"es": "Ayer"}
        )
        make_workshop(
            session, chicago, rights, status=WorkshopStatus.DRAFT, title={"es": "Borrador"}
        )
        cancelled = make_workshop(session, chicago, rights, title={"es": "Sin maestra"})
        workshop_service.cancel(session, cancelled, now=clock.now())
        make_workshop(session, chicago, rights, title={"es": "Mañana"})
    for form in WRITERS:
        text = feed_body(store, form).decode()
        assert "CANCELADO: Sin maestra" in text
        assert "Mañana" in text
        assert "Ayer" not in text
        assert "Borrador" not in text
        assert "Ayer" not in feed_body(store, form, None).decode()


def test_empty_feed_is_valid_in_each_format(store: Store, chicago: Office) -> None:
    for form in WRITERS:
        for office in ("chicago", None):
            body = feed_body(store, form, office)
            if form == "atom":
                read = feedparser.parse(body)
                assert (read.bozo, read.entries) == (False, [])
            else:
                read = json.loads(body)
                names = {"json": "items", "jscal": "entries"}
                assert read[names[form]] == [] if form in names else read[0] == "vcalendar"


def test_other_formats_are_reproducible(store: Store, talk: Workshop) -> None:
    first = {form: feed_body(store, form) for form in WRITERS}
    for form in WRITERS:
        assert feed_body(store, form) == first[form]
        assert feed_body(store, form, today=utc_today() + DAY) == first[form]
    with store.change() as session:
        workshop_service.cancel(session, session.merge(talk, load=False), now=clock.now())
    for form in WRITERS:
        assert feed_body(store, form) != first[form]


def test_ids_do_not_change_with_the_public_url(store: Store, talk: Workshop) -> None:
    moved = PublicSite("https://otro.example.net", SITE.host)
    for site in (SITE, moved):
        root = ElementTree.fromstring(feed_body(store, "atom", site=site))
        names = [each.text for each in root.iter(f"{ATOM}id")]
        assert names == [
            "tag:talleres.example.org,2026:es/cal/chicago.atom",
            f"tag:talleres.example.org,2026:taller-{talk.uid}",
        ]
        [item] = json.loads(feed_body(store, "json", site=site))["items"]
        assert item["id"] == names[1]


def test_characters_forbidden_in_xml_are_removed(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        title = {"es": "Uno\uffffdos\ufffe ]]> <tres> \"cuatro\" & 'cinco' 🌻"}
        make_workshop(session, chicago, rights, title=title, summary={"es": "]]>\n<script>"})
    [entry] = feedparser.parse(feed_body(store, "atom")).entries
    assert entry.title == "Unodos ]]> <tres> \"cuatro\" & 'cinco' 🌻"
    assert "<p>]]&gt;</p><p>&lt;script&gt;</p>" in entry.content[0].value


def test_discreet_workshops_are_not_in_other_formats(
    store: Store, chicago: Office, women: Kind, rights: Kind
) -> None:
    for form in WRITERS:
        for codes in (["mujeres"], ["K7QX"], ["derechos", "K7QX"]):
            with pytest.raises(UnknownFilter) as refused:
                feed_body(store, form, kind_codes=codes)
            assert (refused.value.what, refused.value.value) == ("kind", "K7QX")


def test_other_formats_have_no_personal_data(
    store: Store, chicago: Office, women: Kind, rights: Kind
) -> None:
    with store.change() as session:
        secret = {
            "venue": venue(session, chicago, "Casa Canaria", address="Calle Canario 99"),
            "title": {"es": "Círculo canario"},
            "facilitator": "Lic. Canario",
            "online_url": "https://sala.example/canario",
            "phone": "312 555 0177",
        }
        hidden = [
            make_workshop(session, chicago, women, **secret),
            make_workshop(session, chicago, women, **secret, visibility=Visibility.PUBLIC),
            make_workshop(session, chicago, rights, **secret, way=Way.UNLISTED),
            make_workshop(session, chicago, rights, **secret, status=WorkshopStatus.DRAFT),
        ]
        open_title = {"es": "Abierto", "en": "Open"}
        known = secret | {"title": open_title, "phone": "312 555 0142"}
        make_workshop(session, chicago, rights, **known, visibility=Visibility.REGISTERED)
    for form in WRITERS:
        for lang in LANGUAGES:
            for office in ("chicago", None):
                text = feed_body(store, form, office, lang).decode()
                assert "Abierto" in text or "Open" in text
                assert "Chicago, IL" in text
                assert "canari" not in text.lower()
                assert "312 555 0177" not in text
                for each in hidden:
                    assert each.public_id not in text
                    assert each.uid not in text


@pytest.mark.long
def test_truncated_feed_ends_with_a_whole_day_and_states_it(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(12), 105)
    with store.change() as session:
        # Escaping makes this title longer in the other formats than in iCalendar.
        session.execute(sa.update(Workshop).values(title={"es": '&"' * 90}))
    body = client.get("/es/cal/chicago.ics").data
    assert body.count(b"BEGIN:VEVENT") == 12 * 105, "the iCalendar feed has room for all of them"
    assert b"Llega hasta" not in body
    for form in WRITERS:
        body = client.get(f"/es/cal/chicago.{form}").data
        assert len(body) <= 900_000, form
        days = _days(form, body)
        assert len(days) == 105 * len(set(days)), f"{form}: whole days"
        assert utc_today() + 8 * DAY <= max(days) < utc_today() + 12 * DAY, form
        assert f"Llega hasta el {max(days).day} de " in body.decode(), form


def _calendar(body: bytes) -> Any:
    return Calendar.from_jcal(body.decode())


def _days(form: str, body: bytes) -> list[date]:
    """The UTC day of each workshop, which is the day after the local one in Chicago."""
    if form == "atom":
        known = {
            labels.day(utc_today() + n * DAY, "es"): utc_today() + n * DAY for n in range(-1, 13)
        }
        contents = [each.text or "" for each in ElementTree.fromstring(body).iter(f"{ATOM}content")]
        first_words = [text.removeprefix("<p>").partition(",")[0] for text in contents]
        return [known[each] + DAY for each in first_words]
    if form == "json":
        starts = [each["_outreach"]["starts"] for each in json.loads(body)["items"]]
    elif form == "jscal":
        starts = [each["start"] for each in json.loads(body)["entries"]]
    else:
        events = [each for each in json.loads(body)[2] if each[0] == "vevent"]
        starts = [line[3] for event in events for line in event[1] if line[0] == "dtstart"]
    return [datetime.fromisoformat(each).date() + DAY for each in starts]


def test_discreet_kind_in_other_formats_is_unknown(
    client: FlaskClient, chicago: Office, women: Kind
) -> None:
    for form in WRITERS:
        for name in ("red", "chicago"):
            path = f"/es/cal/{name}.{form}"
            assert client.get(path).status_code == 200
            answers = [client.get(f"{path}?tipo={code}") for code in ("K7QX", "mujeres", "nada")]
            assert [each.status_code for each in answers] == [404, 404, 404]
            assert "No hay un tipo de taller «K7QX»" in answers[0].text
            assert "No hay un tipo de taller «nada»" in answers[2].text
