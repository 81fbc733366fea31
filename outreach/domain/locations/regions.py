"""States of the United States and provinces of Canada: their names in three languages."""

from typing import Final

from outreach.db.base import Words
from outreach.domain.text import fold

_TABLE: Final = """
AK|Alaska|Alaska|Alaska
AL|Alabama|Alabama|Alabama
AR|Arkansas|Arkansas|Arkansas
AZ|Arizona|Arizona|Arizona
CA|California|California|Californie
CO|Colorado|Colorado|Colorado
CT|Connecticut|Connecticut|Connecticut
DC|Washington, D.C.|Washington, D.C.|Washington, D.C.
DE|Delaware|Delaware|Delaware
FL|Florida|Florida|Floride
GA|Georgia|Georgia|Géorgie
HI|Hawái|Hawaii|Hawaï
IA|Iowa|Iowa|Iowa
ID|Idaho|Idaho|Idaho
IL|Illinois|Illinois|Illinois
IN|Indiana|Indiana|Indiana
KS|Kansas|Kansas|Kansas
KY|Kentucky|Kentucky|Kentucky
LA|Luisiana|Louisiana|Louisiane
MA|Massachusetts|Massachusetts|Massachusetts
MD|Maryland|Maryland|Maryland
ME|Maine|Maine|Maine
MI|Míchigan|Michigan|Michigan
MN|Minnesota|Minnesota|Minnesota
MO|Misuri|Missouri|Missouri
MS|Misisipi|Mississippi|Mississippi
MT|Montana|Montana|Montana
NC|Carolina del Norte|North Carolina|Caroline du Nord
ND|Dakota del Norte|North Dakota|Dakota du Nord
NE|Nebraska|Nebraska|Nebraska
NH|Nuevo Hampshire|New Hampshire|New Hampshire
NJ|Nueva Jersey|New Jersey|New Jersey
NM|Nuevo México|New Mexico|Nouveau-Mexique
NV|Nevada|Nevada|Nevada
NY|Nueva York|New York|New York
OH|Ohio|Ohio|Ohio
OK|Oklahoma|Oklahoma|Oklahoma
OR|Oregón|Oregon|Oregon
PA|Pensilvania|Pennsylvania|Pennsylvanie
PR|Puerto Rico|Puerto Rico|Porto Rico
RI|Rhode Island|Rhode Island|Rhode Island
SC|Carolina del Sur|South Carolina|Caroline du Sud
SD|Dakota del Sur|South Dakota|Dakota du Sud
TN|Tennessee|Tennessee|Tennessee
TX|Texas|Texas|Texas
UT|Utah|Utah|Utah
VA|Virginia|Virginia|Virginie
VI|Islas Vírgenes|U.S. Virgin Islands|Îles Vierges
VT|Vermont|Vermont|Vermont
WA|Washington|Washington|Washington
WI|Wisconsin|Wisconsin|Wisconsin
WV|Virginia Occidental|West Virginia|Virginie-Occidentale
WY|Wyoming|Wyoming|Wyoming
AB|Alberta|Alberta|Alberta
BC|Columbia Británica|British Columbia|Colombie-Britannique
MB|Manitoba|Manitoba|Manitoba
NB|Nuevo Brunswick|New Brunswick|Nouveau-Brunswick
NL|Terranova y Labrador|Newfoundland and Labrador|Terre-Neuve-et-Labrador
NS|Nueva Escocia|Nova Scotia|Nouvelle-Écosse
NT|Territorios del Noroeste|Northwest Territories|Territoires du Nord-Ouest
NU|Nunavut|Nunavut|Nunavut
ON|Ontario|Ontario|Ontario
PE|Isla del Príncipe Eduardo|Prince Edward Island|Île-du-Prince-Édouard
QC|Quebec|Quebec|Québec
SK|Saskatchewan|Saskatchewan|Saskatchewan
YT|Yukón|Yukon|Yukon
"""

NAMES: Final[dict[str, Words]] = {
    code: {"es": es, "en": en, "fr": fr}
    for code, es, en, fr in (line.split("|") for line in _TABLE.strip().splitlines())
}

_BY_NAME: Final = {fold(name): code for code, names in NAMES.items() for name in names.values()}
_BY_NAME.update({"misouri": "MO", "tejas": "TX", "quebec": "QC"})

# Where each is drawn on the tile map: column and row.
TILES: Final = {
    "AK": (0, 0), "BC": (1, 1), "AB": (2, 1), "SK": (3, 1), "MB": (4, 1), "ON": (6, 1),
    "QC": (8, 1), "VT": (10, 1), "ME": (11, 1), "WA": (1, 2), "ID": (2, 2), "MT": (3, 2),
    "ND": (4, 2), "MN": (5, 2), "WI": (6, 2), "MI": (7, 2), "NY": (9, 2), "MA": (10, 2),
    "NH": (11, 2), "OR": (1, 3), "NV": (2, 3), "WY": (3, 3), "SD": (4, 3), "IA": (5, 3),
    "IL": (6, 3), "IN": (7, 3), "OH": (8, 3), "PA": (9, 3), "NJ": (10, 3), "CT": (11, 3),
    "RI": (12, 3), "CA": (1, 4), "UT": (2, 4), "CO": (3, 4), "NE": (4, 4), "MO": (5, 4),
    "KY": (6, 4), "WV": (7, 4), "VA": (8, 4), "MD": (9, 4), "DE": (10, 4), "AZ": (2, 5),
    "NM": (3, 5), "KS": (4, 5), "AR": (5, 5), "TN": (6, 5), "NC": (7, 5), "SC": (8, 5),
    "DC": (9, 5), "OK": (4, 6), "LA": (5, 6), "MS": (6, 6), "AL": (7, 6), "GA": (8, 6),
    "HI": (0, 7), "TX": (4, 7), "FL": (9, 7), "PR": (11, 7),
}  # fmt: skip


def find_region_code(text: str) -> str | None:
    """The code of a region named in any of the languages, or by its code; accents and capitals
    do not matter."""
    bare = fold(text)
    if bare.upper() in NAMES:
        return bare.upper()
    return _BY_NAME.get(bare)
