"""What the pages say of each sort of work in the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from outreach.domain.dashboard.pending_items import WorkSort
from outreach.i18n import lazy


@dataclass(frozen=True, kw_only=True)
class SortLabel:
    """The words and the icon of a sort of work."""

    name: str
    """The name in the filter of the queue and on the first page."""
    icon: str
    line: str
    """What a line says whose person is not shown; empty where it depends on the line."""


LABELS: Final[Mapping[WorkSort, SortLabel]] = {
    WorkSort.APPROVE: SortLabel(
        name=lazy("Por aprobar"), icon="lock", line=lazy("1 registro espera la dirección")
    ),
    WorkSort.CALL: SortLabel(name=lazy("Por llamar"), icon="phone", line=lazy("1 llamada privada")),
    WorkSort.CONFIRM: SortLabel(
        name=lazy("Por confirmar"), icon="phone", line=lazy("1 llamada privada")
    ),
    WorkSort.NOTIFY: SortLabel(
        name=lazy("Por avisar"), icon="letter", line=lazy("Cambió y no lo saben")
    ),
    WorkSort.REVIEW: SortLabel(name=lazy("Por revisar"), icon="people", line=""),
    WorkSort.LETTER: SortLabel(
        name=lazy("Correos devueltos"), icon="letter", line=lazy("1 correo privado no llegó")
    ),
    WorkSort.REPORT: SortLabel(
        name=lazy("Por reportar"), icon="check", line=lazy("Falta reportar asistencia")
    ),
}
