"""What a heading says that its column has, in Spanish, English and French, however it is put.

«Fecha», «Día del evento», «¿Cuántas personas caben?» and «Start time» are found by their words;
typing slips are forgiven. Headings about persons, as those of a form's answers, are told apart
first: their columns are never read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA

from outreach.domain.text import fold


class Field(StrEnum):
    """What a column may be; the value is its name in the answer of the command."""

    DAY = "day"
    WEEKDAY = "weekday"  # only to check the day
    MONTH = "month"
    YEAR = "year"
    STARTS = "starts"
    ENDS = "ends"
    MINUTES = "minutes"
    ZONE = "zone"  # in which the hours of the row are
    KIND = "kind"
    TITLE = "title"
    VENUE = "venue"
    ADDRESS = "address"
    CITY = "city"
    CAPACITY = "capacity"
    STATUS = "status"
    MODE = "mode"
    LANGUAGES = "languages"
    CHILDCARE = "childcare"
    ID = "id"
    OFFICE = "office"


@dataclass(frozen=True)
class HeadingGuess:
    """How well a heading fits each field, from 0 to 100; and whether it is about a person."""

    scores: Mapping[Field, int]
    is_person: bool = False
    is_other: bool = False  # a note, a link, a count of who came: nothing that we read

    @property
    def best(self) -> int:
        return max(self.scores.values(), default=0)


WHOLE: Final = 100  # the heading is the word
BEGINNING: Final = 84  # it begins with it: «Fecha tentativa»
WITHIN: Final = 68  # it has it somewhere
SLIP: Final = 8  # less for a typing slip
MAX_HEADING_WORDS: Final = 14  # a longer text is a sentence of somebody


def guess(heading: str) -> HeadingGuess:
    """Returns what a heading says of its column."""
    return _guess(fold(heading[:200]))


@lru_cache(maxsize=5_000)
def _guess(heading: str) -> HeadingGuess:
    words = tuple(heading.split())
    if not words or len(words) > MAX_HEADING_WORDS:
        return HeadingGuess({})
    is_of_event = any(_find(words, each) is not None for each in _OF_EVENT)
    if any(_find(words, each) is not None for each in _ALWAYS_PERSON):
        return HeadingGuess({}, is_person=True)
    if not is_of_event and any(_find(words, each) is not None for each in _PERSON):
        return HeadingGuess({}, is_person=True)
    if any(_find(words, each) is not None for each in _OTHER):
        return HeadingGuess({}, is_other=True)
    scores: dict[Field, int] = {}
    for field, phrase in _PHRASES:
        found = _find(words, phrase)
        if found is not None:
            scores[field] = max(scores.get(field, 0), _score(words, phrase, *found))
    return HeadingGuess(MappingProxyType(scores))


def _score(words: tuple[str, ...], phrase: tuple[str, ...], at: int, has_slip: bool) -> int:
    if len(words) == len(phrase):
        score = WHOLE
    else:
        score = BEGINNING if at == 0 else WITHIN
        score += min(len(phrase) - 1, 3) * 5  # «hora de fin» says more than «hora»
    return score - SLIP * has_slip


def _find(words: tuple[str, ...], phrase: tuple[str, ...]) -> tuple[int, bool] | None:
    """Returns where the words of a phrase begin, and whether one of them has a typing slip."""
    if phrase in _WHOLE_ONLY and len(words) != len(phrase):
        return None
    for at in range(len(words) - len(phrase) + 1):
        pairs = list(zip(words[at:], phrase, strict=False))
        if all(one == other for one, other in pairs):
            return at, False
        if all(_is_like(one, other) for one, other in pairs):
            return at, True
    return None


@lru_cache(maxsize=20_000)
def _is_like(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= 5 and OSA.distance(one, other, score_cutoff=1) <= 1


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    parts = (tuple(fold(each).split()) for each in text.replace("\n", "|").split("|"))
    return tuple(each for each in parts if each)


def _list_phrases() -> Iterator[tuple[Field, tuple[str, ...]]]:
    for field, text in _WORDS.items():
        for phrase in _phrases(text):
            yield field, phrase


_WORDS: Final[Mapping[Field, str]] = MappingProxyType(
    {
        Field.DAY: """fecha|fechas|fecha y hora|fecha hora|fecha del taller|fecha del evento|dia|
            fecha de inicio|fecha inicio|que dia|cuando|date|dates|day|start date|event date|
            date and time|date time|when|jour|quand|date de debut|date et heure|quel jour|
            fecha de realizacion|fecha programada|fecha propuesta|dtstart""",
        Field.WEEKDAY: "dia de la semana|dia semana|weekday|day of week|jour de la semaine",
        Field.MONTH: "mes|month|mois",
        Field.YEAR: "ano|year|annee",
        Field.STARTS: """hora|horas|horario|horarios|hr|hrs|hora de inicio|hora inicio|inicio|
            hora inicial|empieza|comienza|a que hora|hora de comienzo|desde|start|start time|
            starts|starts at|start date time|start datetime|startdate|starttime|begin|begins|time|
            times|from|schedule|hours|heure|heures|horaire|heure de debut|debut|
            a quelle heure|commence|de|hora de entrada|entrada""",
        Field.ENDS: """fin|hora de fin|hora fin|hora final|termina|termino|hora de termino|hasta|
            hora de salida|salida|cierre|hora de cierre|acaba|a que hora termina|end|end time|ends|
            ends at|end date time|end datetime|enddate|endtime|
            finish|until|to|heure de fin|jusqu a|se termine|fecha de fin|fecha fin|
            end date|date de fin|dtend|hora de finalizacion|finaliza|finalizacion|conclusion|
            hora de conclusion|a""",
        Field.MINUTES: """duracion|duracion en minutos|minutos|cuanto dura|duration|length|minutes|
            duree|combien de temps|tiempo de duracion|horas de duracion|duration minutes""",
        Field.ZONE: """zona horaria|huso horario|huso|time zone|timezone|tz|event timezone|zona|
            start timezone|fuseau horaire|fuseau|zone horaire|zona de tiempo|horario de zona""",
        Field.KIND: """tipo|tipo de taller|tipo de evento|tipo de actividad|categoria|clase|rubro|
            programa|kind|type|category|event type|workshop type|type of workshop|categorie|
            type d atelier|genre|categories|tematica|area|linea|modulo""",
        Field.TITLE: """titulo|nombre del taller|nombre del evento|nombre de la actividad|taller|
            talleres|evento|eventos|actividad|actividades|platica|tema|asunto|title|event|events|
            event name|event title|workshop|workshops|workshop name|name of workshop|session|
            workshop title|activity|subject|topic|summary|titre|atelier|ateliers|nom de l atelier|
            nom de l evenement|evenement|activite|sujet|nombre de la platica|nombre de la sesion|
            sesion|curso|jornada|charla|titulo del taller|que taller|tema del taller|what|que|quoi|
            name of the workshop|name of the event|concepto""",
        Field.VENUE: """lugar|sede|sedes|recinto|ubicacion|donde|en donde|espacio|local|salon|
            nombre de la sede|nombre del lugar|lugar del evento|venue|venue name|place|location|
            where|site|room|lieu|lieux|endroit|ou|salle|emplacement|sala|instalaciones|
            lugar del taller|nombre del recinto""",
        Field.ADDRESS: """direccion|domicilio|calle|direccion de la sede|address|street|
            street address|venue address|adresse|rue|calle y numero|ubicacion direccion""",
        Field.CITY: """ciudad|municipio|localidad|poblacion|city|town|ville|municipalite""",
        Field.CAPACITY: """cupo|cupos|cupo maximo|capacidad|lugares|aforo|asientos|plazas|
            lugares disponibles|numero de lugares|no de lugares|cuantas personas|cuantos caben|
            personas|max|maximo|limite|capacity|seats|spots|places|max capacity|size|max attendees|
            maximum attendees|capacite|nombre de places|places disponibles|combien de personnes|
            capacidad maxima|cupo limite|cantidad de lugares|max participants|
            maximo de participantes|how many people|number of seats|cuanta gente|
            asistentes esperados|expected attendees|participantes esperados|
            asistencia esperada|participants attendus""",
        Field.STATUS: """estado|estatus|status|situacion|publicado|publicar|se publica|confirmado|
            confirmada|confirmacion|published|publish|live|confirmed|state|statut|etat|publie|
            publier|confirme|avance|visible""",
        Field.MODE: """modalidad|formato|modo|mode|format|modalite|presencial o virtual|
            en linea o presencial""",
        Field.LANGUAGES: """idioma|idiomas|lengua|lenguas|language|languages|langue|langues""",
        Field.CHILDCARE: """guarderia|cuidado de ninos|cuidado infantil|cuidan ninos|childcare|
            child care|garderie|garde d enfants""",
        Field.ID: "id|uid|identificador",
        Field.OFFICE: """oficina|consulado|representacion|office|consulate|consulat|bureau|
            office slug""",
    }
)  # fmt: skip
# «Nombre del taller» is no person's name.
_OF_EVENT: Final = _phrases(
    """del taller|de taller|del evento|de la actividad|de la sede|del lugar|de la platica|
    de l atelier|de l evenement|of workshop|of the workshop|of event|of the event|of the venue|
    event name|workshop name|venue name|del recinto|de la sesion|nombre de places|max|maximo|
    maximum|cuantas personas|cuantos|how many|combien|nom du lieu|de la jornada|del curso|
    event title|del tema|numero de personas|no de personas|esperados|esperadas|estimados|
    expected|attendus|maximos"""
)
_ALWAYS_PERSON: Final = _phrases(
    """correo|correos|correo electronico|email|e mail|mail|courriel|telefono|telefonos|tel|celular|
    movil|whatsapp|phone|cell|mobile|telephone|telephone portable|curp|pasaporte|apellido|
    matricula consular|apellidos|nombre y apellido|nombre y apellidos|nombre completo|full name|
    first name|last name|surname|nom complet|prenom|nombre de usuario|username|user name|
    fecha de nacimiento|nacimiento|date of birth|birthday|dob|date de naissance|edad|age|sexo|
    genero|gender|nacionalidad|nationality|firma|signature|organizer|tu nombre|su nombre|
    your name|votre nom|whats app|contacto|contact|numero de contacto|estado civil|
    pais de origen|lugar de nacimiento|domicilio particular|ip address|direccion ip"""
)
_PERSON: Final = _phrases(
    """nombre|nombres|name|names|nom|noms|asistente|asistentes|participante|participantes|
    beneficiario|beneficiarios|beneficiaria|usuario|usuarios|usuaria|interesado|
    interesados|registrado|registrados|inscrito|inscritos|inscripciones|responsable|
    responsables|encargado|encargada|ponente|ponentes|facilitador|facilitadora|facilitadores|
    imparte|impartido por|quien imparte|instructor|instructora|tallerista|expositor|expositora|
    presentador|quien atiende|atiende|organizador|organizadora|coordinador|coordinadora|enlace|
    speaker|speakers|presenter|presenters|facilitator|host|attendee|attendees|participant|participants|
    registrant|registrants|guest|guests|beneficiary|in charge|owner|staff|intervenant|
    intervenante|animateur|animatrice|inscrits|inscription|solicitante|
    abogado|abogada|lic|doctor|doctora|maestra|maestro|who|quien|quienes|qui"""
)
_OTHER: Final = _phrases(
    """marca temporal|timestamp|horodateur|fecha de registro|fecha de captura|fecha de solicitud|
    fecha de envio|fecha de creacion|fecha de actualizacion|ultima actualizacion|fecha limite|
    submitted|submitted at|created|created at|created on|last modified|modified|dtstamp|
    deadline|rsvp by|start time of form|completion time|hora de finalizacion del formulario|
    nota|notas|observacion|observaciones|comentario|comentarios|notes|note|comments|comment|
    remarks|remarques|remarque|commentaires|obs|description|descripcion|detalles|details|link|
    liga|enlace web|url|zoom|website|sitio web|materiales|material|presupuesto|costo|precio|
    cost|price|prix|cout|foto|imagen|image|photo|attachment|adjunto|archivo|etiquetas|tags|
    equipo|asistencia|attendance|asistieron|llegaron|count|total|no|num|numero|consecutivo|n|
    hashtag|realizado|sales start|sales end|ticket sales|on sale|reminder|recordatorio|all day|
    todo el dia|show time as|last edited|date created|edited|evaluacion|score|puntuacion|requisitos|
    que traer|puntaje|que falta"""
)
# Words so small that they mean something only where they are the whole heading.
_WHOLE_ONLY: Final = frozenset(
    _phrases(
        "a|de|from|to|ou|no|n|num|who|what|qui|que|quoi|quien|quienes|lic|area|linea|count|total|"
        "equipo|mode"
    )
)
_PHRASES: Final = tuple(_list_phrases())
