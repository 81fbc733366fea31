"""Reads the smaller values of a row: capacity, status, mode, languages, childcare."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from outreach.domain.text import fold
from outreach.domain.workshops import UID_PREFIX, DeliveryMode, WorkshopStatus
from outreach.imports.guess.headings import Field
from outreach.imports.guess.remarks import Remark, RemarkCode, quote, remark
from outreach.imports.guess.word_lists import listed
from outreach.imports.sheets.raw_sheets import Cell
from outreach.imports.workshops.read import MAX_SEATS

_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:[,.][0-9]{3})+(?![0-9])|[0-9]{1,9}(?:[.,][0-9]{1,4})?")
_UNLIMITED: Final = listed(
    """ilimitado ilimitada sin_limite s_l sl libre cupo_libre abierto abierta unlimited no_limit
    open illimite sans_limite entrada_libre sin_cupo no_hay_limite todos cupo_ilimitado illimitee"""
)
_NOTHING: Final = listed("n_a na nd n_d tbd pendiente por_definir")
# Words beside a number that leave it what it is.
_OF_CAPACITY: Final = listed(
    """personas persona pers per cupo cupos lugares lugar places place people seats seat max maximo
    maxima maximum hasta up to capacidad capacity asistentes de aprox aproximadamente about familias
    personnes limite limitado a aforo pax plazas asientos spots participantes participants jusqu
    sillas total gente"""
)
_STATUSES: Final[Mapping[WorkshopStatus, str]] = MappingProxyType(
    {
        WorkshopStatus.PUBLISHED: """publicado publicada publicar publicados published publish
            publie publiee public publico confirmado confirmada confirmed confirme confirmee live
            activo activa active actif listo lista listos listas listo_para_publicar
            lista_para_publicar listos_para_publicar ready ready_to_publish ready_to_go pret prete
            pret_a_publier prete_a_publier aprobado aprobada approved approuve autorizado autorizada
            authorized programado programada scheduled planifie agendado agendada hecho done fait
            completado complete completed complet lleno agotado sold_out en_venta on_sale open
            abierto abierta started en_curso en_linea_publica vigente definitivo definitiva final
            finalizado confirmed_publish se_publica ya_publicado already_published si_publicar
            si yes oui s y ok true verdadero vrai 1 visible ✓ ✔""",
        WorkshopStatus.DRAFT: """borrador borradores draft brouillon por_confirmar tentativo
            tentativa tentative to_confirm tbc tbd a_confirmer en_espera pendiente pending
            pendiente_de_confirmar sin_confirmar no no_publicado no_publicar non unpublished
            unconfirmed not_confirmed no_confirmado en_revision en_proceso planeado planeada
            propuesto propuesta planned propuesta false falso faux 0 n por_definir provisional
            en_preparacion non_confirme to_be_confirmed not_published por_publicar hidden oculto
            en_tramite proposed in_progress por_revisar por_aprobar por_autorizar revisar
            falta_confirmar not_started sin_iniciar sin_empezar to_do todo pendiente_de_publicar
            pendiente_de_aprobacion pending_approval awaiting_approval needs_review in_review review
            en_borrador brouillons a_publier a_valider en_attente planeacion planning idea""",
        WorkshopStatus.CANCELLED: """cancelado cancelada cancelados cancelled canceled cancel annule
            annulee cancelo se_cancelo suspendido suspendida suspended anulado anulada
            cancelar""",
    }
)
_STATUS_OF: Final = MappingProxyType(
    {
        word.replace("_", " "): status
        for status, words in _STATUSES.items()
        for word in words.split()
    }
)
_MODE_OF: Final[Mapping[str, DeliveryMode]] = MappingProxyType(
    {
        word.replace("_", " "): mode
        for mode, words in {
            DeliveryMode.IN_PERSON: """presencial presenciales in_person onsite on_site en_persona
                face_to_face presentiel en_presentiel en_personne in_situ""",
            DeliveryMode.VIDEO_CALL: """virtual en_linea online on_line por_zoom zoom a_distancia
                remoto remote videollamada teams google_meet meet webinar en_ligne virtuel
                video_call videoconferencia por_internet virtual_sala webex a_distance
                video_conference distancia""",
            DeliveryMode.LIVE_STREAM: """virtual_en_vivo facebook_live transmision en_vivo
                live_stream youtube livestream por_facebook facebook transmision_en_vivo""",
            DeliveryMode.HYBRID: "hibrido hibrida hybrid hybride mixto mixta presencial_y_virtual",
            DeliveryMode.PHONE_BANK: """telefonico telefonica por_telefono phone by_phone
                par_telephone banco_telefonico phone_bank""",
        }.items()
        for word in words.split()
    }
)
_LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: code
        for code, words in {
            "es": "es espanol spanish castellano espagnol esp spa",
            "en": "en ingles english anglais ing eng",
            "fr": "fr frances french francais fra",
        }.items()
        for word in words.split()
    }
)
_YES: Final = listed("si yes oui s y true verdadero vrai 1 x ok hay con")
_NO: Final = listed("no non n false falso faux 0 ninguno ninguna sin na")
_PHONE: Final = re.compile(
    r"(?<![0-9])(?:\+?1[ .-]?)?\(?[0-9]{3}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}(?![0-9])"
)
_MOMENT: Final = re.compile(r"(?:0?|[3-7][0-9]{4})[.,][0-9]{6,17}")
_OWN_ID: Final = re.compile(rf"{UID_PREFIX}[0-9A-Z]{{20}}")
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}\.[^\s@]{2,63}")


def read_capacity(cell: Cell) -> tuple[int | None, list[Remark]]:
    """Returns how many places there are; None where the cell is blank."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None, [remark(Field.CAPACITY, RemarkCode.CAPACITY_UNREADABLE, value=quote(cell))]
    text = str(cell)
    folded = fold(text)
    if not folded:
        return None, []
    if folded in _NOTHING:
        return _unreadable(text)
    if folded in _UNLIMITED:
        return None, [remark(Field.CAPACITY, RemarkCode.CAPACITY_UNLIMITED, value=quote(text))]
    numbers = _NUMBER.findall(text)
    others = set(fold(_NUMBER.sub(" ", text)).split())
    if len(numbers) != 1 or "-" in text.strip()[:1] or not others <= _OF_CAPACITY:
        return _unreadable(text)
    number = _whole(numbers[0])
    if number is None or not 0 < number <= MAX_SEATS:
        return _unreadable(text)
    return number, []


