"""Loads a previewed file in one transaction, with progress on the page for a long file.

A long file is loaded in a thread, so that a slow or closed browser neither holds the transaction
open nor interrupts it. The response only reports what the thread has counted.
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

from outreach import clock, network_profile
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.dashboard.agenda import Offices
from outreach.domain.registrations.change_notifications import NotifyDecision
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.errors import NotFound, OutreachError
from outreach.i18n import current, translator, use_language
from outreach.i18n import gettext as _
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
from outreach.web.staff.imports.preview_fingerprint import fingerprint

MIN_PROGRESS_LINES: Final = 500  # from this length on, the page shows progress
PROGRESS_STEP: Final = 100  # lines
MAX_FAULTS: Final = 20  # shown at the end of a page with progress
MARKER: Final = "<!-- here -->"  # the place of the progress in the page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportJobOutcome:
    is_loaded: bool
    address: str
    faults: Sequence[ImportFault] = field(default_factory=tuple)


@dataclass
class ImportJob:
    """What loading needs after the request has ended."""

    store: Store
    key_store: KeyStore
    organizer_id: int
    public_id: str
    seen: str
    offices: Offices
    progress: SimpleQueue[int | ImportJobOutcome | None] = field(default_factory=SimpleQueue)

    def run(self) -> ImportJobOutcome:
        """Loads all rows, or none. Raises NotFound when the file has been loaded already."""
        refused = f"/org/traer?lote={self.public_id}"
        try:
            with self.store.change() as session:
                preview = self._preview(session)
                if preview.faults:
                    return ImportJobOutcome(False, refused, preview.faults)
                if fingerprint(preview.preview.marks) != self.seen:
                    return ImportJobOutcome(False, f"{refused}&cambio=1")
                loaded = workshops.load(
                    session,
                    preview.rows,
                    now=clock.now(),
                    watch=self._watch,
                    decision=NotifyDecision(undo_window=UNDO_WINDOW),
                )
                self._log(session, preview)
        except ImportRejected as faulty:
            return ImportJobOutcome(False, refused, faulty.faults)
        except sa.exc.IntegrityError:  # the same id was loaded by another request meanwhile
            return ImportJobOutcome(False, f"{refused}&cambio=1")
        self._move(loaded)
        counts = "-".join(str(preview.count(verdict)) for verdict in PreviewVerdict)
        month = min((row.day for row in preview.rows), default=clock.now().date())
        return ImportJobOutcome(True, f"/org/traer?hecho={counts}&mes={month:%Y-%m}")

    def run_in_background(self) -> None:
        """Does what `run` does, and puts the outcome in `progress`."""
        try:
            self.progress.put(self.run())
        except OutreachError:
            self.progress.put(None)
        except Exception as error:
            # Only the type: the message may contain data of the file.
            log.error("loading a file failed: %s", type(error).__name__)
            self.progress.put(None)

    def _preview(self, session: Session) -> PreviewedFile:
        now = clock.now()
        batch = import_batches.find(session, self.public_id, self.organizer_id, now=now)
        preview = import_preview.build(
            session, import_preview.restore(batch), self.offices, now=now
        )
        is_unchanged = not preview.faults and fingerprint(preview.preview.marks) == self.seen
        if is_unchanged and not import_batches.take(session, batch):
            raise NotFound("batch")
        return preview

    def _log(self, session: Session, preview: PreviewedFile) -> None:
        """Logs the number of workshops for each office."""
        by_office: dict[str, Counter[PreviewVerdict]] = {}
        for each in preview.preview.seen:
            left = [change.before for change in each.changes if change.field == "office"]
            for slug in (each.row.office, *left):
                by_office.setdefault(slug, Counter())[each.verdict] += 1
        for slug, counts in sorted(by_office.items()):
            audit_log.record(
                session,
                self.organizer_id,
                "workshops brought in",
                now=clock.now(),
                office=slug,
                details={
                    "file": self.public_id,
                    **{verdict.value: counts[verdict] for verdict in PreviewVerdict},
                },
            )

    def _move(self, loaded: ImportResult) -> None:
        """Moves the day on which keys of moved workshops are destroyed. The rows are committed by
        then: if the key store is unavailable, the next purge corrects it."""
        for workshop_id, day in loaded.moved.items():
            try:
                self.key_store.move(workshop_id, day)
            except Exception as error:
                log.error("keys of workshop %s not moved: %s", workshop_id, type(error).__name__)

    def _watch(self, rows: Iterable[Any]) -> Iterator[Any]:
        for number, row in enumerate(rows):
            if number % PROGRESS_STEP == 0:
                self.progress.put(number)
            yield row


def build_job(public_id: str, seen: str, offices: Offices) -> ImportJob:
    """The job of the staff member of this request."""
    return ImportJob(store(), key_store(), current_staff().organizer_id, public_id, seen, offices)


def stream_progress(work: ImportJob, batch: ImportBatch, template: Response) -> Response:
    """Loads the file in a thread; the response is the page with progress while it lasts."""
    before, _marker, after = template.get_data(as_text=True).partition(MARKER)
    threading.Thread(target=network_profile.bind(work.run_in_background)).start()
    answer = Response(_lines(work, batch, current(), before, after), mimetype="text/html")
    answer.direct_passthrough = True  # streamed, not compressed
    return answer


def _lines(
    work: ImportJob, batch: ImportBatch, lang: str, before: str, after: str
) -> Iterator[bytes]:
    """The page in pieces. They are made after the request, which told the language."""
    _ = translator(lang)
    yield before.encode()
    while isinstance(state := work.progress.get(), int):
        done, total = format(state, ","), format(batch.lines, ",")
        text = _.gettext("%(done)s de %(total)s renglones", done=done, total=total)
        yield f'<li class="number">{escape(text)}</li>\n'.encode()
    if state is not None and state.is_loaded:
        link = escape(state.address)
        done = escape(_.gettext("Listo."))
        result = f"<li><b>{done}</b></li>"
        refresh = f'<meta http-equiv="refresh" content="0;url={link}">'
    else:
        link = escape(state.address if state is not None else "/org/talleres")
        failed = escape(_.gettext("No se cargó nada."))
        with use_language(lang):
            result = f"<li><b>{failed}</b> {_why(state)}</li>"
        refresh = ""  # the reason is read first
    following = escape(_.gettext("Seguir"))
    yield f'{result}</ul><p><a class="button" href="{link}">{following}</a></p>{refresh}'.encode()
    yield after.encode()


def _why(outcome: ImportJobOutcome | None) -> str:
    """Returns why nothing was loaded, and what to do, as HTML; with the first errors of the
    file."""
    if outcome is None:  # loaded already, or failed
        return str(_("Mira si ya están tus talleres. Si no, sube el archivo otra vez."))
    if not outcome.faults:
        return str(_("Algo cambió desde que lo viste. Míralo otra vez y decide."))
    items = [f"</li><li>{escape(_fault_words(each))}" for each in outcome.faults[:MAX_FAULTS]]
    if len(outcome.faults) > MAX_FAULTS:
        others = format(len(outcome.faults) - MAX_FAULTS, ",")
        more = _("Y %(num)s más.", num=others)
        items.append(f"</li><li>{escape(more)}")
    return _("Arregla el archivo y súbelo otra vez.") + "".join(items)


def _fault_words(fault: ImportFault) -> str:
    return _(
        "Renglón %(line)d, %(field)s: %(fault)s",
        line=fault.line,
        field=fault.field,
        fault=error_messages.say(fault.error),
    )
