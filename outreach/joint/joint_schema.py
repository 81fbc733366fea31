"""The fields of a document of joint workshops, with their limits (page `joint` of the guide)."""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from outreach.domain.joint.partner_networks import MAX_JOINT_WORKSHOPS, JointAttendance, JointState

FORMAT: Final = 1
MAX_LANGUAGES: Final = 20

LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2,3}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Line = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(max_length=500, pattern=r"^https?://[!-~]+\Z")]
ShortTexts = Annotated[
    dict[LanguageCode, Annotated[str, Meta(min_length=1, max_length=200)]],
    Meta(min_length=1, max_length=MAX_LANGUAGES),
]
LongTexts = Annotated[
    dict[LanguageCode, Annotated[str, Meta(max_length=2000)]], Meta(max_length=MAX_LANGUAGES)
]
Moment = Annotated[datetime, Meta(tz=True)]


class JointKind(Struct, frozen=True, kw_only=True):
    code: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}\Z")]
    name: ShortTexts


class JointEntry(Struct, frozen=True, kw_only=True):
    """One workshop. `place` and `address` are as the host's public page has them, else empty."""

    uid: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,80}@[A-Za-z0-9.:-]{1,110}\Z")]
    sequence: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    state: JointState
    title: ShortTexts
    summary: LongTexts
    kind: JointKind
    starts_at: Moment
    ends_at: Moment
    zone: Annotated[str, Meta(max_length=40)]  # IANA
    office: ShortTexts
    city: Name
    region: Annotated[str, Meta(pattern=r"^([A-Z0-9]{1,3}(-[A-Z0-9]{1,3})?)?\Z", max_length=6)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    attendance: JointAttendance
    place: Annotated[str, Meta(max_length=120)]
    address: Line
    languages: Annotated[list[LanguageCode], Meta(max_length=MAX_LANGUAGES)]
    url: Annotated[dict[LanguageCode, Address], Meta(min_length=1, max_length=MAX_LANGUAGES)]
    updated_at: Moment


class JointDocument(Struct, frozen=True, kw_only=True):
    """The payload of the JWS."""

    format: Literal[1]
    network: Name
    url: Address  # where the network's site is
    generated_at: Moment
    workshops: Annotated[list[JointEntry], Meta(max_length=MAX_JOINT_WORKSHOPS)]
