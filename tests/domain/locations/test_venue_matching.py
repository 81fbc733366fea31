"""Whether a typed venue is a known one: the same, perhaps the same, or new."""

import random
from collections import Counter

import pytest

from outreach.domain.locations.venue_matching import (
    MatchKind,
    VenueIndex,
    VenueMatch,
    has_same_address,
)

Place = tuple[str, str, str]  # name, address, city

NAMES = [
    "Biblioteca de Pilsen", "Biblioteca Pública Rudy Lozano", "Biblioteca Harold Washington",
    "Biblioteca Pública de Little Village", "Iglesia San Pío V", "Iglesia San Pedro",
    "Iglesia San Pablo", "Parroquia Nuestra Señora de Guadalupe", "Parroquia Santa Inés",
    "Parroquia de la Asunción", "Centro Comunitario Gads Hill", "Centro Comunitario El Valor",
    "Centro Cultural Ruiz Belvis", "Centro Romero", "Centro de Trabajadores Unidos",
    "Casa Michoacán", "Casa Guerrero", "Casa Durango", "Casa Puebla",
    "Casa de la Cultura Carlos Cortez", "Museo Nacional de Arte Mexicano",
    "Escuela Primaria Benito Juárez", "Escuela Primaria Emiliano Zapata", "Escuela Josefa Ortiz",
    "Preparatoria Solorio", "Universidad de Illinois, edificio norte", "Colegio Richard J. Daley",
    "Colegio Malcolm X", "Hospital Monte Sinaí", "Clínica Esperanza", "Clínica Alivio",
    "Parque Harrison, gimnasio", "Parque Humboldt, salón principal", "Parque McKinley",
    "Plaza Tenochtitlán", "Mercado de la Maxwell", "Supermercado La Chiquita", "Club Potosino",
    "Club Unidos Guanajuatenses", "Sindicato de Trabajadores Automotrices", "Teatro Aguijón",
    "Auditorio Benito Juárez", "Consulado General de México", "Cruz Roja, capítulo Cicero",
    "Ejército de Salvación, avenida Ashland", "Alivio Medical Center", "Instituto del Progreso",
    "Latinos Progresando", "Enlace Chicago", "Federación de Clubes Zacatecanos",
]  # fmt: skip

ABBREVIATIONS = {
    "Biblioteca": ["Bibl.", "Bib.", "bibl"], "Centro": ["Ctro."], "Comunitario": ["Com.", "Comun."],
    "Parroquia": ["Parr."], "Iglesia": ["Igl."], "Santa": ["Sta."], "Nuestra": ["Ntra."],
    "Señora": ["Sra."], "Universidad": ["Univ."], "Nacional": ["Nal."], "General": ["Gral."],
    "Escuela": ["Esc."], "Primaria": ["Prim."], "Pública": ["Púb."], "avenida": ["av.", "Av"],
}  # fmt: skip
LETTERS = "abcdefghijlmnoprstuv"
DROPPED = {"de", "la", "del", "el"}


def index_of(*places: Place) -> VenueIndex[Place]:
    index: VenueIndex[Place] = VenueIndex()
    for place in places:
        add(index, place)
    return index


def add(index: VenueIndex[Place], place: Place) -> None:
    index.add(place, place[0], address=place[1], city=place[2])


def ask(
    known: list[str] | list[Place], name: str, address: str = "", city: str = "Chicago"
) -> VenueMatch[Place]:
    places = [(each, "", "Chicago") if isinstance(each, str) else each for each in known]
    return index_of(*places).match(name, address=address, city=city)


