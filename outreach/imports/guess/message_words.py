"""Reads one line of a message: «sáb 16 ene DACA 10am biblioteca Pilsen», with emoji.

What is a day, hours or places is cut out of the line first; the pieces between are its title and
its venue. A venue is known by a word such as «biblioteca», by «en» or «at» before it, or as the
piece that is left. Nothing is kept of links, telephone numbers and of whom to ask.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from outreach.domain.text import fold
from outreach.imports.guess import day_lists, hours, kind_names, places, small_values, zones
from outreach.imports.guess.headings import Field
from outreach.imports.guess.word_lists import listed

MAX_LENGTH: Final = 400  # characters: a longer line is prose
MAX_NUMBERS: Final = 24  # in a line: one with more is no workshop
MAX_PLACE_WORDS: Final = 7  # in a piece that has no word for a venue

_LABELS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        word: field_
        for field_, words in {
            Field.DAY: "fecha|dia|cuando|date|day|when|jour|quand",
            Field.STARTS: "hora|horario|hour|time|heure|horaire|a que hora",
            Field.TITLE: "taller|tema|evento|actividad|platica|workshop|event|topic|atelier|titulo",
            Field.VENUE: "lugar|sede|donde|ubicacion|direccion|place|where|venue|location|address|"
            "lieu|ou|adresse|en donde",
            Field.CAPACITY: "cupo|cupos|lugares|capacidad|capacity|seats|places|spots",
        }.items()
        for word in words.split("|")
    }
)
_LABEL: Final = re.compile(
    r"^\W*(?P<label>" + "|".join(sorted(_LABELS, key=len, reverse=True)) + r")\s*[:：=]\s*(?=\S)"
)
# Labels on one line: «Fecha: sábado 16, Hora: 10 am, Lugar: Biblioteca».
_NEXT_LABEL: Final = re.compile(
    r"[\s,;|·-]+(?=(?:" + "|".join(sorted(_LABELS, key=len, reverse=True)) + r")\s*[:：=]\s)"
)
_SIGNS: Final = MappingProxyType(
    {
        "📅": Field.DAY, "🗓": Field.DAY, "📆": Field.DAY, "⏰": Field.STARTS, "🕐": Field.STARTS,
        "🕒": Field.STARTS, "🕕": Field.STARTS, "🕙": Field.STARTS, "⏱": Field.STARTS,
        "⌚": Field.STARTS, "🕔": Field.STARTS, "🕚": Field.STARTS, "📍": Field.VENUE,
        "📌": Field.VENUE, "🏛": Field.VENUE, "🏫": Field.VENUE, "⛪": Field.VENUE,
        "👥": Field.CAPACITY, "🪑": Field.CAPACITY,
    }
)  # fmt: skip
_MONTH: Final = day_lists.MONTH_PATTERN
_WEEKDAY: Final = day_lists.WEEKDAY_PATTERN
_DAY: Final = re.compile(
    rf"(?<![\w/])(?:(?:el|le|the|dia)\s+)?(?:(?:{_WEEKDAY}),?\s+(?:el\s+|dia\s+)?)?"
    rf"(?:20[2-9][0-9]-[0-9]{{1,2}}-[0-9]{{1,2}}"
    rf"|[0-9]{{1,2}}/[0-9]{{1,2}}(?:/[0-9]{{2,4}})?(?![/0-9])"
    rf"|(?:{day_lists.NUMBER_PATTERN}|1er|1o|primero)\s*(?:de\s+|of\s+|-)?(?:{_MONTH})"
    rf"|(?:{_MONTH})\s+{day_lists.NUMBER_PATTERN})"
    rf"(?:(?:\s+de|\s+del|,|-)?\s*20[2-9][0-9](?![0-9:]))?(?!\w)"
)
_WEEKDAY_AND_NUMBER: Final = re.compile(
    rf"(?<!\w)(?:(?:el|le|the)\s+)?(?:{_WEEKDAY}),?\s+(?:el\s+|dia\s+)?{day_lists.NUMBER_PATTERN}(?!\w)"
)
# «5 al 7 de enero», «January 5-7»: asked.
_DAY_RANGE: Final = re.compile(
    rf"(?<![\w/])(?:{_WEEKDAY}\s+)?{day_lists.NUMBER_PATTERN}\s*(?:-|al?|to|au|hasta el)\s*"
    rf"(?:{_WEEKDAY}\s+)?{day_lists.NUMBER_PATTERN}\s+(?:de\s+|of\s+)?(?:{_MONTH})(?!\w)"
    rf"|(?<!\w)(?:{_MONTH})\s+{day_lists.NUMBER_PATTERN}\s*(?:-|to|al?|au)\s*"
    rf"{day_lists.NUMBER_PATTERN}(?!\w)"
)
_WEEKDAY_ALONE: Final = re.compile(
    rf"(?<!\w)(?:(?:este|esta|el|los|todos los|cada|proximo|this|next|every|ce|le)\s+)*"
    rf"(?:{_WEEKDAY})s?(?!\w)"
)
_HALF: Final = r"a\.?\s?m\b\.?|p\.?\s?m\b\.?"
_PART: Final = (
    r"(?:de|por|en) la (?:manana|tarde|noche)|du matin|du soir|de l.apres.midi|"
    r"in the (?:morning|evening|afternoon)"
)
_CLOCK: Final = (
    rf"(?:[0-9]{{1,2}}(?:\s?[:.h]\s?[0-5][0-9])?\s?(?:hrs?\b\.?|hs\b\.?|horas\b|heures?\b|h\b|{_HALF})?"
    r"(?:\s+y (?:media|cuarto)\b|\s+et demie\b)?"
    r"|mediodia|medio dia|noon|midi\b|medianoche|midnight)"
)
_HOURS: Final = re.compile(
    rf"(?<![\w:/.$#])(?P<lead>(?:(?:de|desde|a|from|at|entre|hora)\s+(?:las?\s+)?|a\s)?)"
    rf"(?P<one>{_CLOCK})(?:\s*(?P<to>-|\ba\b|\bal\b|\bto\b|\bhasta\b|\by\b|\band\b|\bet\b)\s*"
    rf"(?:las?\s+)?(?P<two>{_CLOCK}))?(?:\s+(?P<part>{_PART}))?(?![\w/]|:[0-9])"
)
_IS_HOUR: Final = re.compile(
    rf"[:h]|\.[0-5][0-9]|{_HALF}|hrs?\b|horas|mediodia|medio dia|noon|midi|medianoche|midnight"
)
_CAPACITY: Final = re.compile(
    r"(?<!\w)(?:(?:cupo|cupos|capacidad|aforo|capacity|limite)(?:\s+(?:limitado|maximo))?"
    r"(?:\s+(?:de|a|para|of))?\s*:?\s*(?P<after>[0-9]{1,4})(?:\s+(?:personas|lugares|people|places))?"
    r"|(?P<before>[0-9]{1,4})\s*(?:lugares|cupos|personas|places|seats|spots|pax|asientos|plazas|"
    r"personnes|people|espacios))(?!\w)"
)
_NUMBERS: Final = re.compile(r"[0-9]+")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
# From here on a line says whom to ask.
_CONTACT: Final = re.compile(
    r"(?<!\w)(?:informes|mas info\w*|mayores informes|info(?=\s*[:.]|\s+(?:al|con|en)\b)|contacto|"
    r"contact|contactez|llam(?:a|ar|e|en)(?=\s+al?\b)|whatsapp|tel(?:efono)?\.?(?=\s*:?\s*[+(0-9])|"
    r"registro(?=\s*:|\s+(?:al|en|previo|aqui|obligatorio)\b)|registr(?:ate|arse|ese|ense)|"
    r"inscripcion(?:es)?|inscribete|rsvp|register|call(?=\s+[(0-9])|pregunta(?:r)? por|imparte|"
    r"impartid[oa] por|ponente|a cargo de|con (?:la|el) (?:lic|dra?|mtr[oa]|abogad[oa])|"
    r"renseignements|appelez)\b.*$"
)
_MARKUP: Final = re.compile(r"[0-9]?\ufe0f?\u20e3|[*_~`]+(?=\S)|(?<=\S)[*_~`]+")
_BULLET: Final = re.compile(r"^\s*(?:[-–—•·▪◦➡✅☑👉🔹🔸*>]+|[0-9]{1,2}[.)](?=\s))\s*")
_PIECES: Final = re.compile(
    r"[\0\n]|[!?]|\.\s+(?=[¡¿])|[,;|·•](?![^()]*\))|\s[-–—/]\s|\s[-–—]$|^[-–—]\s"
)
_EDGE: Final = ' \t,.;:-–—|·•!¡¿/()[]"“”«»&+=>→'
_BEFORE_PLACE: Final = re.compile(
    r"^(?:@|en\b|at\b|in\b|chez\b|au\b|aux\b|a la\b|a l'|dans\b|lugar\b|sede\b)\s*"
    r"(?:(?:la|el|las|los|the|le|l')\s)?\s*"
)
_WITHIN: Final = re.compile(r"\s(?:@|en|at|chez|au|a la|dans)\s+(?:(?:la|el|las|los|the|le)\s)?")
_ADDRESS: Final = re.compile(r"[0-9]{1,6}[a-z]?\s+\S*[a-z]")
_LOOSE_FIRST: Final = re.compile(
    r"(?:el|la|los|de|del|y|e|a|las|d[ií]a|at|on|the|le|du|horario|hora|from|para|será|es|próximo"
    r"|este)\b\s*",
    re.IGNORECASE,
)
_LOOSE_LAST: Final = listed(
    """el la de del y e a las en at on the le du dia día horario para from via por este será es
    próximo @"""
)
_WORD: Final = re.compile(r"\S+")
# A venue's name begins with one of these, or ends with one of the others.
_FIRST_WORDS: Final = listed(
    """biblioteca bibl bib parroquia parr iglesia capilla templo centro consulado escuela colegio
    auditorio parque casa salon sala gimnasio hospital plaza mercado museo universidad oficina
    oficinas instituto fundacion edificio deportivo bibliotheque eglise paroisse ecole maison salle
    consulat primaria secundaria preparatoria catedral"""
)
_LAST_WORDS: Final = listed(
    """library church parish school center centre hall park auditorium consulate ymca university
    college gym building house hospital museum office temple chapel"""
)
_ONLINE: Final = listed(
    """zoom en_linea online virtual por_zoom via_zoom facebook_live en_vivo webinar en_ligne
    google_meet teams por_telefono youtube facebook"""
)
_SAYS_NOTHING: Final = listed(
    """gratis gratuito gratuita free gratuit entrada_libre cupo_limitado cupos_limitados presencial
    in_person abierto_al_publico todos_bienvenidos en_espanol en_ingles in_spanish in_english
    bilingue bilingual confirmado confirmada nuevo new gratis_y_confidencial sin_costo sin_cita
    nos_vemos gracias limited_seats y taller"""
)
_CANCELLED: Final = re.compile(r"(?<!\w)(?:cancelad[oa]|cancell?ed|annulee?|se cancela)(?!\w)")
_GREETING: Final = re.compile(
    r"^\W*(?:hola|buen[oa]s?|saludos|gracias|muchas gracias|de nada|ok|okay|perfecto|claro|listo|"
    r"hi|hello|hey|thanks|thank you|good (?:morning|afternoon|evening)|bonjour|bonsoir|merci|"
    r"salut|estimad[oa]s?|queridos?|companer[oa]s|les (?:paso|comparto|mando|dejo|envio)|"
    r"te (?:paso|comparto|mando)|aqui (?:van|estan|tienen)|estos son|here (?:are|is)|voici|please|"
    r"por favor|favor de|nos vemos|un abrazo|bonito dia|feliz|que tal|como estan|va|van|jaja)\b"
)


@dataclass
class MessageLine:
    """What one line says; texts as they were written, empty for what it leaves out."""

    number: int = 0
    day: str = ""
    hours: str = ""
    title: str = ""
    venue: str = ""
    capacity: str = ""
    is_cancelled: bool = False
    is_greeting: bool = False
    rest: list[str] = field(default_factory=list)  # pieces that may be a title or a venue
    has_sure_venue: bool = False

    @property
    def has_text(self) -> bool:
        return bool(self.title or self.venue or self.rest)

    @property
    def is_chatter(self) -> bool:
        """Whether the line is talk between workshops: it says nothing about one."""
        if self.day or self.hours or self.capacity or self.says_kind:
            return False
        texts = [self.title, self.venue, *self.rest]
        return self.is_greeting or not (
            self.has_sure_venue or any(_names_venue(each) for each in texts)
        )

    @property
    def says_kind(self) -> bool:
        return any(kind_names.names_kind(text) for text in (self.title, *self.rest))


def read(text: str, number: int = 0) -> MessageLine:
    """Returns what a line says."""
    line = MessageLine(number)
    if sum(1 for _number in _NUMBERS.finditer(text[:MAX_LENGTH])) > MAX_NUMBERS:
        return MessageLine(number)
    bare = _BULLET.sub("", _LINK.sub(_say_link, _MARKUP.sub("", text[:MAX_LENGTH])))
    aligned = align(bare)
    line.is_greeting = _GREETING.match(aligned) is not None
    for part in _split_labels(bare):
        _read_part(line, part)
    return line


def align(text: str) -> str:
    """The text without capitals and accents, each letter in its place."""
    return "".join(_plain(letter) for letter in text)


def _plain(letter: str) -> str:
    if letter in "–—―−~→":
        return "-"
    if letter in " '’":
        return " " if letter == " " else "'"
    folded = fold(letter)
    return folded if len(folded) == 1 else letter if not letter.isspace() else " "


def _say_link(found: re.Match[str]) -> str:
    """Returns « zoom » for a link to a meeting, which says that the workshop is online, and a blank
    for any other link, of which nothing is kept."""
    return " zoom " if re.search(r"zoom|meet\.google|teams", found[0]) else " "


def _split_labels(text: str) -> Iterator[str]:
    start = 0
    for found in _NEXT_LABEL.finditer(align(text)):
        yield text[start : found.start()]
        start = found.end()
    yield text[start:]


def _read_part(line: MessageLine, text: str) -> None:
    about = next((field_ for sign, field_ in _SIGNS.items() if text.strip().startswith(sign)), None)
    labelled = _LABEL.match(align(text))
    if labelled is not None:
        about, text = _LABELS[labelled["label"]], text[labelled.end() :]
    text = _tidy(text)
    if not text:
        return
    if about is Field.VENUE:
        line.venue, line.has_sure_venue = line.venue or text, True
    elif about is Field.TITLE:
        line.title = line.title or text
    elif about is Field.CAPACITY and (number := _NUMBERS.search(text)) is not None:
        line.capacity = line.capacity or number[0]
    else:
        _read_free(line, text, is_day=about is Field.DAY)


@dataclass
class _FreeText:
    """The part of a piece of a line that is not read yet, also with its letters aligned for
    patterns."""

    text: str
    aligned: str

    def take(self, span: tuple[int, int]) -> str:
        """The text of a span, which is blank from then on."""
        taken = self.text[slice(*span)]
        self.text, self.aligned = _blank(self.text, span), _blank(self.aligned, span)
        return taken


def _read_free(line: MessageLine, text: str, *, is_day: bool) -> None:
    left = _FreeText(text, align(text))
    _drop_contact(left)
    if cancelled := _CANCELLED.search(left.aligned):
        line.is_cancelled = True
        left.take(cancelled.span())
    if not line.day:
        _take_day(line, left, is_day=is_day)
    if found := _CAPACITY.search(left.aligned):
        line.capacity = line.capacity or (found["after"] or found["before"])
        left.take(found.span())
    _take_hours(line, left)
    if not line.day and line.hours and (alone := _WEEKDAY_ALONE.search(left.aligned)) is not None:
        line.day = left.take(alone.span()).strip()  # asked: which of them?
    line.rest += [piece for each in _PIECES.split(left.text) if (piece := _tidy(each))]


def _drop_contact(left: _FreeText) -> None:
    """Cuts the piece off where a contact begins. A piece that begins with a contact stays whole if
    it says when."""
    contact = _CONTACT.search(left.aligned)
    if contact is None:
        return
    start = contact.start()
    if start or not (_find_day(left.aligned, is_day=False) or _IS_HOUR.search(left.aligned)):
        left.text, left.aligned = left.text[:start], left.aligned[:start]


def _take_day(line: MessageLine, left: _FreeText, *, is_day: bool) -> None:
    span = _find_day(left.aligned, is_day=is_day)
    if span is None:
        return
    line.day = left.take(span).strip(" ,.")
    second = _find_day(left.aligned, is_day=False)
    if second is not None:  # asked: is it one event?
        line.day += f" al {left.take(second).strip(' ,.')}"


def _take_hours(line: MessageLine, left: _FreeText) -> None:
    aligned = left.aligned
    has_hour = _NUMBERS.search(aligned) or _IS_HOUR.search(aligned)
    for hour in _HOURS.finditer(aligned) if has_hour else ():
        if _says_hour(hour) and hours.read_hours(hour[0].replace("'", " ")) is not None:
            end = zones.find_end(left.text, hour.end())
            said = hour[0].strip() + left.text[hour.end() : end]
            line.hours = f"{line.hours} y {said}" if line.hours else said
            left.text = _blank(left.text, (hour.start(), end))


def _find_day(aligned: str, *, is_day: bool) -> tuple[int, int] | None:
    patterns = (*day_lists.LISTS, _DAY, _DAY_RANGE, _WEEKDAY_AND_NUMBER)
    has_number = _NUMBERS.search(aligned) is not None
    found = [
        each.span() for p in patterns if has_number and (each := p.search(aligned)) is not None
    ]
    if not found:
        alone = _WEEKDAY_ALONE.search(aligned) if is_day else None
        return alone.span() if alone is not None else None
    first = min(start for start, _end in found)
    # The longest of those that begin near each other says most: «sáb 16 y dom 17 de enero».
    return max(
        (each for each in found if each[0] <= first + 12), key=lambda span: span[1] - span[0]
    )


def _says_hour(found: re.Match[str]) -> bool:
    """Whether a number is an hour: it has a mark, or is a range, or stands after «a las»."""
    marked = _IS_HOUR.search(found["one"]) or (found["two"] and _IS_HOUR.search(found["two"]))
    if marked or found["part"]:
        return True
    if found["two"]:
        return found["to"] in {"-", "a", "to"} and int(found["two"]) <= 24
    return re.search(r"\blas?\s|\bat\s", found["lead"]) is not None


def _blank(text: str, span: tuple[int, int]) -> str:
    """The text with a mark in place of a part: what stands on both sides are two pieces."""
    return text[: span[0]] + "\0" * (span[1] - span[0]) + text[span[1] :]


def _tidy(text: str) -> str:
    """A piece without emoji, contacts and loose words at its ends."""
    bare = "".join(letter for letter in text if not _is_emoji(letter))
    bare = _strip(" ".join(bare.split()))
    return "" if small_values.has_contact(bare) else bare


def _strip(text: str) -> str:
    """The text without punctuation at its ends; a bracket that it opens stays closed."""
    bare = text.strip(_EDGE)
    return f"{bare})" if bare.count("(") > bare.count(")") else bare


def _is_emoji(letter: str) -> bool:
    return ord(letter) > 0x2190 and not letter.isalnum() and letter not in "–—―"


def join_lines(lines: Sequence[MessageLine]) -> MessageLine:
    """Joins the lines of one workshop, and decides which piece is its title and which its venue."""
    first = lines[0]
    found = MessageLine(first.number)
    for line in lines:
        for name in ("day", "hours", "title", "venue", "capacity"):
            setattr(found, name, getattr(found, name) or getattr(line, name))
        found.is_cancelled |= line.is_cancelled
    titles: list[str] = []
    for line in lines:
        is_main = bool(line.day or line.hours) or len(lines) == 1
        for piece in line.rest:
            _sort_piece(found, titles, piece, is_main=is_main)
    if not found.title and titles:
        at = next((n for n, each in enumerate(titles) if kind_names.names_kind(each)), 0)
        found.title = titles.pop(at)
    if not found.venue and titles and _may_be_place(titles[0]):
        found.venue = titles.pop(0)
    found.rest = titles
    return found


def _sort_piece(found: MessageLine, titles: list[str], piece: str, *, is_main: bool) -> None:
    """Takes a piece for the venue, for a part of it, or for a title."""
    aligned, words = align(piece), fold(piece).split()
    if not words or fold(piece) in _SAYS_NOTHING:
        return
    if fold(piece) in _ONLINE or words[0] in {"zoom"}:
        found.venue = found.venue or piece
    elif (before := _BEFORE_PLACE.match(aligned)) is not None and len(piece) > before.end():
        _set_venue(found, piece[before.end() :])
    elif found.venue and (_ADDRESS.match(aligned) or places.is_room(piece)):
        found.venue = f"{found.venue}, {piece}"
    else:
        title, venue = _cut_venue(piece, aligned)
        if venue:
            _set_venue(found, venue)
        title = _strip(_drop_loose_words(_strip(title)))
        if title and (is_main or not titles):
            titles.append(title)


def _drop_loose_words(title: str) -> str:
    """The title without articles, prepositions and words for hours at its ends. Words are looked
    at one by one: the time of one pattern for all would grow with the square of their number."""
    start = 0
    while (found := _LOOSE_FIRST.match(title, start)) is not None:
        start = found.end()
    ends = [each.end() for each in _WORD.finditer(title, start)]
    end = len(title)
    while len(ends) > 1 and title[ends[-2] : end].strip().lower() in _LOOSE_LAST:
        ends.pop()
        end = ends[-1]
    return title[start:end]


def _set_venue(found: MessageLine, text: str) -> None:
    text = _strip(text)
    if not found.venue and text:
        found.venue = text


def _cut_venue(piece: str, aligned: str) -> tuple[str, str]:
    """A piece cut into title and venue; either may be empty."""
    for within in _WITHIN.finditer(aligned):
        rest = piece[within.end() :]
        if (
            _names_venue(rest)
            or fold(rest) in _ONLINE
            or kind_names.names_kind(piece[: within.start()])
        ):
            is_language = fold(rest).split()[:1] in (
                ["espanol"],
                ["ingles"],
                ["linea"],
                ["spanish"],
            )
            if not is_language:
                return piece[: within.start()], rest
    words = list(re.finditer(r"[^\s]+", piece))
    for number, word in enumerate(words):
        if fold(word[0]) in _FIRST_WORDS and not kind_names.names_kind(piece[word.start() :]):
            return (piece[: word.start()], piece[word.start() :]) if number else ("", piece)
    if _names_venue(piece):
        at = kind_names.find_end(piece)
        return (piece[:at], piece[at:]) if at else ("", piece)
    online = next(
        (
            each
            for each in sorted(_ONLINE, key=len, reverse=True)
            if f" {each}" in f" {fold(piece)}"
        ),
        "",
    )
    if online and fold(piece).endswith(online):
        return piece[: len(piece) - len(online)], piece[len(piece) - len(online) :]
    return piece, ""


def _names_venue(text: str) -> bool:
    words = set(fold(text).split())
    return bool(words & (_FIRST_WORDS | _LAST_WORDS))


def _may_be_place(text: str) -> bool:
    has_letters = any(map(str.isalpha, text))
    return has_letters and len(text.split()) <= MAX_PLACE_WORDS and not kind_names.names_kind(text)
