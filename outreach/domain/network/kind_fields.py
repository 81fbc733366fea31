"""The fields of a kind of workshop that headquarters or a file set, each declared once.

A field is added here and as a column of `kinds.Kind`. The form field and the labels are made from
this list; `tests/project/test_fields.py` compares columns, files and the open data with it.
"""

from dataclasses import dataclass, field, fields
from typing import Annotated, Final

from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.fields import N_, FieldSpec, Surface
from outreach.domain.network.kinds import Visibility, Way

MAX_PARTY: Final = 20  # people on one registration, for every kind and workshop
_PAGE, _API, _FEED, _FILE = Surface.PAGE, Surface.API, Surface.FEED, Surface.FILE


@dataclass(frozen=True, kw_only=True)
class KindData:
    """The fields of a kind that headquarters set, in the order of its form.

    From `minutes` on they are the defaults of a new workshop.
    """

    code: Annotated[str, FieldSpec(most=40, surfaces=(_PAGE, _API, _FEED, _FILE))]
    name: Annotated[
        Words, FieldSpec(label=N_("nombre"), most=120, surfaces=(_PAGE, _API, _FEED, _FILE))
    ]
    short_name: Annotated[
        Words, FieldSpec(label=N_("nombre corto"), most=60, surfaces=(_PAGE, _API, _FILE))
    ]
    description: Annotated[
        Words,
        FieldSpec(label=N_("descripción"), most=500, has_lines=True, surfaces=(_PAGE, _API, _FILE)),
    ]
    neutral_title: Annotated[
        Words,
        FieldSpec(
            label=N_("título neutro"), most=60, surfaces=(Surface.DISCREET_PAGE, _FEED, _FILE)
        ),
    ] = field(default_factory=dict)
    bring: Annotated[
        Words, FieldSpec(label=N_("qué traer"), most=500, has_lines=True, surfaces=(_FILE,))
    ]
    sign: Annotated[  # rights, screening, daca, women, other
        str, FieldSpec(label=N_("color"), most=20, surfaces=(_PAGE, _FILE))
    ]
    pictogram: Annotated[str, FieldSpec(label=N_("dibujo"), most=20, surfaces=(_PAGE, _FILE))]
    # The order in lists and tables; that of the kinds in a file.
    position: Annotated[
        int,
        FieldSpec(
            label=N_("orden"), least=1, most=999, wrong=N_("Escribe un número del 1 al 999.")
        ),
    ]
    is_core: Annotated[bool, FieldSpec(label=N_("tipo principal"), surfaces=(_API, _FILE))]
    sensitivity: Annotated[str, FieldSpec(label=N_("sensibilidad"), most=20, surfaces=(_FILE,))]
    is_discreet: Annotated[bool, FieldSpec(label=N_("discreción"), surfaces=(_API, _FILE))]
    is_women_only: Annotated[bool, FieldSpec(surfaces=(_PAGE, _FILE))] = False
    countries: Annotated[  # empty: every country
        Codes, FieldSpec(label=N_("países"), surfaces=(_PAGE, _API, _FILE))
    ]
    minutes: Annotated[
        int,
        FieldSpec(
            label=N_("duración"),
            least=5,
            most=1439,
            wrong=N_("La duración va de 5 a 1439 minutos."),
            surfaces=(_API, _FILE),
        ),
    ]
    capacity: Annotated[
        int,
        FieldSpec(
            label=N_("lugares"),
            most=100_000,
            wrong=N_("Los lugares van de 0 a 100,000."),
            surfaces=(_FILE,),
        ),
    ]
    party_limit: Annotated[
        int,
        FieldSpec(
            label=N_("personas por registro"),
            least=1,
            most=MAX_PARTY,
            wrong=N_("Las personas por registro van de 1 a %(num)d."),
            surfaces=(_FILE,),
        ),
    ]
    way: Annotated[Way, FieldSpec(label=N_("cómo se entra"), surfaces=(_FILE,))]
    slot_minutes: Annotated[
        int | None,
        FieldSpec(
            label=N_("minutos de cada cita"),
            least=5,
            most=1439,
            wrong=N_("Una cita dura de 5 a 1439 minutos."),
            surfaces=(_FILE,),
        ),
    ]
    # None: registration is open at once.
    opens_days: Annotated[
        int | None,
        FieldSpec(
            label=N_("cuándo se abren los lugares"),
            least=1,
            most=365,
            wrong=N_("Los lugares se abren de 1 a 365 días antes."),
            surfaces=(_FILE,),
        ),
    ] = None
    # None: no reconfirmation. The limits are those of `registrations.reconfirmation`.
    confirm_days: Annotated[
        int | None,
        FieldSpec(
            label=N_("cuándo se pregunta quién viene"),
            least=2,
            most=14,
            wrong=N_("Pregunta quién viene entre 2 y 14 días antes."),
            surfaces=(_FILE,),
        ),
    ] = None
    frees_silence: Annotated[
        bool, FieldSpec(label=N_("qué pasa si nadie contesta"), surfaces=(_FILE,))
    ] = False
    retention_days: Annotated[
        int,
        FieldSpec(
            label=N_("cuándo se borran los datos"),
            most=3650,
            wrong=N_("Los días van de 0 a 3650."),
            surfaces=(_FILE,),
        ),
    ]
    visibility: Annotated[
        Visibility, FieldSpec(label=N_("quién ve la dirección"), surfaces=(_FILE,))
    ]
    has_reminders: Annotated[bool, FieldSpec(label=N_("recordatorios"), surfaces=(_FILE,))]
    # As the API and feeds give it, #1b5ea6; pages have the sign's in their style sheet.
    colour: Annotated[str, FieldSpec(label=N_("color"), most=7, surfaces=(_FEED, _FILE))]
    # What bulletins say after a number of workshops: «sobre los derechos de los migrantes».
    topic: Annotated[Words, FieldSpec(most=500, surfaces=(_FILE,))] = field(default_factory=dict)


NAMES: Final = tuple(each.name for each in fields(KindData))
