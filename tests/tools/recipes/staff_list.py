"""The recipe «A list for staff»."""

from typing import Final

from tests.tools.recipes.recipe import InsertAfter, NewFile, Recipe, Replace, Translation

RECIPE: Final = Recipe(
    name="staff_list",
    section="A list for staff",
    max_files=3,
    own_tests=("tests/web/staff/test_lists.py",),
    edits=(
        InsertAfter(
            "outreach/domain/workshops/models.py",
            """\
    return {row[0]: row[1] for row in rows if row[0] is not None}


""",
            '''\
def list_venues_without_workshop(
    session: Session, offices: Iterable[Office], *, since: date
) -> Sequence[Venue]:
    """The venues of these offices in use at which no workshop was or will be held since that day,
    by name. Cancelled workshops do not count."""
    has_workshop = sa.exists().where(
        Workshop.venue_id == Venue.id,
        Workshop.day >= since,
        Workshop.status != WorkshopStatus.CANCELLED,
    )
    return session.scalars(
        sa.select(Venue)
        .options(sa.orm.joinedload(Venue.office, innerjoin=True))
        .where(
            Venue.office_id.in_([each.id for each in offices]),
            Venue.retired_at.is_(None),
            Venue.merged_into_id.is_(None),
            ~has_workshop,
        )
        .order_by(Venue.name, Venue.city, Venue.id)
    ).all()


''',
        ),
        Replace(
            "outreach/domain/workshops/models.py",
            """\
from collections.abc import Collection, Sequence
""",
            """\
from collections.abc import Collection, Iterable, Sequence
""",
        ),
        Replace(
            "outreach/web/staff/lists/declared_lists.py",
            """\
LISTS: Final[tuple[StaffList[Any], ...]] = (WORKSHOPS_WITHOUT_SPEAKER, VENUES_WITHOUT_POINT)
""",
            """\
LISTS: Final[tuple[StaffList[Any], ...]] = (
    WORKSHOPS_WITHOUT_SPEAKER,
    VENUES_WITHOUT_POINT,
    VENUES_WITHOUT_WORKSHOP,
)
""",
        ),
        InsertAfter(
            "outreach/web/staff/lists/declared_lists.py",
            """\
from outreach.web.staff.lists.venues_without_point import VENUES_WITHOUT_POINT
""",
            """\
from outreach.web.staff.lists.venues_without_workshop import VENUES_WITHOUT_WORKSHOP
""",
        ),
        NewFile(
            "outreach/web/staff/lists/venues_without_workshop.py",
            '''\
"""The list of the venues at which no workshop was held for half a year, and none is planned."""

from datetime import timedelta
from typing import Final

from outreach import clock
from outreach.domain.locations.venues import Venue
from outreach.domain.network.staff import Permission
from outreach.domain.workshops.models import list_venues_without_workshop
from outreach.i18n import lazy
from outreach.web.staff.lists.staff_list import StaffColumn, StaffList, office_column

SIX_MONTHS: Final = timedelta(days=183)

VENUES_WITHOUT_WORKSHOP: Final = StaffList[Venue](
    name="sedes-sin-taller",
    title=lazy("Sedes sin taller en seis meses"),
    is_for=lazy("Úsalas otra vez, o retíralas."),
    picture="home",
    permission=Permission.EDIT,
    query=lambda session, offices, now: list_venues_without_workshop(
        session, offices, since=clock.network_day(now) - SIX_MONTHS
    ),
    columns=(
        StaffColumn(
            heading=lazy("Sede"),
            read=lambda venue: venue.name,
            link=lambda venue: f"/org/sedes/{venue.office.slug}/{venue.id}",
        ),
        StaffColumn(heading=lazy("Ciudad"), read=lambda venue: venue.city),
        office_column(lambda venue: venue.office),
    ),
    empty=lazy("En todas tus sedes hay talleres."),
)
''',
        ),
        InsertAfter(
            "tests/web/staff/test_lists.py",
            """\
    assert titles == ["Solo", "Borrador", "Con equipo"]
""",
            """\


def test_venues_without_a_workshop_in_six_months(
    app: Flask, store: Store, chicago: Office, rights: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        venue(session, chicago, name="Nunca")
        for name, days in (("Hace un año", -365), ("Hace un mes", -30), ("Mañana", 1)):
            there = venue(session, chicago, name=name)
            make_workshop(session, chicago, rights, day=today + timedelta(days=days), venue=there)
    rows = read_csv(sign_in(app, store), "/org/listas/sedes-sin-taller.csv")
    assert [row[0] for row in rows[1:]] == ["Hace un año", "Nunca"]
""",
        ),
    ),
    translations=(
        Translation(
            message="Sedes sin taller en seis meses",
            words={
                "en": ("Venues without a workshop in six months",),
                "fr": ("Lieux sans atelier depuis six mois",),
            },
            context=None,
        ),
        Translation(
            message="Úsalas otra vez, o retíralas.",
            words={
                "en": ("Use them again, or retire them.",),
                "fr": ("Utilisez-les à nouveau, ou retirez-les.",),
            },
            context=None,
        ),
        Translation(
            message="En todas tus sedes hay talleres.",
            words={
                "en": ("There are workshops at all your venues.",),
                "fr": ("Il y a des ateliers dans tous vos lieux.",),
            },
            context=None,
        ),
    ),
)