def _unreadable(text: str) -> tuple[None, list[Remark]]:
    return None, [remark(Field.CAPACITY, RemarkCode.CAPACITY_UNREADABLE, value=_safe(text))]


def _whole(text: str) -> int | None:
    """Reads a whole number: «30», «30.0», «1,200»."""
    if re.fullmatch(r"[0-9]{1,3}(?:[,.][0-9]{3})+", text):
        return int(text.replace(",", "").replace(".", ""))
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else None


def says_cancelled(cell: Cell) -> bool:
    """Whether a status says that it is not held. What else it says does not matter: programs write
    «confirmed» by themselves, and only staff publish."""
    words = fold(str(cell)).split()
    # «CANCELADO por clima» is, «no cancelado» is not.
    beginnings = (" ".join(words[:count]) for count in (len(words), 2, 1))
    return any(_STATUS_OF.get(each) is WorkshopStatus.CANCELLED for each in beginnings)


def is_status(cell: Cell) -> bool:
    return isinstance(cell, bool) or fold(str(cell)) in _STATUS_OF


def read_mode(cell: Cell) -> tuple[DeliveryMode | None, list[Remark]]:
    """Returns how the workshop is delivered; None where the cell is blank."""
    folded = fold(str(cell))
    if not folded:
        return None, []
    found = _MODE_OF.get(folded)
    if found is None:
        return None, [remark(Field.MODE, RemarkCode.MODE_UNKNOWN, value=_safe(str(cell)))]
    return found, []


def is_mode(cell: Cell) -> bool:
    return fold(str(cell)) in _MODE_OF


def find_online_mode(place: str) -> DeliveryMode | None:
    """Returns the mode of a workshop whose place is «Zoom», «en línea» or a link; None for any
    other place."""
    if place.casefold().startswith(("http://", "https://", "www.")):
        return DeliveryMode.VIDEO_CALL
    found = _MODE_OF.get(fold(place))
    if found is None and fold(place).split()[:1] in (["zoom"], ["virtual"], ["online"]):
        found = DeliveryMode.VIDEO_CALL
    return None if found is not None and found.has_venue else found


def read_languages(cell: Cell) -> tuple[str, ...]:
    """The languages that are named; none where a word is unknown: the default is used."""
    words = [each for each in fold(str(cell)).split() if each not in {"y", "and", "et", "e"}]
    found = [_LANGUAGES.get(word) for word in words]
    if not found or None in found:
        return ()
    return tuple(dict.fromkeys(each for each in found if each))


def read_flag(cell: Cell) -> bool | None:
    """Reads yes or no; None where a cell says neither."""
    if isinstance(cell, bool):
        return cell
    words = fold(str(cell)).split()[:1] or ([str(cell).strip()] if cell in {"✓", "✔"} else [])
    if not words:
        return None
    if words[0] in _YES or words[0] in {"✓", "✔"}:
        return True
    return False if words[0] in _NO else None


def has_contact(text: str) -> bool:
    """Whether a text has a telephone number or an e-mail address. The digits of a moment as
    spreadsheets count it, 46405.4166666667, are none, nor are those of an id in our own files."""
    if _MOMENT.fullmatch(text) or _OWN_ID.fullmatch(text):
        return False
    return _PHONE.search(text) is not None or _EMAIL.search(text) is not None


def redact(text: str) -> str:
    """Returns the text with made-up telephone numbers and e-mail addresses in place of its own, so
    that `has_contact` still finds them."""
    return _EMAIL.sub("x@example.org", _PHONE.sub("000-000-0000", text))


def _safe(text: str) -> str:
    """Returns the beginning of a cell for a message, or «…» where it may be about a person."""
    return "…" if has_contact(text) else quote(text)
