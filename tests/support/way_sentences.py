"""What must be read, and what must not, for each way of taking part: by surface and language.

The sentences are written here by hand. None is taken from the product or its catalogues, so that a
wrong word there is found."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

ByLanguage = Mapping[str, Sequence[str]]


class TakingPart(StrEnum):
    """The ways of the issue."""

    IN_PERSON = "in person"
    WALK_IN = "walk-in"
    VIDEO_CALL = "video call"
    LIVE = "live stream open to all"
    CALL = "telephone consultation"
    BY_PHONE = "appointment by phone"
    HYBRID_THERE = "hybrid, in person"
    HYBRID_ONLINE = "hybrid, on line"
    HOURS = "one-to-one hours"
    COURSE = "course"


class Surface(StrEnum):
    PAGE = "page"
    FORM = "form"
    TICKET = "ticket"
    LETTER = "letter"
    REMINDER = "reminder"
    ENTRY = "calendar entry"


class State(StrEnum):
    OPEN = "open"
    FULL = "full"
    FULL_NO_LIST = "full, no waiting list"
    NOT_OPEN = "not yet open"
    CANCELLED = "cancelled"
    PAST = "past"
    MOVED = "moved"


NO_REGISTRATION: Final = frozenset({TakingPart.WALK_IN, TakingPart.LIVE, TakingPart.BY_PHONE})
AT_A_VENUE: Final = frozenset(TakingPart) - {
    TakingPart.VIDEO_CALL,
    TakingPart.LIVE,
    TakingPart.CALL,
    TakingPart.HYBRID_ONLINE,
}


def _each(es: str, en: str, fr: str) -> ByLanguage:
    return {"es": es.split(" / "), "en": en.split(" / "), "fr": fr.split(" / ")}


CODE_AT_DOOR: Final = _each(
    "En la entrada muestra este código QR o di:",
    "At the door, show this QR code or say:",
    "À l’entrée, montrez ce code QR ou dites :",
)
QUIET_CODE_AT_DOOR: Final = _each(
    "En la entrada di solo este código:",
    "At the door, just say this code:",
    "À l’entrée, dites seulement ce code :",
)
CODE_IN_LETTER: Final = _each(
    "En la entrada di este código:",
    "At the door, say this code:",
    "À l’entrée, dites ce code :",
)
CODE_ON_THE_PHONE: Final = _each(
    "Tu código, si llamas por dudas:",
    "Your code, if you call with questions:",
    "Votre code, si vous appelez pour une question :",
)
CALLED_AT: Final = _each(
    "Te llamamos a las 9:20 a. m.", "We call you at 9:20 a.m.", "Nous vous appelons à 9 h 20"
)

# On the page while one can still take part.
PAGE: Final[dict[TakingPart, ByLanguage]] = {
    TakingPart.IN_PERSON: _each("Cómo venir", "How to come", "Comment venir"),
    TakingPart.WALK_IN: _each(
        "No hace falta apartar lugar.", "No need to save a place.", "Pas besoin de réserver."
    ),
    TakingPart.VIDEO_CALL: _each(
        "Cómo entrar / Por videollamada / El enlace sale en la página de tu lugar",
        "How to join / By video call / The link is on the page of your place",
        "Comment participer / Par appel vidéo / Le lien est sur la page de votre place",
    ),
    TakingPart.LIVE: _each(
        "Ver en vivo / Entra sin apartar", "Watch live / Join without booking",
        "Voir en direct / Entrez sans réserver",
    ),
    TakingPart.CALL: _each(
        "Por teléfono / Te llamamos a la hora que elijas / No tienes que ir a ningún lado",
        "By phone / We call you at the time you choose / You do not have to go anywhere",
        "Par téléphone / Nous vous appelons à l’heure que vous choisissez / "
        "Vous n’avez pas à vous déplacer",
    ),
    TakingPart.BY_PHONE: _each(
        "Aquí se aparta por teléfono / 312 555 0142",
        "Here places are saved by phone / 312 555 0142",
        "Ici, on réserve par téléphone / 312 555 0142",
    ),
    TakingPart.HYBRID_THERE: _each(
        "O en línea, desde tu casa: eliges al apartar",
        "Or online, from home: you choose when you save your place",
        "Ou en ligne, de chez vous : vous choisissez en réservant",
    ),
    TakingPart.HYBRID_ONLINE: _each(
        "O en línea, desde tu casa: eliges al apartar",
        "Or online, from home: you choose when you save your place",
        "Ou en ligne, de chez vous : vous choisissez en réservant",
    ),
    TakingPart.HOURS: _each("hablas a solas 20 minutos", "20 minutes", "20 minutes"),
    TakingPart.COURSE: _each("Cómo venir", "How to come", "Comment venir"),
}  # fmt: skip
FORM: Final[dict[TakingPart, ByLanguage]] = {
    TakingPart.IN_PERSON: _each(
        "¿Necesitas apoyo? Rampa, cuidado de niños, intérprete / Llamada / Correo / No me avisen",
        "Do you need support? Ramp, childcare, interpreter / Call / Email / Do not contact me",
        "Besoin de soutien? Rampe, garde d’enfants, interprète / Appel / Courriel / "
        "Ne pas me contacter",
    ),
    TakingPart.WALK_IN: _each(
        "No hace falta apartar lugar", "No need to save a place", "Pas besoin de réserver"
    ),
    TakingPart.VIDEO_CALL: _each("Por videollamada", "By video call", "Par appel vidéo"),
    TakingPart.LIVE: _each(
        "Entra sin apartar / Ver en vivo",
        "no booking needed / Watch live",
        "Entrez sans réserver / Voir en direct",
    ),
    TakingPart.CALL: _each(
        "¿A qué teléfono te llamamos? / Lo necesitamos: a tu hora te llamamos nosotros.",
        "Which phone do we call you on? / We need it: at your time, we call you.",
        "À quel téléphone vous appeler? / Nous en avons besoin : à votre heure, "
        "c’est nous qui appelons.",
    ),
    TakingPart.BY_PHONE: _each(
        "Aquí se aparta por teléfono", "Here you save your place by phone",
        "Ici, on réserve par téléphone",
    ),
    TakingPart.HYBRID_THERE: _each(
        "¿Cómo vienes? / En persona / En línea",
        "How will you take part? / In person / Online",
        "Comment participez-vous? / En personne / En ligne",
    ),
    TakingPart.HOURS: _each("Elige tu hora", "Choose your time", "Choisissez votre heure"),
    TakingPart.COURSE: _each(
        "Apartar también en la otra fecha",
        "Save a place on the other date too",
        "Réserver aussi à l’autre date",
    ),
}  # fmt: skip
FORM[TakingPart.HYBRID_ONLINE] = FORM[TakingPart.HYBRID_THERE]
TICKET: Final[dict[TakingPart, ByLanguage]] = {
    **dict.fromkeys(AT_A_VENUE - NO_REGISTRATION, CODE_AT_DOOR),
    **dict.fromkeys(
        (TakingPart.VIDEO_CALL, TakingPart.HYBRID_ONLINE),
        _each(
            "Entrar al taller en línea / Toca el botón a la hora del taller",
            "Join the online workshop / Tap the button at the time of the workshop",
            "Entrer dans l’atelier en ligne / Touchez le bouton à l’heure de l’atelier",
        ),
    ),
    TakingPart.CALL: CALLED_AT,
}
LETTER: Final[dict[TakingPart, ByLanguage]] = {
    **dict.fromkeys(AT_A_VENUE - NO_REGISTRATION, CODE_IN_LETTER),
    **dict.fromkeys((TakingPart.VIDEO_CALL, TakingPart.HYBRID_ONLINE), CODE_ON_THE_PHONE),
    TakingPart.CALL: _each(
        "Te llamamos a las 9:20 a. m. / Tu código, si llamas por dudas:",
        "We call you at 9:20 a.m. / Your code, if you call with questions:",
        "Nous vous appelons à 9 h 20 / Votre code, si vous appelez pour une question :",
    ),
}
# A plain reminder: the code is on the page to which it leads.
REMINDER: Final[dict[TakingPart, ByLanguage]] = {
    TakingPart.VIDEO_CALL: _each("En línea", "Online", "En ligne"),
    TakingPart.HYBRID_ONLINE: _each("En línea", "Online", "En ligne"),
    TakingPart.CALL: CALLED_AT,
}
ENTRY: Final[dict[TakingPart, ByLanguage]] = {
    TakingPart.VIDEO_CALL: _each("En línea", "Online", "En ligne"),
    TakingPart.HYBRID_ONLINE: _each("En línea", "Online", "En ligne"),
    TakingPart.CALL: _each("Por teléfono", "By phone", "Par téléphone"),
}
# What a state says, on the page.
PAGE_BY_STATE: Final[dict[State, ByLanguage]] = {
    State.FULL: _each(
        "Entrar a la lista de espera / Lleno · hay lista de espera",
        "Join the waiting list / Full · waiting list open",
        "M’inscrire à la liste d’attente / Complet · liste d’attente",
    ),
    State.FULL_NO_LIST: _each("Lleno", "Full", "Complet"),
    State.NOT_OPEN: _each(
        "Puedes apartar desde el", "You can save a place from", "Vous pouvez réserver à partir du"
    ),
    State.CANCELLED: _each(
        "Este taller se canceló", "This workshop was cancelled", "Cet atelier est annulé"
    ),
    State.PAST: _each("Este taller ya pasó", "This workshop is over", "Cet atelier est passé"),
    State.MOVED: _each(
        "Cambió la fecha o la hora / Antes era el viernes 4 de diciembre",
        "The date or time changed / It was Friday, December 4",
        "La date ou l’heure a changé / C’était le vendredi 4 décembre",
    ),
}
FORM_BY_STATE: Final[dict[State, ByLanguage]] = {
    State.FULL: _each(
        "Entra a la lista de espera", "Join the waiting list",
        "Inscrivez-vous sur la liste d’attente",
    ),
    State.FULL_NO_LIST: _each("Ya no hay lugares", "No places left", "Plus de places"),
    State.NOT_OPEN: _each(
        "Todavía no se apartan lugares", "Places cannot be saved yet",
        "On ne peut pas encore réserver",
    ),
    State.CANCELLED: PAGE_BY_STATE[State.CANCELLED],
    State.PAST: _each(
        "Ya no se apartan lugares", "Places are closed", "Réservations fermées"
    ),
}  # fmt: skip
TICKET_BY_STATE: Final[dict[State, ByLanguage]] = {
    State.CANCELLED: PAGE_BY_STATE[State.CANCELLED],
    State.PAST: _each("Ya pasó.", "It is over.", "C’est passé."),
    State.MOVED: _each("Cambió", "hanged", "hang"),
}
WOMEN_ONLY: Final = _each("Solo para mujeres.", "For women only.", "Pour femmes seulement.")
TELLS_NOBODY: Final = _each("No le decimos a nadie que", "We tell nobody that",
    "Nous ne disons à personne que")  # fmt: skip

# --- What contradicts
THE_DOOR: Final = _each(
    "la entrada / código QR / una silla / llegar sin / Abrir en mi mapa / Rampa / Llega sin cita / "
    "puede venir / Cómo venir / Sin escalones",
    "the door / QR code / a chair / walk in / come without / Open in my map / Ramp / can come / "
    "How to come",
    "l’entrée / code QR / une chaise / Ouvrir dans ma carte / Rampe / venir sans / peut venir / "
    "Comment venir",
)
ON_LINE: Final = _each(
    "En línea / Entra sin apartar / Entrar al taller / el enlace sale / Ver en vivo / videollamada",
    "Online / Join without booking / Join the online / Watch live / video call",
    "En ligne / Entrez sans / Entrer dans l’atelier / Voir en direct / appel vidéo",
)
A_CALL: Final = _each(
    "Te llamamos a la / Nos falta tu teléfono / ¿A qué teléfono",
    "We call you at / We need your phone / Which phone do",
    "Nous vous appelons à / Il nous manque / À quel téléphone",
)
SAVING: Final = _each(
    "Apartar mi lugar / Apartar mi hora / Apartar esta hora / Elegir mi hora / "
    "Aparta tu lugar aquí",
    "Save my place / Save my time / Save this time / Choose my time / Save your place here",
    "Réserver ma place / Réserver mon heure / Réserver cette heure / Choisir mon heure / "
    "Réservez votre place ici",
)  # fmt: skip
TAKING: Final = _each(
    "Apartar mi lugar / Entrar a la lista / Ver en vivo / Entrar al taller en línea / "
    "puedes llegar sin / Te llamamos a las",
    "Save my place / Join the waiting / Watch live / Join the online / can also come / "
    "We call you at",
    "Réserver ma place / M’inscrire / Voir en direct / Entrer dans l’atelier / venir sans / "
    "Nous vous appelons à",
)
PLACES_LEFT: Final = _each("Quedan / Queda", " places free / times free", "Il en reste / Il reste")
ANYBODY: Final = _each("Cualquier persona", "Anyone", "Tout le monde")
NEVER: Final = _each("None / undefined", "None / undefined", "None / undefined")


def list_required(
    way: TakingPart, state: State, surface: Surface, *, is_discreet: bool, is_women_only: bool
) -> list[ByLanguage]:
    """What the surface must say."""
    can_take_part = state in {
        State.OPEN,
        State.FULL,
        State.FULL_NO_LIST,
        State.NOT_OPEN,
        State.MOVED,
    }
    has_form = state in {State.OPEN, State.MOVED}
    found: list[ByLanguage] = []
    if surface is Surface.PAGE:
        found += [PAGE_BY_STATE[state]] if state in PAGE_BY_STATE else []
        found += [PAGE[way]] if can_take_part else []
        found += [WOMEN_ONLY] if is_women_only else []
        found += [TELLS_NOBODY] if is_discreet or is_women_only else []
    elif surface is Surface.FORM:
        by_state = FORM_BY_STATE.get(state)
        if by_state is not None:
            found.append(by_state)
        if has_form and not (is_discreet and way is TakingPart.IN_PERSON):
            found.append(FORM[way])
        if is_discreet and has_form and way not in NO_REGISTRATION:
            found.append(TELLS_NOBODY)
    elif surface is Surface.TICKET:
        by_state = TICKET_BY_STATE.get(state)
        if by_state is not None and not (is_discreet and state is State.CANCELLED):
            found.append(by_state)
        if can_take_part:
            at_door = is_discreet and way in AT_A_VENUE
            found.append(QUIET_CODE_AT_DOOR if at_door else TICKET[way])
    elif surface is Surface.LETTER and not is_discreet and state is not State.CANCELLED:
        found.append(LETTER[way])
    elif surface is Surface.REMINDER and not is_discreet and way in REMINDER:
        found.append(REMINDER[way])
    elif surface is Surface.ENTRY and not is_discreet and way in ENTRY:
        found.append(ENTRY[way])
    return found


def list_forbidden(
    way: TakingPart, state: State, surface: Surface, *, is_discreet: bool, is_women_only: bool
) -> list[ByLanguage]:
    """What the surface must not say."""
    found: list[ByLanguage] = [NEVER]
    is_personal = surface in {Surface.TICKET, Surface.LETTER, Surface.REMINDER, Surface.ENTRY}
    is_both = way in {TakingPart.HYBRID_THERE, TakingPart.HYBRID_ONLINE} and not is_personal
    if way not in AT_A_VENUE and not is_both:
        found.append(THE_DOOR)
    if (
        way not in {TakingPart.VIDEO_CALL, TakingPart.LIVE, TakingPart.HYBRID_ONLINE}
        and not is_both
    ):
        found.append(ON_LINE)
    if way is not TakingPart.CALL:
        found.append(A_CALL)
    if way in NO_REGISTRATION:
        found.append(SAVING)
    if state in {State.CANCELLED, State.PAST}:
        found.append(TAKING)
    if state is State.NOT_OPEN and surface in {Surface.PAGE, Surface.FORM}:
        found.append(SAVING)
    if state in {State.FULL, State.FULL_NO_LIST} and surface is Surface.PAGE:
        found.append(PLACES_LEFT)
    if is_women_only:
        found.append(ANYBODY)
    return found
