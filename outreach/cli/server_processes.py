"""The processes that answer: granian's server, with a rule of our own for those that die.

granian ends the whole server when a process dies within six seconds of taking the place of another,
as when somebody kills two of them. Here each is replaced, the first time at once, then after pauses
that grow. Only where no process has ever stayed alive does the server end: then none can start.
"""

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from granian.server import mp
from granian.server.mp import MPServer

from outreach.cli.worker_process import FIRST_PAUSE, MAX_PAUSE
from outreach.interrupts import Interrupt

log = logging.getLogger(__name__)

LIVED_SECONDS: Final = 5.0  # after which a process has started well
MAX_FAILED_STARTS: Final = 3  # one process may fail so often
# Statuses of a process that somebody has stopped or killed: it could have started.
_ENDED_FROM_OUTSIDE: Final = frozenset({0, -signal.SIGTERM, -signal.SIGKILL})


@dataclass
class _Place:
    """One process of the server, and those that took its place."""

    pause: float = 0.0  # seconds before the next one is started
    due_at: float | None = None  # when it is, in seconds of `monotonic`; None while one runs
    failed_starts: int = 0

    def delay(self) -> None:
        log.error("a process of the server died; it starts again in %.0f s", self.pause)
        self.due_at = time.monotonic() + self.pause
        self.pause = min(max(FIRST_PAUSE, self.pause * 2), MAX_PAUSE)


class ServerProcesses(MPServer):
    """Starts the processes, and replaces those that die. `has_failed` is true once `serve` has
    returned because no process could start."""

    has_failed = False
    _has_lived = False  # one of its processes, for LIVED_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # granian only sets, clears and waits for it, so it need not be an Event.
        self.main_loop_interrupt = Interrupt()  # type: ignore[assignment]

    @staticmethod
    def _spawn_wsgi_worker(*args: Any) -> None:
        """What each process runs: granian's, with a wait that a signal handler may end.

        Its main thread waits for an Event that it makes; in this process the module makes ours."""
        vars(mp)["threading"] = SimpleNamespace(Event=Interrupt)
        MPServer._spawn_wsgi_worker(*args)

    def _serve_loop(self, spawn_target: Any, target_loader: Callable[..., Any]) -> None:
        """Replaces processes that die, until the server is stopped."""
        places = [_Place() for _ in range(self.workers)]
        while not self.interrupt_signal and not self.has_failed:
            self.main_loop_interrupt.wait(_wait_seconds(places))
            # Before the flags are read: one that is set from here on wakes the loop again.
            self.main_loop_interrupt.clear()
            while self.interrupt_children and not self.interrupt_signal:
                self._record_death(places, self.interrupt_children.pop())
            for number, place in enumerate(places):
                is_due = place.due_at is not None and place.due_at <= time.monotonic()
                if is_due and not self.interrupt_signal:
                    self._start(place, number, spawn_target, target_loader)
            if self.reload_signal:
                # granian has no annotations for what is called here and below.
                self._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]
                places = [_Place() for _ in places]  # each of them was started
                self.main_loop_interrupt.set()
        self.interrupt_children.clear()  # granian would exit with 1 because of them

    def _start(
        self, place: _Place, number: int, spawn_target: Any, target_loader: Callable[..., Any]
    ) -> None:
        process = self._spawn_worker(idx=number, target=spawn_target, callback_loader=target_loader)
        try:
            process.start()  # type: ignore[no-untyped-call]
        except OSError:  # as without memory
            place.delay()
        else:
            self.wrks[number], place.due_at = process, None

    def _record_death(self, places: list[_Place], number: int) -> None:
        """Says when a process gets its next one, or that none can start."""
        place, dead, now = places[number], self.wrks[number], time.monotonic()
        lived = now - dead.birth
        is_failed_start = lived <= LIVED_SECONDS and dead.inner.exitcode not in _ENDED_FROM_OUTSIDE
        place.failed_starts = place.failed_starts + 1 if is_failed_start else 0
        if lived > MAX_PAUSE:
            place.pause = 0.0
        place.delay()
        others = [each for each in self.wrks if each.is_alive()]  # type: ignore[no-untyped-call]
        self._has_lived |= any(now - each.birth > LIVED_SECONDS for each in (dead, *others))
        has_none = not others and not self._has_lived
        self.has_failed = has_none and place.failed_starts >= MAX_FAILED_STARTS


def _wait_seconds(places: list[_Place]) -> float | None:
    """Returns how long to wait until the next process has to be started; None where none has."""
    due = [place.due_at for place in places if place.due_at is not None]
    return max(0.0, min(due) - time.monotonic()) if due else None
