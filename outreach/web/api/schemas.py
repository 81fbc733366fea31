"""The objects of the open data, and nothing they hold is about a person.

These classes are what is written and what the OpenAPI document says of it. They may be added to;
a field that is there stays, with its meaning.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from outreach.languages import CODES

SLUG: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
CODE: Final = r"^[A-Za-z0-9_]{1,40}$"
ID: Final = r"^[0-9A-HJKMNP-TV-Z]{10,26}$"  # 16 characters; older ones have 10
MONTH: Final = r"^[0-9]{4}-[0-9]{2}$"
INSTANT: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
MODIFIED: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"

Slug = Annotated[str, Meta(pattern=SLUG)]
Code = Annotated[str, Meta(pattern=CODE)]
Month = Annotated[str, Meta(pattern=MONTH, description="A month, local to each venue: 2020-01.")]
Hour = Annotated[str, Meta(pattern=r"^[0-2]\d:[0-5]\d$")]
Zone = Annotated[str, Meta(description="An IANA time zone: America/Chicago.")]
Instant = Annotated[str, Meta(pattern=INSTANT, description="A moment, in UTC.")]
Modified = Annotated[
    str,
    Meta(
        pattern=MODIFIED,
        description="With changed_since: when the list last changed about it, in UTC. Changes come "
        "in this order, then by id.",
    ),
]
Region = Annotated[
    str, Meta(description="A state or province: IL, QC; elsewhere as ISO 3166-2 has it: MX-JAL.")
]
Number = Annotated[int, Meta(ge=0)]
Address = Annotated[str, Meta(description="An address on the web.")]

Status = Annotated[
    Literal["published", "cancelled", "held", "not_held"],
    Meta(
        description="published: it takes place, or nobody has said yet how it went. cancelled: it "
        "does not take place. held: it took place. not_held: it turned out that it did not."
    ),
]
Mode = Annotated[
    Literal["presencial", "virtual_en_vivo", "virtual_sala", "hibrido", "telefonico"],
    Meta(
        description="presencial: in person. virtual_en_vivo: live stream. virtual_sala: video "
        "call. hibrido: in person and online. telefonico: by phone."
    ),
]
Way = Annotated[
    Literal["open", "place", "slots", "phone"],
    Meta(
        description="open: walk in, there is no place to save. place: save a place on its page. "
        "slots: one-to-one, at an hour one chooses on its page. phone: save a place by phone."
    ),
]
State = Annotated[
    Literal["open", "closed"],
    Meta(description="open: the numbers are provisional. closed: they are final."),
]


def _by_language(name: str, doc: str, value: Any) -> type[Struct]:
    """A structure with a field for each language of the site."""
    fields = [(code, value) for code in CODES]
    namespace = {"__doc__": doc}
    return defstruct(name, fields, frozen=True, kw_only=True, namespace=namespace, module=__name__)


if TYPE_CHECKING:

    class Text(Struct):
        def __init__(self, **texts: str) -> None: ...

    class Pages(Struct):
        def __init__(self, **addresses: str) -> None: ...

else:
    Text = _by_language(
        "Text",
        "A text in the three languages of the site; in Spanish where nobody has translated it.",
        str,
    )
    Pages = _by_language("Pages", "The address of a page or a file in each language.", Address)


class OfficeLinks(Struct, frozen=True, kw_only=True):
    self: Address
    workshops: Address
    page: Pages
    calendar: Annotated[Pages, Meta(description="Its calendar feed (iCalendar).")]


class Office(Struct, frozen=True, kw_only=True):
    """A consulate of the network."""

    slug: Slug
    name: Text
    rank: Annotated[str, Meta(description="general_consulate, career_consulate, …")]
    city: str
    region: Region
    region_name: Text
    country: Annotated[str, Meta(description="US or CA.")]
    zone: Zone
    extra_zones: Annotated[list[Zone], Meta(description="Others that its district is in.")]
    latitude: float
    longitude: float
    address: str | None
    phone: Annotated[str | None, Meta(description="The office's number for workshops.")]
    website: str | None
    district: Annotated[str | None, Meta(description="Where the people live whom it serves.")]
    opened_on: Annotated[date | None, Meta(description="Null: before there was this record.")]
    closed_on: Annotated[date | None, Meta(description="From this day on it is closed.")]
    changed_at: Instant
    links: OfficeLinks


class Offices(Struct, frozen=True, kw_only=True):
    """Every office, closed ones too, by slug."""

    offices: list[Office]


class KindLinks(Struct, frozen=True, kw_only=True):
    self: Address
    workshops: Annotated[Address | None, Meta(description="Null for a discreet kind.")]


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of workshop."""

    code: Code
    name: Text
    short_name: Text
    description: Text
    is_core: Annotated[bool, Meta(description="Whether every count names it, at zero too.")]
    is_discreet: Annotated[
        bool,
        Meta(description="If so, its workshops are counted, and never listed in the open data."),
    ]
    countries: Annotated[list[str], Meta(description="Where it is offered: US, CA.")]
    minutes: Annotated[Number, Meta(description="How long one usually is.")]
    changed_at: Instant
    links: KindLinks


