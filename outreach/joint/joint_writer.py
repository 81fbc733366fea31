"""The document of the workshops that this network shares: what its public pages say, no more.

It holds no number of people, no link of a video call, and an address only where everybody may read
it. The same data give the same bytes for `STEADY_FOR`, since the time in it is rounded down to
that; the entity tag leaves the time out.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.orm import Session

from outreach import languages
from outreach.config import Config
from outreach.db.base import Words
from outreach.domain.joint import shared_workshops
from outreach.domain.joint.partner_networks import JointAttendance
from outreach.domain.workshops import UID_PREFIX, DeliveryMode, Workshop
from outreach.feeds import server
from outreach.feeds.vevent import PublicSite
from outreach.joint import signed_documents
from outreach.joint.joint_schema import FORMAT, JointDocument, JointEntry, JointKind
from outreach.joint.plain_text import make_line
from outreach.keystore import KeyStore

STEADY_FOR: Final = timedelta(minutes=5)
_ATTENDANCES: Final = {
    DeliveryMode.IN_PERSON: JointAttendance.IN_PERSON,
    DeliveryMode.HYBRID: JointAttendance.BOTH,
    DeliveryMode.VIDEO_CALL: JointAttendance.ONLINE,
    DeliveryMode.LIVE_STREAM: JointAttendance.ONLINE,
    DeliveryMode.PHONE_BANK: JointAttendance.PHONE,
}


@dataclass(frozen=True)
class WrittenDocument:
    """A signed document, and the entity tag of what it says."""

    body: bytes
    etag: str


def round_down(now: datetime) -> datetime:
    """Returns the time that a document written now has in it."""
    return now - (now - datetime.min.replace(tzinfo=UTC)) % STEADY_FOR


def write(
    session: Session, config: Config, key_store: KeyStore, *, now: datetime
) -> WrittenDocument:
    made_at = round_down(now)
    site = server.get_site(config, session)
    document = JointDocument(
        format=FORMAT,
        network=make_line(config.brand, 80),
        url=config.public_url,
        generated_at=made_at,
        workshops=[
            _write_entry(each, site, made_at)
            for each in shared_workshops.list_shared(session, now=made_at)
        ],
    )
    undated = msgspec.structs.replace(document, generated_at=datetime.min.replace(tzinfo=UTC))
    fingerprint = signed_documents.get_own_fingerprint(key_store)
    etag = hashlib.sha256(fingerprint.encode() + msgspec.json.encode(undated)).hexdigest()[:32]
    return WrittenDocument(signed_documents.sign(msgspec.json.encode(document), key_store), etag)


def _write_entry(workshop: Workshop, site: PublicSite, now: datetime) -> JointEntry:
    office, venue = workshop.office, workshop.venue if workshop.mode.has_venue else None
    open_venue = None if workshop.has_secret_address else venue
    return JointEntry(
        uid=f"{UID_PREFIX}{workshop.uid}@{workshop.get_uid_host(site.host)}",
        sequence=workshop.sequence,
        state=shared_workshops.get_state(workshop, now),
        title=_texts(workshop.title),
        summary={
            lang: "\n".join(make_line(line, 1000) for line in text.splitlines())[:2000]
            for lang, text in workshop.summary.items()
        },
        kind=JointKind(code=workshop.kind.code, name=_texts(workshop.kind.short_name)),
        starts_at=workshop.starts_at,
        ends_at=workshop.ends_at,
        zone=workshop.zone.key,
        office=_texts(office.name),
        city=make_line((venue.city if venue else "") or office.city, 80),
        region=(venue.region if venue else "") or office.region,
        country=office.country,
        attendance=_ATTENDANCES[workshop.mode],
        place=make_line(open_venue.name, 120) if open_venue else "",
        address=make_line(open_venue.address, 200) if open_venue else "",
        languages=list(workshop.languages),
        url={lang: f"{site.public_url}/{lang}/t/{workshop.public_id}" for lang in languages.CODES},
        updated_at=workshop.changed_at.replace(microsecond=0),
    )


def _texts(words: Words) -> dict[str, str]:
    lines = {lang: make_line(text, 200) for lang, text in words.items()}
    return {lang: line for lang, line in lines.items() if line}