def spell(name: str, chance: random.Random) -> str:
    """The name as somebody else might write it: the ways of writing, and at most one slip."""
    words = name.split()
    if chance.random() < 0.5:
        words = [chance.choice(ABBREVIATIONS.get(word, [word])) for word in words]
    if chance.random() < 0.4:
        words = [word for word in words if word.casefold() not in DROPPED]
    text = " ".join(words)
    if chance.random() < 0.4:
        text = text.translate(str.maketrans("áéíóúñÁÉÍÓÚ", "aeiounAEIOU"))
    text = chance.choice([text, text.upper(), text.lower(), text.title()])
    if chance.random() < 0.3:
        text = text.replace(",", chance.choice(["", " -", " /", ";"])).replace(".", "")
    if chance.random() < 0.2:
        text = chance.choice(["  {}", "{} ", "«{}»", "{}."]).format(text.replace(" ", "  "))
    return slip(text, chance) if chance.random() < 0.5 else text


def slip(text: str, chance: random.Random) -> str:
    """The text with one letter left out, doubled, swapped or replaced, in one of its long words."""
    spots = [
        at + number
        for at, word in _words_at(text)
        if len(word) >= 5
        for number in range(1, len(word) - 1)
    ]
    if not spots:
        return text
    at = chance.choice(spots)
    wrong = {
        "out": "",
        "doubled": text[at] * 2,
        "swapped": text[at + 1] + text[at],
        "replaced": chance.choice(LETTERS),
    }
    way = chance.choice(sorted(wrong))
    return text[:at] + wrong[way] + text[at + (2 if way == "swapped" else 1) :]


def _words_at(text: str) -> list[tuple[int, str]]:
    at, found = 0, []
    for word in text.split(" "):
        found.append((at, word))
        at += len(word) + 1
    return found


@pytest.mark.parametrize("seed", range(5))
def test_no_venue_is_doubled_by_500_spellings_of_50_names(seed: int) -> None:
    chance = random.Random(seed)
    index = index_of(*((name, "", "Chicago") for name in NAMES))
    kinds: Counter[str] = Counter()
    wrong = []
    for _number in range(500):
        name = chance.choice(NAMES)
        typed = spell(name, chance)
        found = index.match(typed, city="Chicago")
        kinds[found.kind] += 1
        # Whoever is asked says which one it is: it has to be among what is asked.
        if name not in {place[0] for place in found.candidates} or (
            found.place is not None and found.place[0] != name
        ):
            wrong.append((typed, name, found))
    assert not wrong
    assert len(NAMES) == 50
    assert kinds[MatchKind.SAME] >= 200  # half have a slip, which is asked


def test_names_that_are_typed_exactly_are_themselves() -> None:
    index = index_of(*((name, "", "Chicago") for name in NAMES))
    for name in NAMES:
        found = index.match(name, city="Chicago")
        assert found.place is not None
        assert found.place[0] == name


def test_few_of_other_names_are_asked() -> None:
    asked = [
        name
        for at, name in enumerate(NAMES)
        if ask([*NAMES[:at], *NAMES[at + 1 :]], name).kind is not MatchKind.NEW
    ]
    assert len(asked) <= 2, asked


