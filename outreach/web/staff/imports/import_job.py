"""Loads a file that was seen, in one transaction; of a long one the page tells how far it is.

It goes on in a thread, so that whoever reads the page slowly, or closes it, neither holds the
database nor breaks off half of it: the answer only tells what the thread has counted.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Final

import sqlalchemy as sa
from flask import Response
from markupsafe import escape
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.dashboard.agenda import Offices
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.errors import NotFound, OutreachError
from outreach.imports import workshops
from outreach.imports.import_errors import ImportFault, ImportRejected
from outreach.imports.import_result import ImportResult
from outreach.imports.workshops.preview import PreviewVerdict
from outreach.keystore import KeyStore
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.staff.common.guards import current_staff
from outreach.web.staff.imports import import_preview
from outreach.web.staff.imports.import_preview import PreviewedFile
from outreach.web.staff.imports.preview_fingerprint import print_of

MANY: Final = 500  # lines from which on the page tells how far it is
EACH: Final = 100
TOLD: Final = 20  # faults, where the page has been begun
HERE: Final = "<!-- here -->"  # where the page is parted for what is told

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportJobOutcome:
    is_loaded: bool
    address: str
    faults: Sequence[ImportFault] = field(default_factory=tuple)


@dataclass
class ImportJob:
    """All that is needed to load, once the request is over too."""

    store: Store
    key_store: KeyStore
    organizer_id: int
    public_id: str
    seen: str
    mine: Offices
    tell: SimpleQueue[int | ImportJobOutcome | None] = field(default_factory=SimpleQueue)

    def run(self) -> ImportJobOutcome:
        """Loads all, or nothing. Raises NotFound when somebody has loaded it already."""
        refused = f"/org/traer?lote={self.public_id}"
        try:
            with self.store.change() as session:
                looked = self._looked(session)
                if looked.faults:
                    return ImportJobOutcome(False, refused, looked.faults)
                if print_of(looked.preview.marks) != self.seen:
                    return ImportJobOutcome(False, f"{refused}&cambio=1")
                loaded = workshops.load(session, looked.rows, now=clock.now(), watch=self._watch)
                self._note(session, looked)
        except ImportRejected as faulty:
            return ImportJobOutcome(False, refused, faulty.faults)
        except sa.exc.IntegrityError:  # the same id, loaded by somebody else at this moment
            return ImportJobOutcome(False, f"{refused}&cambio=1")
        self._move(loaded)
        counts = "-".join(str(looked.count(verdict)) for verdict in PreviewVerdict)
        month = min((row.day for row in looked.rows), default=clock.now().date())
        return ImportJobOutcome(True, f"/org/traer?hecho={counts}&mes={month:%Y-%m}")

    def in_the_background(self) -> None:
        """The same, and tells of it."""
        try:
            self.tell.put(self.run())
        except OutreachError:
            self.tell.put(None)
        except Exception as error:
            # The kind of error only: its text might hold what is in the file.
            log.error("loading a file failed: %s", type(error).__name__)
            self.tell.put(None)

    def _looked(self, session: Session) -> PreviewedFile:
        now = clock.now()
        batch = import_batches.find(session, self.public_id, self.organizer_id, now=now)
        looked = import_preview.at(session, import_preview.again(batch), self.mine, now=now)
        is_as_seen = not looked.faults and print_of(looked.preview.marks) == self.seen
        if is_as_seen and not import_batches.take(session, batch):
            raise NotFound("batch")
        return looked

    def _note(self, session: Session, looked: PreviewedFile) -> None:
        """One line for each office, with how many of its workshops."""
        of_office: dict[str, Counter[PreviewVerdict]] = {}
        for each in looked.preview.seen:
            left = [change.before for change in each.changes if change.field == "office"]
            for slug in (each.row.office, *left):
                of_office.setdefault(slug, Counter())[each.verdict] += 1
        for slug, counts in sorted(of_office.items()):
            said = ", ".join(f"{verdict} {counts[verdict]}" for verdict in PreviewVerdict)
            audit_log.record(
                session,
                self.organizer_id,
                "workshops brought in",
                now=clock.now(),
                office=slug,
                detail=f"file {self.public_id}: {said}",
            )

    def _move(self, loaded: ImportResult) -> None:
        """Whoever registered is to be forgotten as many days after the new day. All is loaded by
        then, and stays so: where the ring cannot be reached, the next purge makes up for it."""
        for workshop_id, day in loaded.moved.items():
            try:
                self.key_store.move(workshop_id, day)
            except Exception as error:
                log.error("keys of workshop %s not moved: %s", workshop_id, type(error).__name__)

    def _watch(self, rows: Iterable[Any]) -> Iterator[Any]:
        for number, row in enumerate(rows):
            if number % EACH == 0:
                self.tell.put(number)
            yield row


def job(public_id: str, seen: str, mine: Offices) -> ImportJob:
    return ImportJob(store(), key_store(), current_staff().organizer_id, public_id, seen, mine)


def told(work: ImportJob, batch: ImportBatch, around: Response) -> Response:
    """The page, and in it how many rows are done, as long as it takes."""
    before, _here, after = around.get_data(as_text=True).partition(HERE)
    threading.Thread(target=work.in_the_background).start()
    answer = Response(_lines(work, batch, before, after), mimetype="text/html")
    answer.direct_passthrough = True  # it is told as it happens, and not packed
    return answer


def _lines(work: ImportJob, batch: ImportBatch, before: str, after: str) -> Iterator[bytes]:
    yield before.encode()
    while isinstance(found := work.tell.get(), int):
        yield f'<li class="number">{found:,} de {batch.lines:,} renglones</li>\n'.encode()
    if found is not None and found.is_loaded:
        link = escape(found.address)
        said = "<li><b>Listo.</b></li>"
        goes_on = f'<meta http-equiv="refresh" content="0;url={link}">'
    else:
        link = escape(found.address if found is not None else "/org/talleres")
        said = f"<li><b>No se cargó nada.</b> {_why(found)}</li>"
        goes_on = ""  # it is read first
    yield f'{said}</ul><p><a class="button" href="{link}">Seguir</a></p>{goes_on}'.encode()
    yield after.encode()


def _why(found: ImportJobOutcome | None) -> str:
    """Why nothing was loaded, and what to do; of many faults the first."""
    if found is None:  # somebody has loaded it already, or it broke
        return "Mira si ya están tus talleres. Si no, sube el archivo otra vez."
    if not found.faults:
        return "Algo cambió desde que lo viste. Míralo otra vez y decide."
    told = [
        f"</li><li>Renglón {each.line}, {escape(each.field)}: "
        f"{escape(error_messages.say(each.error))}"
        for each in found.faults[:TOLD]
    ]
    if len(found.faults) > TOLD:
        told.append(f"</li><li>Y {len(found.faults) - TOLD:,} más.")
    return "Arregla el archivo y súbelo otra vez." + "".join(told)
