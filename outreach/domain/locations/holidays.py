"""Holidays of the United States, Canada and Mexico, with Spanish names.

A consulate keeps those of its country and Mexico's; a venue keeps those of its state or province.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

HOME: Final = "MX"
_SEPARATOR: Final = "; "  # two holidays on one day
_OBSERVED: Final = " (observed)"  # a holiday on a weekend is kept on another day


@dataclass(frozen=True)
class Holiday:
    name: str
    is_home: bool  # Mexico's


def list_holidays(day: date, country: str, region: str) -> list[Holiday]:
    """The holidays of that day at a place, then those of Mexico; none is listed twice."""
    local = [
        Holiday(name, is_home=False) for name in _load_year(country, region, day.year).get(day, ())
    ]
    known = {each.name for each in local}
    return local + [
        Holiday(name, is_home=True)
        for name in _load_year(HOME, "", day.year).get(day, ())
        if name not in known
    ]


@lru_cache(maxsize=256)
def _load_year(country: str, region: str, year: int) -> dict[date, tuple[str, ...]]:
    import holidays as library  # a slow import that few processes need

    if country not in {"US", "CA", HOME}:
        return {}
    has_region = region in library.country_holidays(country).subdivisions
    found = library.country_holidays(
        country,
        subdiv=region if has_region else None,
        years=year,
        language="es" if country == HOME else "en_US",
    )
    return {day: tuple(dict.fromkeys(_translate(names))) for day, names in found.items()}


def _translate(names: str) -> Iterator[str]:
    for name in names.split(_SEPARATOR):
        bare = name.replace(_OBSERVED, "").replace(" (observado)", "")
        spanish = SPANISH_NAMES.get(bare, bare)
        yield spanish if bare == name else f"{spanish} (se guarda este día)"


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