@pytest.mark.parametrize(
    "typed",
    [
        "biblioteca de pilsen sala 2",
        "BIBLIOTECA DE PILSEN, SALA 2",
        "Bibl. de Pilsen (sala 2)",
        "Biblioteca Pilsen - Sala 2",
        "Biblioteca de  Pilsen,sala 2.",
    ],
)
def test_ways_to_write_a_name_are_the_same_venue(typed: str) -> None:
    assert ask(["Biblioteca de Pilsen, sala 2"], typed).kind is MatchKind.SAME


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Biblioteca de Pilsen, sala 2", "Bibl. Pilsen"),
        ("Biblioteca de Pilsen, sala 2", "Pilsen"),
        ("Biblioteca de Pilsen", "Bilbioteca de Pilsen"),
        ("Biblioteca de Pilsen", "Biblioteca Pilson"),
        ("Biblioteca de Pilsen", "Pilsen Library"),
        ("Consulado General de México", "Consulado de Mexico"),
        ("Community Center", "CommunityCentre"),
    ],
)
def test_what_may_be_the_same_is_asked(known: str, typed: str) -> None:
    assert ask([known], typed).kind is MatchKind.NEAR


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Biblioteca de Pilsen, sala 2", "Biblioteca de Pilsen, sala 3"),
        ("Sala A", "Sala B"),
        ("Escuela 12", "Escuela 21"),
        ("Biblioteca de Pilsen", "Iglesia de Pilsen"),
        ("Parque Benito Juárez", "Escuela Benito Juárez"),
        ("Iglesia San Pedro", "Iglesia San Pablo"),
        ("Casa Michoacán", "Casa Guerrero"),
    ],
)
def test_other_venues_are_new(known: str, typed: str) -> None:
    assert ask([known], typed).kind is MatchKind.NEW


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("1805 S. Ejemplo St., Chicago, IL 60608", "1805 S Ejemplo"),
        ("Av. Juárez 12", "Avenida Juarez #12"),
        ("Blvd. Adolfo López Mateos 200, int. 3", "Boulevard Adolfo Lopez Mateos 200"),
        ("1805 South Ejemplo Street", "1805 s. ejenplo"),
        ("450 W 18th St", "450 West 18 Street"),
    ],
)
def test_ways_to_write_an_address_are_one_address(known: str, typed: str) -> None:
    assert has_same_address(known, typed)
    named = [("Centro Romero", known, "Chicago")]
    assert ask(named, "Centro Romero", typed).kind is MatchKind.SAME
    # A slip in the name is forgiven where the address says the same.
    assert ask(named, "Centro Rmoero", typed).kind is MatchKind.SAME
    # Another name at one address is asked.
    assert ask(named, "Salón Rojo", typed).kind is MatchKind.NEAR


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("1805 S. Ejemplo St.", "1805 N. Ejemplo St."),
        ("1805 S. Ejemplo St.", "1905 S. Ejemplo St."),
        ("1805 S. Ejemplo St.", "1805 S. Muestra St."),
        ("Av. Juárez 12", "Av. Reforma 12"),
    ],
)
def test_one_name_at_two_addresses_is_asked(known: str, typed: str) -> None:
    assert not has_same_address(known, typed)
    assert ask([("Centro Romero", known, "Chicago")], "Centro Romero", typed).kind is MatchKind.NEAR


def test_an_address_for_a_venue_without_one_is_asked() -> None:
    assert ask(["Centro Romero"], "Centro Romero", "Av. Juárez 12").kind is MatchKind.NEAR


def test_one_name_in_another_city_is_new() -> None:
    known = [("Biblioteca Pública", "", "Cicero")]
    assert ask(known, "Biblioteca Pública", city="Joliet").kind is MatchKind.NEW
    assert ask(known, "Biblioteca Pública", city="cicéro").kind is MatchKind.SAME
    assert ask(known, "Biblioteca Pública", city="Cicreo").kind is MatchKind.NEAR


def test_two_venues_of_one_name_are_asked_unless_the_address_tells() -> None:
    known = [("Centro", "Av. Juárez 12", "Chicago"), ("Centro", "Av. Reforma 3", "Chicago")]
    assert ask(known, "centro").kind is MatchKind.NEAR
    assert len(ask(known, "centro").candidates) == 2
    assert ask(known, "centro", "Avenida Reforma 3").place == known[1]


def test_a_venue_of_an_earlier_line_is_known() -> None:
    index = index_of()
    assert index.match("Casa Guerrero").kind is MatchKind.NEW
    add(index, ("Casa Guerrero", "", ""))
    assert index.match("CASA GUERRERO").kind is MatchKind.SAME


def test_a_name_without_letters_finds_nothing() -> None:
    assert ask(["Casa Guerrero"], "¿?").kind is MatchKind.NEW
    assert ask(["Casa Guerrero"], "", "").kind is MatchKind.NEW
