"""Names of the sorts of work in the queue."""

from collections.abc import Mapping
from typing import Final

from outreach.domain.dashboard.work_queue import WorkSort
from outreach.i18n import lazy

SORT_NAMES: Final[Mapping[WorkSort, str]] = {
    WorkSort.APPROVE: lazy("Por aprobar"),
    WorkSort.CALL: lazy("Por llamar"),
    WorkSort.CONFIRM: lazy("Por confirmar"),
    WorkSort.NOTIFY: lazy("Por avisar"),
    WorkSort.REVIEW: lazy("Por revisar"),
    WorkSort.LETTER: lazy("Correos devueltos"),
    WorkSort.REPORT: lazy("Por reportar"),
}
