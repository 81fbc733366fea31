"""The signs of a fraud in words, for people and for staff."""

from typing import Final

from outreach.domain.network.fraud_reports import FraudSign
from outreach.i18n import N_
from outreach.i18n import gettext as _

_WORDS: Final = {
    FraudSign.MONEY: N_("Me cobraron o querían cobrarme"),
    FraudSign.DEPOSIT: N_("Me pidieron un depósito o tarjetas de regalo"),
    FraudSign.DOCUMENTS: N_("Me pidieron documentos, fotos o mi número de seguro social"),
    FraudSign.STATUS: N_("Me preguntaron mi estatus migratorio"),
    FraudSign.THREAT: N_("Me amenazaron o me apuraron"),
    FraudSign.BY_CALL: N_("Por llamada"),
    FraudSign.BY_TEXT: N_("Por mensaje o WhatsApp"),
    FraudSign.BY_WEB: N_("En una página o red social"),
    FraudSign.BY_FLYER: N_("En un volante"),
    FraudSign.IN_PERSON: N_("En persona"),
}


def sign_words(sign: FraudSign) -> str:
    words: str = _(_WORDS[sign])
    return words
