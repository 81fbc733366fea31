"""Labels of calls on the staff pages: what came of them, and why somebody is not called now."""

from collections.abc import Mapping
from typing import Final

from outreach.domain.registrations.call_attempts import CallBlock, CallOutcome
from outreach.i18n import gettext as _
from outreach.i18n import lazy

OUTCOMES: Final[Mapping[str, str]] = {
    CallOutcome.ANSWERED.value: lazy("contestó"),
    CallOutcome.NO_ANSWER.value: lazy("no contestó"),
    CallOutcome.WRONG_NUMBER.value: lazy("número equivocado"),
    CallOutcome.LATER.value: lazy("llamar después"),
    CallOutcome.OTHER_PERSON.value: lazy("contestó otra persona"),
}


def block_words(block: CallBlock) -> str:
    """Returns why the number is not shown, or no call can be noted."""
    words: dict[CallBlock, str] = {
        CallBlock.ENDED: _("A ese número ya no se llama: era de otra persona, o contestó otra."),
        CallBlock.TODAY: _("Hoy ya se le llamó. En un taller privado se llama una vez al día."),
        CallBlock.LATER: _("Pidió otra hora, o no contestó: vuelve sola a la lista."),
        CallBlock.OPENED: _(
            "Otra persona del equipo abrió hoy esta llamada, o llamó a ese número."
        ),
    }
    return words[block]