class Kinds(Struct, frozen=True, kw_only=True):
    """Every kind of workshop, in the order of lists and tables."""

    kinds: list[Kind]


class When(Struct, frozen=True, kw_only=True):
    """The day and the hours on the wall clock of the place, which are the truth, and the same as
    moments in UTC, which are worked out from them by the newest rules of its zone."""

    day: date
    starts: Hour
    last_day: Annotated[date, Meta(description="The day it ends: the next, if past midnight.")]
    ends: Hour
    zone: Zone
    starts_at: Instant
    ends_at: Instant


class Place(Struct, frozen=True, kw_only=True):
    """Where it is. If the address is not public: the city and the region, and nothing else."""

    is_address_public: bool
    name: str | None
    address: str | None
    city: str
    region: Region
    latitude: Annotated[float | None, Meta(description="Of the place itself, never about.")]
    longitude: float | None
    is_step_free: bool | None


class Seats(Struct, frozen=True, kw_only=True):
    """How many places are left, as the list of workshops says it."""

    left: Annotated[
        Literal["many", "few", "none"],
        Meta(description="many: more than ten. few: ten or fewer. none: full."),
    ]
    number: Annotated[
        Annotated[int, Meta(ge=0, le=10)] | None, Meta(description="Null if there are many.")
    ]
    has_waiting_list: bool


class WorkshopLinks(Struct, frozen=True, kw_only=True):
    self: Address
    office: Address
    kind: Address
    page: Pages
    calendar: Annotated[Pages, Meta(description="A file for a calendar (iCalendar).")]


class Workshop(Struct, frozen=True, kw_only=True):
    """A workshop that is on the public list, or was. Drafts, unlisted and discreet ones are not."""

    id: Annotated[str, Meta(pattern=ID)]
    office: Annotated[Slug, Meta(description="Who organizes it.")]
    kind: Code
    title: Text
    summary: Text
    bring: Annotated[Text, Meta(description="What to bring.")]
    status: Status
    when: When
    mode: Mode
    place: Annotated[Place | None, Meta(description="Null if there is no place to go to.")]
    way: Way
    opens_at: Annotated[
        Instant | None, Meta(description="From when a place can be saved. Null: at once.")
    ]
    seats: Annotated[
        Seats | None,
        Meta(
            description="Null unless a place can be saved at this moment, and with changed_since: "
            "seats are no change."
        ),
    ]
    languages: Annotated[list[str], Meta(description="ISO 639 codes: es, en, nah, …")]
    interpretation: Annotated[list[str], Meta(description="Into which languages, if asked for.")]
    has_childcare: bool
    live_url: Annotated[
        str | None, Meta(description="A stream that everybody may watch without a place.")
    ]
    is_reconstruction: Annotated[
        bool, Meta(description="Made up to fit totals that are real: say so where you show it.")
    ]
    changed_at: Instant
    links: WorkshopLinks
    modified: Modified | UnsetType = UNSET


class Withdrawal(Struct, frozen=True, kw_only=True):
    """A workshop that is not on the public list any more, or not what was asked for. Why, is not
    said."""

    id: Annotated[str, Meta(pattern=ID)]
    modified: Modified


class Workshops(Struct, frozen=True, kw_only=True):
    """A page of workshops, by day and hour; with changed_since, of their changes."""

    workshops: list[Workshop]
    next: Annotated[
        Address | None,
        Meta(
            description="The next page. Null: this is the last. With changed_since it is always "
            "there: ask for it again later where the page is empty."
        ),
    ]
    withdrawn: Annotated[
        list[Withdrawal] | UnsetType,
        Meta(description="With changed_since: those to remove, if you have them."),
    ] = UNSET


class MonthLinks(Struct, frozen=True, kw_only=True):
    self: Address
    page: Pages


class CountedMonth(Struct, frozen=True, kw_only=True):
    """A month in which there are workshops to count."""

    month: Month
    links: MonthLinks


class CountedMonths(Struct, frozen=True, kw_only=True):
    """The months there are counts of, the first one first, and the rules of counting."""

    months: list[CountedMonth]
    rules: list[Text]


class CountedColumn(Struct, frozen=True, kw_only=True):
    """How many of the workshops of a month are of some sort."""

    heading: Annotated[str, Meta(description="What it counts, in Spanish.")]
    total: Number
    by_kind: Annotated[dict[str, Number], Meta(description="By the code of the kind.")]
    by_office: Annotated[dict[str, Number], Meta(description="By the slug of the office.")]


