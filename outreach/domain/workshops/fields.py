"""The fields of a workshop that staff or a file set, each declared once.

A field is added here and as a column of `models.Workshop`. The form field, the values of the form,
the open data, the page of translations, labels and the sheet before a change are made from this
list; `outreach/docs/contributing.md` has the recipe.
"""

from dataclasses import dataclass, field, fields
from datetime import date, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from outreach import network_profile
from outreach.db.base import Amounts, Words
from outreach.db.types import Codes
from outreach.domain.fields import N_, FieldSpec, Surface, list_on, read_declaration
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kind_fields import MAX_PARTY
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops.models import DeliveryMode
from outreach.domain.workshops.series import WorkshopSeries

_PAGE, _DISCREET, _TICKET = Surface.PAGE, Surface.DISCREET_PAGE, Surface.TICKET
_API, _FEED, _FILE, _SHEET = Surface.API, Surface.FEED, Surface.FILE, Surface.SHEET
_EVERYWHERE: Final = tuple(Surface)


@dataclass(frozen=True, kw_only=True)
class WorkshopData:
    """All fields of a workshop that staff or a file set."""

    office: Annotated[Office, FieldSpec(surfaces=_EVERYWHERE)]
    kind: Annotated[
        Kind,
        FieldSpec(label=N_("tipo"), surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE, _SHEET)),
    ]
    venue: Annotated[Venue | None, FieldSpec(label=N_("sede"), surfaces=_EVERYWHERE)]
    zone: Annotated[ZoneInfo, FieldSpec(label=N_("hora local"), surfaces=_EVERYWHERE)]
    day: Annotated[date, FieldSpec(label=N_("fecha"), surfaces=_EVERYWHERE)]
    starts: Annotated[time, FieldSpec(label=N_("hora de inicio"), surfaces=_EVERYWHERE)]
    # Not after `starts`: the next day.
    ends: Annotated[time, FieldSpec(label=N_("hora de término"), surfaces=_EVERYWHERE)]
    # Whether the second one is meant, of an hour that clocks show twice that day.
    is_second_hour: Annotated[
        bool,
        FieldSpec(
            label=N_("cuál de las dos horas iguales"),
            surfaces=(_PAGE, _DISCREET, _TICKET, _FEED, _FILE, _SHEET),
        ),
    ] = False
    title: Annotated[Words, FieldSpec(label=N_("título"), most=120, surfaces=_EVERYWHERE)]
    capacity: Annotated[
        int,
        FieldSpec(
            label=N_("lugares"),
            most=100_000,
            wrong=N_("Escribe un número de 0 a 100,000."),
            surfaces=(_PAGE, _DISCREET, _FILE, _SHEET),
        ),
    ]
    summary: Annotated[
        Words,
        FieldSpec(
            label=N_("de qué trata"),
            most=1000,
            has_lines=True,
            surfaces=(_PAGE, _DISCREET, _API, _FEED),
        ),
    ] = field(default_factory=dict)
    bring: Annotated[
        Words,
        FieldSpec(
            label=N_("qué traer"),
            most=600,
            has_lines=True,
            surfaces=(_PAGE, _DISCREET, _TICKET, _API, _FEED),
        ),
    ] = field(default_factory=dict)
    mode: Annotated[DeliveryMode, FieldSpec(label=N_("cómo se da"), surfaces=_EVERYWHERE)] = (
        DeliveryMode.IN_PERSON
    )
    way: Annotated[
        Way,
        FieldSpec(label=N_("cómo se entra"), surfaces=(_PAGE, _DISCREET, _API, _FILE, _SHEET)),
    ] = Way.PLACE
    visibility: Annotated[
        Visibility,
        FieldSpec(label=N_("quién ve la dirección"), surfaces=(_PAGE, _DISCREET, _FEED, _SHEET)),
    ] = Visibility.PUBLIC
    languages: Annotated[
        Codes,
        FieldSpec(label=N_("idiomas"), surfaces=(_PAGE, _DISCREET, _API, _FEED, _FILE, _SHEET)),
    ] = field(default_factory=lambda: Codes([network_profile.current().main_language]))
    interpretation: Annotated[
        Codes,
        FieldSpec(label=N_("intérpretes"), surfaces=(_PAGE, _DISCREET, _API, _SHEET)),
    ] = field(default_factory=Codes)
    has_childcare: Annotated[
        bool,
        FieldSpec(label=N_("cuidado de niños"), surfaces=(_PAGE, _DISCREET, _API, _FILE, _SHEET)),
    ] = False
    facilitator: Annotated[
        str, FieldSpec(label=N_("quien lo da"), most=120, surfaces=(_SHEET,))
    ] = ""
    phone: Annotated[  # empty: the office's
        str,
        FieldSpec(
            label=N_("teléfono"),
            most=40,
            surfaces=(_PAGE, _DISCREET, _TICKET, _FEED, _FILE, _SHEET),
        ),
    ] = ""
    online_url: Annotated[  # only for who has a seat
        str, FieldSpec(label=N_("enlace en línea"), most=400, surfaces=(_TICKET, _SHEET))
    ] = ""
    live_url: Annotated[  # a stream that everybody may watch; see `Workshop.public_link`
        str,
        FieldSpec(
            label=N_("enlace de la transmisión"),
            most=400,
            is_part_of_address=True,
            surfaces=(_PAGE, _TICKET, _API, _FILE, _SHEET),
        ),
    ] = ""
    party_limit: Annotated[
        int,
        FieldSpec(
            label=N_("personas por registro"),
            least=1,
            most=MAX_PARTY,
            missing=N_("Escribe cuántas personas puede traer cada quien."),
            wrong=N_("Escribe un número de 1 a %(num)d."),
            surfaces=(_SHEET,),
        ),
    ] = 4
    has_waiting_list: Annotated[
        bool, FieldSpec(label=N_("lista de espera"), surfaces=(_SHEET,))
    ] = True
    retention_days: Annotated[
        int, FieldSpec(label=N_("cuándo se borran los datos"), most=3650, surfaces=(_SHEET,))
    ] = 30
    has_reminders: Annotated[bool, FieldSpec(label=N_("recordatorios"), surfaces=(_SHEET,))] = True
    series: Annotated[
        WorkshopSeries | None, FieldSpec(label=N_("serie"), surfaces=(_PAGE, _DISCREET, _FEED))
    ] = None
    overbooked: Annotated[
        int,
        FieldSpec(
            label=N_("lugares de más"),
            most=100_000,
            wrong=N_("Escribe un número de 0 a 100,000."),
            surfaces=(_SHEET,),
        ),
    ] = 0
    slot_minutes: Annotated[  # with time slots; the capacity follows from the hours
        int | None,
        FieldSpec(
            label=N_("minutos de cada cita"),
            least=5,
            most=1439,
            wrong=N_("Di cada cuántos minutos empieza una cita: 5 o más."),
            surfaces=(_SHEET,),
        ),
    ] = None
    slot_places: Annotated[
        int,
        FieldSpec(
            label=N_("lugares a cada hora"),
            least=1,
            most=1000,
            wrong=N_("Di cuántos lugares hay a cada hora: 1 o más."),
            surfaces=(_SHEET,),
        ),
    ] = 1
    support: Annotated[Amounts, FieldSpec(label=N_("límites de apoyo"))] = field(
        default_factory=dict
    )
    opens_days: Annotated[
        int | None,
        FieldSpec(
            label=N_("cuándo se abren los lugares"),
            least=1,
            most=365,
            wrong=N_("Escribe de 1 a 365 días antes, o déjalo vacío."),
            surfaces=(_SHEET,),
        ),
    ] = None
    confirm_days: Annotated[
        int | None,
        FieldSpec(
            label=N_("cuándo se pregunta quién viene"),
            least=2,
            most=14,
            wrong=N_("Escribe de 2 a 14 días antes, o déjalo vacío."),
            surfaces=(_SHEET,),
        ),
    ] = None
    frees_silence: Annotated[
        bool, FieldSpec(label=N_("qué pasa si nadie contesta"), surfaces=(_SHEET,))
    ] = False
    # Partner networks may show it.
    is_shared: Annotated[
        bool, FieldSpec(label=N_("si otras redes lo muestran"), surfaces=(_SHEET,))
    ] = False


NAMES: Final = tuple(each.name for each in fields(WorkshopData))
# Those that calendars, pages or the open data show.
SHOWN: Final = list_on(WorkshopData, _PAGE, _DISCREET, _TICKET, _API, _FEED)
# Those that the open data says by their own name, as they are stored: texts, codes and yes or no.
OPEN_DATA: Final = tuple(
    each
    for each in read_declaration(WorkshopData).values()
    if _API in each.spec.surfaces and each.kind in {str, Words, Codes, bool}
)
# Texts in the languages of the network.
TEXTS: Final = tuple(
    name for name, each in read_declaration(WorkshopData).items() if each.kind == Words
)
