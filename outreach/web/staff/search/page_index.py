"""The pages and settings that the search finds by their names, each for who may open it."""

from typing import Final

from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.search.staff_search import has_words
from outreach.domain.text import fold
from outreach.i18n import gettext as _
from outreach.web.staff.common.guards import has_permission, has_permission_anywhere
from outreach.web.staff.dashboard import menu
from outreach.web.staff.dashboard.menu import MenuEntry
from outreach.web.staff.lists import list_pages
from outreach.web.staff.network import settings_page

MAX_ENTRIES: Final = 8


def find_pages(words: tuple[str, ...]) -> list[MenuEntry]:
    """The pages with these words in their name or in what they are for, and after them the
    settings; at most MAX_ENTRIES."""
    entries = [
        each for each in _list_pages() if has_words(fold(f"{each.name} {each.is_for}"), words)
    ]
    return [*entries, *_find_settings(words)][:MAX_ENTRIES] if words else []


def _list_pages() -> list[MenuEntry]:
    entries = [
        MenuEntry("/org/", "home", _("Hoy"), _("Lo que espera y los talleres de hoy")),
        MenuEntry("/org/talleres", "calendar", _("Talleres"), _("El calendario de tus talleres")),
        MenuEntry(
            "/org/talleres?vista=lista",
            "calendar",
            _("Lista de talleres"),
            _("Con filtros y orden"),
        ),
        MenuEntry("/org/mes", "check", _("Mes"), _("Reportar y cerrar el mes; asistencia")),
    ]
    if has_permission_anywhere(Permission.EDIT):
        name, is_for = _("Nuevo taller"), _("Crear y publicar un taller")
        entries.append(MenuEntry("/org/talleres/nuevo", "plus", name, is_for))
    if has_permission_anywhere(Permission.DOOR):
        name, is_for = _("Entrada"), _("Marcar quién llegó")
        entries.append(MenuEntry("/org/entrada", "squares", name, is_for))
    entries += [
        MenuEntry("/org/cuenta#l", "lock", _("Llaves"), _("Entrar con tu teléfono o una llave")),
        MenuEntry("/org/cuenta#c", "lock", _("Códigos"), _("Segundo factor y códigos de papel")),
        MenuEntry("/org/cuenta#p", "lock", _("Contraseña"), _("Cambiar tu contraseña")),
        MenuEntry("/org/cuenta#s", "lock", _("Sesiones"), _("Dónde tienes la sesión abierta")),
    ]
    if has_permission(Permission.NETWORK, ALL_OFFICES):
        name, is_for = _("Calendario de publicación"), _("Cuándo salen las cifras de cada mes")
        entries.append(MenuEntry("/org/ajustes/publicacion", "calendar", name, is_for))
    entries += [
        MenuEntry(f"/org/listas/{each.name}", each.picture, str(each.title), str(each.is_for))
        for each in list_pages.list_permitted()
    ]
    known = {each.address for each in entries}
    return entries + [each for each in menu.list_entries() if each.address not in known]


def _find_settings(words: tuple[str, ...]) -> list[MenuEntry]:
    """Settings by the name of their variable; their values are neither searched nor shown."""
    if not has_permission(Permission.NETWORK, ALL_OFFICES):
        return []
    names = [each.name for each in settings_page.list_of_network()]
    return [
        MenuEntry(f"/org/ajustes#{name}", "wrench", name, _("Ajuste del servidor"))
        for name in names
        if has_words(fold(name), words)
    ]