class Count(Struct, frozen=True, kw_only=True):
    """The workshops of a month, counted; as in the file that the page of the month offers."""

    month: Month
    state: State
    revision: Annotated[Number, Meta(description="0 until the month is closed.")]
    cut: Annotated[Instant, Meta(description="When it was counted.")]
    total: Annotated[Number, Meta(description="Held, by the rules; in a running month so far.")]
    planned: Annotated[Number, Meta(description="Still to come in that month; not in the total.")]
    is_reconstruction: Annotated[
        bool, Meta(description="Some of it is a reconstruction: only the totals by kind are real.")
    ]
    by_kind: Annotated[dict[str, Number], Meta(description="By the code of the kind.")]
    by_office: Annotated[
        dict[str, dict[str, Number]],
        Meta(description="By the slug of the office: by the code of the kind, and `total`."),
    ]
    rules: Annotated[list[str], Meta(description="The rules of counting, in Spanish.")]
    by_region: Annotated[
        dict[str, Number], Meta(description="By the letters of the state or province: IL, QC.")
    ]
    by_mode: Annotated[dict[str, Number], Meta(description="By how they were delivered.")]
    by_language: Annotated[
        dict[str, Number],
        Meta(description="By language; a workshop in two counts in both: do not add them."),
    ]
    figures: Annotated[dict[str, int], Meta(description="The typed numbers, by their series.")]
    digest: Annotated[str, Meta(description="SHA-256 of the revision; empty while it is open.")]
    revisions: Annotated[
        list[Number], Meta(description="The revisions there are: ask for one with ?revision=.")
    ]
    columns: Annotated[
        dict[str, CountedColumn] | UnsetType,
        Meta(description="What else the network counted in that month, by the name of it."),
    ] = UNSET


class Figure(Struct, frozen=True, kw_only=True):
    """A monthly number that somebody typed, as passports issued."""

    series: Annotated[str, Meta(description="Its code: the same month after month.")]
    label: Text
    unit: str
    value: int
    source: str
    part_of: Annotated[
        str | None, Meta(description="The series it is one matter of: do not add both.")
    ]


class Figures(Struct, frozen=True, kw_only=True):
    """The typed numbers of a month."""

    month: Month
    figures: list[Figure]


class FigureMonth(Struct, frozen=True, kw_only=True):
    month: Month
    links: MonthLinks


class FigureMonths(Struct, frozen=True, kw_only=True):
    """The months that have typed numbers, the first one first."""

    months: list[FigureMonth]


class KindTotal(Struct, frozen=True, kw_only=True):
    """How many workshops of one kind there were."""

    kind: Code
    name: Text
    total: Number


class BulletinLinks(Struct, frozen=True, kw_only=True):
    self: Address
    counts: Address
    figures: Address | None
    page: Annotated[Pages, Meta(description="The figures of the month, for people.")]
    bulletin: Annotated[
        Pages | None,
        Meta(description="What people wrote around them. Null: it waits to be published."),
    ]


class Bulletin(Struct, frozen=True, kw_only=True):
    """What the network tells of a month that is over: numbers, no text."""

    month: Month
    state: State
    revision: Annotated[Number, Meta(description="0 until the month is closed.")]
    is_provisional: bool
    edition: Annotated[
        Number | None, Meta(description="The last one that was published. Null: none was yet.")
    ]
    is_reconstruction: bool
    total: Number
    by_kind: list[KindTotal]
    figures: list[Figure]
    links: BulletinLinks


class Bulletins(Struct, frozen=True, kw_only=True):
    """The months that can be told of, the newest first."""

    bulletins: list[Bulletin]
    next: Annotated[Address | None, Meta(description="The next page. Null: this is the last.")]


class IndexLinks(Struct, frozen=True, kw_only=True):
    offices: Address
    kinds: Address
    workshops: Address
    counts: Address
    figures: Address
    bulletins: Address
    log: Annotated[Address, Meta(description="The public log of what was published.")]
    openapi: Annotated[Address, Meta(description="What there is, for programs.")]
    documentation: Annotated[Pages, Meta(description="What there is, for people.")]


class Index(Struct, frozen=True, kw_only=True):
    """Where everything is."""

    name: str
    terms: Text
    links: IndexLinks


class Problem(Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="One sentence that says what to do.")]
    incident: Annotated[
        str | UnsetType, Meta(description="Say it when you write to us about it.")
    ] = UNSET


class OpenApi(Struct, frozen=True, kw_only=True):
    """The OpenAPI document of all this."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]
    security: list[dict[str, Any]]
