"""Clashes of workshops: two at the same time in one venue or with one speaker."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.partners import Speaker, WorkshopSpeaker

_PLANNED: Final = frozenset({WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED})
_IDS_IN_QUERY: Final = 500


@dataclass(frozen=True)
class Clash:
    """Two workshops at the same time that have the same venue or the same speaker."""

    first: Workshop
    second: Workshop
    speaker: str = ""  # the name of who gives both; empty where the venue is the same

    @property
    def place(self) -> str:
        """The name of the venue or of the speaker."""
        return self.speaker or (self.first.venue.name if self.first.venue else "")


def find_clashes(session: Session, workshops: Iterable[Workshop]) -> list[Clash]:
    """Returns the clashes among those of these workshops that are drafts or published, in order
    of time.

    Each workshop is compared with the one before it that ends last, so three at once are two
    clashes.
    """
    planned = sorted(
        (each for each in workshops if each.status in _PLANNED),
        key=lambda each: (each.starts_at, each.id),
    )
    in_venue: dict[int, list[Workshop]] = defaultdict(list)
    for each in planned:
        if each.venue_id is not None:
            in_venue[each.venue_id].append(each)
    found = [Clash(*pair) for group in in_venue.values() for pair in _overlapping(group)]
    for name, group in _by_speaker(session, planned).items():
        found += [Clash(*pair, speaker=name[1]) for pair in _overlapping(group)]
    return sorted(found, key=lambda clash: (clash.second.starts_at, clash.second.id, clash.speaker))


def find_speaker_clashes(
    session: Session, workshop: Workshop, speaker_ids: Collection[int]
) -> list[Clash]:
    """Returns the clashes of a workshop with others that these speakers give.

    The workshop need not be stored.
    """
    rows = session.execute(
        sa.select(Workshop, Speaker.name)
        .join(WorkshopSpeaker, WorkshopSpeaker.workshop_id == Workshop.id)
        .join(Speaker, Speaker.id == WorkshopSpeaker.speaker_id)
        .where(
            Speaker.id.in_(speaker_ids),
            Workshop.status.in_(_PLANNED),
            Workshop.id != (workshop.id or 0),
            Workshop.starts_at < workshop.ends_at,
            Workshop.ends_at > workshop.starts_at,
        )
        .order_by(Workshop.starts_at, Workshop.id, Speaker.name)
    )
    return [Clash(other, workshop, speaker=name) for other, name in rows]


def _overlapping(group: Sequence[Workshop]) -> Iterable[tuple[Workshop, Workshop]]:
    longest = None
    for each in group:
        if longest is not None and each.starts_at < longest.ends_at:
            yield longest, each
        if longest is None or each.ends_at > longest.ends_at:
            longest = each


def _by_speaker(
    session: Session, planned: Sequence[Workshop]
) -> Mapping[tuple[int, str], list[Workshop]]:
    """Returns the workshops of each speaker (id and name), in order of time."""
    speakers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    ids = [each.id for each in planned]
    for start in range(0, len(ids), _IDS_IN_QUERY):
        rows = session.execute(
            sa.select(WorkshopSpeaker.workshop_id, Speaker.id, Speaker.name)
            .join(Speaker, Speaker.id == WorkshopSpeaker.speaker_id)
            .where(WorkshopSpeaker.workshop_id.in_(ids[start : start + _IDS_IN_QUERY]))
        )
        for workshop_id, speaker_id, name in rows:
            speakers[workshop_id].append((speaker_id, name))
    found: dict[tuple[int, str], list[Workshop]] = defaultdict(list)
    for each in planned:
        for speaker in speakers[each.id]:
            found[speaker].append(each)
    return found
