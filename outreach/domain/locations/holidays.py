"""Holidays of the United States, Canada and Mexico, with names in the languages of the site.

A consulate keeps those of its country and Mexico's; a venue keeps those of its state or province.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from outreach.db.base import Words

HOME: Final = "MX"
_SEPARATOR: Final = "; "  # two holidays on one day
_OBSERVED: Final = " (observed)"  # a holiday on a weekend is kept on another day


@dataclass(frozen=True)
class Holiday:
    names: Words
    is_home: bool  # Mexico's

    @property
    def name(self) -> str:
        """In Spanish."""
        return self.names["es"]


def list_holidays(day: date, country: str, region: str) -> list[Holiday]:
    """The holidays of that day at a place, then those of Mexico; none is listed twice."""
    local = [
        Holiday(names, is_home=False)
        for names in _load_year(country, region, day.year).get(day, ())
    ]
    known = {each.name for each in local}
    return local + [
        Holiday(names, is_home=True)
        for names in _load_year(HOME, "", day.year).get(day, ())
        if names["es"] not in known
    ]


@lru_cache(maxsize=256)
def _load_year(country: str, region: str, year: int) -> dict[date, tuple[Words, ...]]:
    import holidays as library  # a slow import that few processes need

    if country not in {"US", "CA", HOME}:
        return {}
    has_region = region in library.country_holidays(country).subdivisions
    found = library.country_holidays(
        country, subdiv=region if has_region else None, years=year, language="en_US"
    )
    return {day: tuple(_translate(names, country)) for day, names in found.items()}


def _translate(english: str, country: str) -> Iterator[Words]:
    """The names of the holidays of one day, each once."""
    seen = set[str]()
    for name in english.split(_SEPARATOR):
        bare = name.replace(_OBSERVED, "")
        own = MEXICAN_NAMES if country == HOME else {}
        spanish = own.get(bare) or SPANISH_NAMES.get(bare, bare)
        if spanish in seen:
            continue
        seen.add(spanish)
        yield _names(spanish, bare, is_observed=bare != name)


def find_names(spanish: str) -> Words:
    """The names of the holiday with this Spanish one, where only that is stored."""
    bare = spanish.removesuffix(f" ({_KEPT_THEN['es']})")
    known = SPANISH_NAMES | MEXICAN_NAMES
    english = next((name for name, own in known.items() if own == bare), bare)
    return _names(bare, english, is_observed=bare != spanish)


def _names(spanish: str, english: str, *, is_observed: bool) -> Words:
    names = {"es": spanish, "en": english, "fr": FRENCH_NAMES.get(spanish, english)}
    if not is_observed:
        return names
    return {lang: f"{name} ({_KEPT_THEN[lang]})" for lang, name in names.items()}


_KEPT_THEN: Final = {"es": "se guarda este día", "en": "observed", "fr": "observé ce jour"}
_TABLE: Final = """
New Year's Day|Año Nuevo
New Year's Eve|Víspera de Año Nuevo
Labor Day|Día del Trabajo
Christmas Day|Navidad
Christmas Eve|Nochebuena
Christmas Second Day|Segundo día de Navidad
Day After Christmas|Día después de Navidad
Boxing Day|Segundo día de Navidad
Thanksgiving Day|Día de Acción de Gracias
Day After Thanksgiving|Viernes después de Acción de Gracias
Friday After Thanksgiving|Viernes después de Acción de Gracias
Memorial Day|Día de los Caídos
Juneteenth National Independence Day|Juneteenth, fin de la esclavitud
Emancipation Day|Día de la Emancipación
Emancipation Day In Texas|Día de la Emancipación
Independence Day|Día de la Independencia de Estados Unidos
Veterans Day|Día de los Veteranos
Remembrance Day|Día del Recuerdo
Martin Luther King Jr. Day|Día de Martin Luther King
Martin Luther King Jr.'s Birthday|Día de Martin Luther King
Martin Luther King, Jr & Robert E. Lee's Birthday|Día de Martin Luther King
Dr. Martin Luther King Jr. / Civil Rights Day|Día de Martin Luther King
Dr. Martin Luther King Jr. and Robert E. Lee's Birthdays|Día de Martin Luther King
Martin Luther King Jr. / Idaho Human Rights Day|Día de Martin Luther King
Washington's Birthday|Día de los Presidentes
Presidents' Day|Día de los Presidentes
President's Day|Día de los Presidentes
Presidents Day|Día de los Presidentes
Washington-Lincoln Day|Día de los Presidentes
Washington and Lincoln Day|Día de los Presidentes
Washington's and Lincoln's Birthday|Día de los Presidentes
Lincoln's and Washington's Birthdays|Día de los Presidentes
Lincoln/Washington Presidents' Day|Día de los Presidentes
George Washington Day|Día de los Presidentes
George Washington & Thomas Jefferson's Birthday|Día de los Presidentes
George Washington's Birthday and Daisy Gatson Bates Day|Día de los Presidentes
Lincoln's Birthday|Natalicio de Lincoln
Inauguration Day|Toma de posesión presidencial
Good Friday|Viernes Santo
Holy Thursday|Jueves Santo
Easter Monday|Lunes de Pascua
Mardi Gras|Martes de Carnaval
Epiphany|Día de Reyes
Three Kings Day|Día de Reyes
All Souls' Day|Día de Muertos
Diwali|Diwali
Columbus Day|Día de Colón
Columbus Day / American Indian Heritage Day / Fraternal Day|Día de Colón
Columbus Day and Puerto Rico Friendship Day|Día de Colón
Indigenous Peoples' Day|Día de los Pueblos Indígenas
Indigenous Peoples' Day / Columbus Day|Día de los Pueblos Indígenas
Native Americans' Day|Día de los Pueblos Indígenas
American Indian Heritage Day|Día de la Herencia Indígena
Native American Heritage Day|Día de la Herencia Indígena
Election Day|Día de elecciones
Primary Election Day|Día de elecciones primarias
Cesar Chavez Day|Día de César Chávez
Susan B. Anthony Day|Día de Susan B. Anthony
Frances Xavier Cabrini Day|Día de la Madre Cabrini
Casimir Pulaski Day|Día de Casimir Pulaski
Confederate Memorial Day|Feriado estatal
State Holiday|Feriado estatal
Jefferson Davis Birthday|Feriado estatal
Patriots' Day|Día de los Patriotas
Truman Day|Día de Truman
Lyndon Baines Johnson Day|Día de Lyndon B. Johnson
Texas Independence Day|Día de la Independencia de Texas
San Jacinto Day|Día de San Jacinto
Pioneer Day|Día de los Pioneros
Nevada Day|Día de Nevada
Alaska Day|Día de Alaska
Seward's Day|Día de Seward
Arbor Day|Día del Árbol
Victory Day|Día de la Victoria
Statehood Day|Día del Estado
West Virginia Day|Día de Virginia Occidental
Bennington Battle Day|Día de la Batalla de Bennington
Town Meeting Day|Día de las juntas del pueblo
Prince Jonah Kuhio Kalanianaole Day|Día del Príncipe Kuhio
Kamehameha Day|Día de Kamehameha
Puerto Rico Constitution Day|Día de la Constitución de Puerto Rico
Puerto Rican Identity Day|Día de la Puertorriqueñidad
Transfer Day|Día del Traspaso
Liberty Day|Día de la Libertad
Canada Day|Día de Canadá
Victoria Day|Día de Victoria
Family Day|Día de la Familia
Civic Holiday|Feriado cívico
National Day for Truth and Reconciliation|Día de la Verdad y la Reconciliación
National Aboriginal Day|Día de los Pueblos Indígenas
National Patriots' Day|Día de los Patriotas
Saint John the Baptist Day|San Juan Bautista
British Columbia Day|Día de Columbia Británica
Louis Riel Day|Día de Louis Riel
New Brunswick Day|Día de Nuevo Brunswick
Heritage Day|Día de la Herencia
Nunavut Day|Día de Nunavut
Islander Day|Día de los Isleños
Saskatchewan Day|Día de Saskatchewan
Discovery Day|Día del Descubrimiento
"""

# English names of the library: Spanish ones.
SPANISH_NAMES: Final = dict(line.split("|") for line in _TABLE.strip().splitlines()) | {
    "George Washington Day, Presidents' Day, and the Day of the Women and Men Heroes of"
    " Puerto Rico": "Día de los Presidentes y de los Próceres",
}

# Those of Mexico that have other names there.
MEXICAN_NAMES: Final = {
    "Constitution Day": "Día de la Constitución",
    "Benito Juárez's birthday": "Natalicio de Benito Juárez",
    "Independence Day": "Día de la Independencia",
    "Revolution Day": "Día de la Revolución",
    "Change of Federal Government": "Transmisión del Poder Ejecutivo Federal",
}

# By the Spanish name.
FRENCH_NAMES: Final = {
    "Año Nuevo": "Jour de l’An",
    "Víspera de Año Nuevo": "Veille du jour de l’An",
    "Día del Trabajo": "Fête du Travail",
    "Navidad": "Noël",
    "Nochebuena": "Veille de Noël",
    "Segundo día de Navidad": "Lendemain de Noël",
    "Día después de Navidad": "Lendemain de Noël",
    "Día de Acción de Gracias": "Action de grâce",
    "Viernes después de Acción de Gracias": "Lendemain de l’Action de grâce",
    "Día de los Caídos": "Jour du Souvenir des soldats",
    "Juneteenth, fin de la esclavitud": "Juneteenth, fin de l’esclavage",
    "Día de la Emancipación": "Jour de l’émancipation",
    "Día de la Independencia de Estados Unidos": "Fête de l’Indépendance des États-Unis",
    "Día de los Veteranos": "Jour des anciens combattants",
    "Día del Recuerdo": "Jour du Souvenir",
    "Día de Martin Luther King": "Journée Martin Luther King",
    "Día de los Presidentes": "Jour des présidents",
    "Natalicio de Lincoln": "Anniversaire de Lincoln",
    "Toma de posesión presidencial": "Investiture présidentielle",
    "Viernes Santo": "Vendredi saint",
    "Jueves Santo": "Jeudi saint",
    "Lunes de Pascua": "Lundi de Pâques",
    "Martes de Carnaval": "Mardi gras",
    "Día de Reyes": "Épiphanie",
    "Día de Muertos": "Jour des Morts",
    "Diwali": "Diwali",
    "Día de Colón": "Jour de Christophe Colomb",
    "Día de los Pueblos Indígenas": "Journée des peuples autochtones",
    "Día de la Herencia Indígena": "Jour du patrimoine autochtone",
    "Día de elecciones": "Jour d’élections",
    "Día de elecciones primarias": "Jour d’élections primaires",
    "Día de César Chávez": "Journée César Chávez",
    "Día de Susan B. Anthony": "Journée Susan B. Anthony",
    "Día de la Madre Cabrini": "Journée de Mère Cabrini",
    "Día de Casimir Pulaski": "Journée Casimir Pulaski",
    "Feriado estatal": "Jour férié de l’État",
    "Día de los Patriotas": "Jour des patriotes",
    "Día de Truman": "Journée Truman",
    "Día de Lyndon B. Johnson": "Journée Lyndon B. Johnson",
    "Día de la Independencia de Texas": "Jour de l’indépendance du Texas",
    "Día de San Jacinto": "Journée de San Jacinto",
    "Día de los Pioneros": "Journée des pionniers",
    "Día de Nevada": "Journée du Nevada",
    "Día de Alaska": "Journée de l’Alaska",
    "Día de Seward": "Journée Seward",
    "Día del Árbol": "Journée de l’arbre",
    "Día de la Victoria": "Jour de la Victoire",
    "Día del Estado": "Fête de l’État",
    "Día de Virginia Occidental": "Journée de la Virginie-Occidentale",
    "Día de la Batalla de Bennington": "Jour de la bataille de Bennington",
    "Día de las juntas del pueblo": "Jour des assemblées municipales",
    "Día del Príncipe Kuhio": "Journée du prince Kuhio",
    "Día de Kamehameha": "Journée Kamehameha",
    "Día de la Constitución de Puerto Rico": "Jour de la Constitution de Porto Rico",
    "Día de la Puertorriqueñidad": "Journée de l’identité portoricaine",
    "Día del Traspaso": "Jour du transfert",
    "Día de la Libertad": "Jour de la liberté",
    "Día de Canadá": "Fête du Canada",
    "Día de Victoria": "Fête de Victoria",
    "Día de la Familia": "Jour de la famille",
    "Feriado cívico": "Congé civique",
    "Día de la Verdad y la Reconciliación": "Journée de la vérité et de la réconciliation",
    "San Juan Bautista": "Saint-Jean-Baptiste",
    "Día de Columbia Británica": "Fête de la Colombie-Britannique",
    "Día de Louis Riel": "Journée Louis Riel",
    "Día de Nuevo Brunswick": "Fête du Nouveau-Brunswick",
    "Día de la Herencia": "Jour du patrimoine",
    "Día de Nunavut": "Fête du Nunavut",
    "Día de los Isleños": "Fête des Insulaires",
    "Día de Saskatchewan": "Fête de la Saskatchewan",
    "Día del Descubrimiento": "Jour de la découverte",
    "Día de los Presidentes y de los Próceres": "Jour des présidents et des héros",
    "Día de la Constitución": "Jour de la Constitution",
    "Natalicio de Benito Juárez": "Anniversaire de Benito Juárez",
    "Día de la Independencia": "Jour de l’Indépendance",
    "Día de la Revolución": "Jour de la Révolution",
    "Transmisión del Poder Ejecutivo Federal": "Changement de gouvernement fédéral",
}
