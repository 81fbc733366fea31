"""Checks the display name that a staff member types for themselves or for a colleague."""

from outreach.domain.network.staff import MAX_NAME_LENGTH
from outreach.domain.text import looks_like_an_address
from outreach.i18n import gettext as _


def fault_of(name: str) -> str:
    """Returns what is wrong with a name, in words; empty where it can be stored. Colleagues read it
    in lists and in the audit log, so it may hold no link."""
    if len(name) > MAX_NAME_LENGTH:
        return _("Es demasiado largo. Escribe menos.")
    if looks_like_an_address(name):
        return _("Escribe solo un nombre, sin correo ni enlace.")
    return ""
