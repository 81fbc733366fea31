"""Reads where a workshop is: a venue with its address and city, or one that is not known yet."""

import re
from dataclasses import dataclass
from typing import Final

from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.imports.guess.word_lists import listed

# What stands after a comma and is a part of the venue's name, not its address.
_ROOM: Final = re.compile(
    r"(?:sala|salon|aula|piso|planta|room|salle|auditorio|edificio|hall|cuarto|oficina|local|suite)\b"
)
_COUNTRIES: Final = frozenset(
    {
        "usa", "us", "eua", "ee uu", "united states", "united states of america",
        "estados unidos", "canada", "mexico", "etats unis",
    }
)  # fmt: skip
_POSTAL: Final = re.compile(
    r"(?:[a-z]{2,3} )?(?:[0-9]{5}(?: [0-9]{4})?|[a-z][0-9][a-z] ?[0-9][a-z][0-9])"
)
_BRACKETS: Final = re.compile(r"(?P<name>[^()\[\]]+?) ?[(\[](?P<within>[^()\[\]]+)[)\]]")
# «Biblioteca de Pilsen - 1805 S. Ejemplo St.», «Biblioteca de Pilsen 📍 1805 …»
_DASH: Final = re.compile(r" [-–—|·@•:📍]+ (?=[0-9]{1,6}\b)|: (?=[0-9]{1,6} )")
# «Biblioteca de Pilsen 1805 S. Ejemplo St.», of two lines in a cell.
_STREET_AT_END: Final = re.compile(
    r"(?P<name>[^\d,(]{4,}?) (?P<street>\d{2,6} .*?\b(?:st|street|ave|avenue|av|blvd|boulevard|"
    r"rd|road|dr|drive|ln|lane|pkwy|hwy|highway|way|ct|court|pl)\b.*)",
    re.IGNORECASE,
)
_STREET: Final = re.compile(r"[0-9]{1,6}[a-z]?\s+\S*[a-z]")
# Alone, or beside words such as «sede».
_UNDECIDED: Final = listed(
    """pendiente por_definir por_confirmar por_asignar por_anunciar por_determinar por_decidir
    sin_definir sin_confirmar sin no_definido no_definida indefinido a_definir se_avisara
    se_anunciara falta falta_confirmar tbd tba tbc to_be_determined to_be_announced
    to_be_confirmed to_be_decided undecided pending unknown none a_confirmer a_determiner
    a_preciser non_defini en_attente confidencial confidential confidentiel confidentielle
    reservado reservada privado privada private prive secreto x xx xxx n_a na nd n_d s_d s_n
    ninguno ninguna no_aplica not_applicable se_comparte_al_registrarse se_da_al_registrarse
    se_envia_al_registrarse shared_upon_registration shared_after_registration"""
)
_OF_PLACE: Final = listed(
    """sede lugar venue location lieu place direccion ubicacion address adresse aun todavia sala
    salon salle room aula recinto espacio"""
)


@dataclass(frozen=True)
class Home:
    """The city and region of the office, by which the end of an address is known."""

    city: str
    region: str

    @classmethod
    def from_office(cls, office: Office) -> "Home":
        return cls(fold(office.city), fold(office.region))


@dataclass(frozen=True)
class PlaceText:
    """A venue as a text has it."""

    venue: str
    address: str = ""
    city: str = ""


def is_undecided(text: str) -> bool:
    """Whether a text stands for a venue that is not known yet, or not told: «TBD», «—»."""
    words = fold(text).split()
    if not words:
        return bool(text.strip())  # dashes and question marks
    bare = " ".join(word for word in words if word not in _OF_PLACE)
    return bare in _UNDECIDED


def is_room(text: str) -> bool:
    """Whether a text is a part of a venue, and no venue: «sala B»."""
    return _ROOM.match(fold(text)) is not None


def split(text: str, home: Home, *, is_calendar: bool = False) -> PlaceText:
    """Returns venue, address and city of «Biblioteca, 1805 S Ejemplo St, Chicago, IL 60608, USA» or
    «Centro (1805 S. Ejemplo St., Chicago)». In a sheet only what has a number is an address: «Salón
    A, Centro Comunitario» is a name; calendars write the address after the first comma."""
    if text.casefold().startswith(("http://", "https://")):
        return PlaceText(text)
    text = " ".join(text.split())  # patterns with \s+ take long for a long row of spaces
    if found := _BRACKETS.fullmatch(text):
        within = _read_end(found["within"], home)
        if is_undecided(found["within"]):  # «Biblioteca (por confirmar)»
            return PlaceText(found["name"].strip())
        if _STREET.search(fold(within.address)) or (within.city and not within.address):
            return PlaceText(found["name"].strip(), within.address, within.city)
    pieces = _DASH.split(text, maxsplit=1)
    if len(pieces) == 2:
        end = _read_end(pieces[1], home)
        return PlaceText(pieces[0].strip(" ,"), end.address, end.city)
    if found := _STREET_AT_END.fullmatch(text):
        end = _read_end(found["street"], home)
        return PlaceText(found["name"].strip(" ,"), end.address, end.city)
    name, *rest = [part for part in (part.strip() for part in text.split(",")) if part] or [""]
    while rest and is_room(rest[0]):
        name += f", {rest.pop(0)}"
    end = _read_end(", ".join(rest), home)
    has_number = any(map(str.isdigit, end.address)) and any(map(str.isalpha, end.address))
    if end.address and not has_number and not is_calendar:
        return PlaceText(f"{name}, {end.address}", city=end.city)
    return PlaceText(name, end.address, end.city)


def _read_end(text: str, home: Home) -> PlaceText:
    """Reads address and city of «1805 S Ejemplo St, Chicago, IL 60608, USA»."""
    rest = [part for part in (part.strip() for part in text.split(",")) if part]
    if rest and fold(rest[-1]) in _COUNTRIES:
        rest.pop()
    has_region = bool(rest) and (
        _POSTAL.fullmatch(fold(rest[-1])) is not None
        or fold(rest[-1]) == home.region
        or (len(rest[-1]) == 2 and rest[-1].isupper())
    )
    if has_region:
        rest.pop()
    city = ""
    if rest and (fold(rest[-1]) == home.city or (has_region and len(rest) > 1)):
        city = rest.pop()
    return PlaceText("", ", ".join(rest), city)
