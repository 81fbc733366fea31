"""Every way from one standing to another, each by the function that makes it, and no other."""

from collections.abc import Callable
from contextlib import suppress
from datetime import time

import pytest

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ARROWS, HOLDING, Contact, Move, Standing
from outreach.domain.registrations.notifications import Cause
from outreach.errors import OutreachError
from tests.support.scenario import HOUR, MONDAY, STARTS, Stage, faults, stage

SEATED, WAITING, OFFERED = Standing.SEATED, Standing.WAITING, Standing.OFFERED
CANCELLED, LAPSED = Standing.CANCELLED, Standing.LAPSED
Arrow = tuple[Standing, Move]


@pytest.fixture
def scene(store: Store, chicago: Office, rights: Kind) -> "Scene":
    return Scene(
        stage(
            store,
            chicago,
            rights,
            way=Way.SLOTS,
            ends=time(18, 40),
            slot_minutes=20,
            has_childcare=True,
            support={"childcare": 2},
            confirm_days=4,
            frees_silence=True,
        )
    )


class Scene:
    """Two consultations, one at 18:00 and one at 18:20. Elena has the first; Luz is who we look at,
    and she needs childcare."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.elena = stage.register(contact=Contact.NONE, slot="18:00")
        self.luz = ""

    def come_to(self, standing: Standing, move: Move | None = None) -> None:
        """Luz stands so, by what she and others did."""
        if standing in {WAITING, OFFERED, LAPSED}:
            rosa = self.stage.register(contact=Contact.NONE, slot="18:20")
            self._arrive("")
        else:
            self._arrive("18:20")
        if standing in {OFFERED, LAPSED}:
            self.stage.cancel(rosa)
        for _time in range({LAPSED: 2, OFFERED: move is Move.DROP}.get(standing, 0)):
            self.stage.work(at=self.stage.now + 25 * HOUR)
        if standing is CANCELLED:
            self.stage.cancel(self.luz)
        assert self.stage.standing(self.luz) is standing

    def _arrive(self, hour: str) -> None:
        self.luz = self.stage.register(needs=("childcare",), slot=hour, wants_reminder=True)

    def look(self) -> tuple[object, ...]:
        mine = self.stage.of(self.luz)
        return (
            mine.standing,
            mine.people,
            mine.slot_id,
            mine.offered_until,
            mine.lapses,
            mine.key_id,
            self.stage.owed(self.luz),
        )


def _offer(scene: Scene) -> None:
    scene.stage.cancel(scene.elena)


def _accept(scene: Scene) -> None:
    scene.stage.accept(scene.luz)


def _lapse(scene: Scene) -> None:
    with suppress(OutreachError):  # somebody waits behind Luz, where there is a line
        scene.stage.register(contact=Contact.NONE)
    scene.stage.work(at=scene.stage.now + 24 * HOUR)


def _drop(scene: Scene) -> None:
    scene.stage.work(at=scene.stage.now + 24 * HOUR)


def _grant(scene: Scene) -> None:
    if scene.stage.standing(scene.luz) is WAITING:
        scene.stage.now = STARTS - 2 * HOUR  # nothing is offered by itself any more
        scene.stage.cancel(scene.elena)
    scene.stage.grant(scene.luz)


def _silence(scene: Scene) -> None:
    confirm_at = scene.stage.workshop().confirm_at
    assert confirm_at is not None
    scene.stage.now = confirm_at
    scene.stage.ask()
    scene.stage.deliver(Cause.CONFIRM)
    scene.stage.now = confirm_at + 36 * HOUR
    scene.stage.free_silent()


def _rejoin(scene: Scene) -> None:
    if scene.stage.left():  # what Luz had, somebody else has now
        with suppress(OutreachError):
            scene.stage.register(contact=Contact.NONE, slot="18:20")
    scene.stage.rejoin(scene.luz)


def _cancel(scene: Scene) -> None:
    scene.stage.cancel(scene.luz)


MOVES: dict[Move, Callable[[Scene], None]] = {
    Move.OFFER: _offer,
    Move.ACCEPT: _accept,
    Move.LAPSE: _lapse,
    Move.DROP: _drop,
    Move.GRANT: _grant,
    Move.SILENCE: _silence,
    Move.RETURN: _rejoin,
    Move.CANCEL: _cancel,
}

# What Luz is still to be told then; nothing has been sent yet.
OWED: dict[Arrow, set[Cause]] = {
    (WAITING, Move.OFFER): {Cause.WAITING, Cause.OFFER},
    (WAITING, Move.GRANT): {Cause.WAITING, Cause.SEATED},
    (WAITING, Move.CANCEL): set(),
    (OFFERED, Move.ACCEPT): {Cause.WAITING, Cause.SAVED, Cause.REMINDER},
    (OFFERED, Move.LAPSE): {Cause.WAITING, Cause.LAPSED},
    (OFFERED, Move.DROP): {Cause.WAITING, Cause.LAPSED},
    (OFFERED, Move.GRANT): {Cause.WAITING, Cause.SEATED, Cause.REMINDER},
    (OFFERED, Move.CANCEL): set(),
    (SEATED, Move.CANCEL): set(),
    (SEATED, Move.SILENCE): {Cause.LAPSED},
    (LAPSED, Move.RETURN): {Cause.WAITING},
    (LAPSED, Move.CANCEL): set(),
}
OTHERS = [(start, move) for start in Standing for move in Move if (start, move) not in ARROWS]


@pytest.mark.parametrize("arrow", ARROWS, ids=lambda arrow: " ".join(arrow))
def test_each_move_leads_where_the_table_says(scene: Scene, arrow: Arrow) -> None:
    start, move = arrow
    scene.come_to(start, move)
    MOVES[move](scene)
    after = scene.stage.of(scene.luz)
    assert after.standing is ARROWS[arrow]
    assert (after.slot_id is not None) is (after.standing in HOLDING)
    assert (after.offered_until is not None) is (after.standing is OFFERED)
    assert (after.key_id is None) is (after.standing is CANCELLED)
    assert set(scene.stage.owed(scene.luz)) == OWED[arrow]
    is_held = after.standing in HOLDING
    assert scene.stage.supported() == {"childcare": 1 if is_held else 2}
    with scene.stage.store.read() as session:
        assert faults(session, scene.stage.workshop_id) == []


@pytest.mark.parametrize(("start", "move"), OTHERS)
def test_no_other_move_does_anything(scene: Scene, start: Standing, move: Move) -> None:
    scene.come_to(start)
    before = scene.look()
    with suppress(OutreachError):
        MOVES[move](scene)
    assert scene.look() == before
    with scene.stage.store.read() as session:
        assert faults(session, scene.stage.workshop_id) == []


def test_the_table_has_no_move_that_nothing_makes() -> None:
    assert {move for _start, move in ARROWS} == set(Move) == set(MOVES)
    assert set(OWED) == set(ARROWS)


def test_every_standing_can_be_reached_and_a_cancelled_one_is_never_left() -> None:
    assert set(ARROWS.values()) | {SEATED, WAITING} == set(Standing)
    assert not [start for start, _move in ARROWS if start is CANCELLED]


def test_who_is_told_nothing_is_owed_nothing_whatever_happens(scene: Scene) -> None:
    scene.stage.register(contact=Contact.NONE, slot="18:20")
    mine = scene.stage.register(contact=Contact.NONE)
    scene.stage.cancel(scene.elena)
    assert scene.stage.standing(mine) is OFFERED
    assert scene.stage.of(mine).offered_until == MONDAY + 24 * HOUR
    for _lapse_again in range(2):
        scene.stage.work(at=scene.stage.now + 24 * HOUR)
    scene.stage.rejoin(mine)
    scene.stage.accept(mine)
    assert scene.stage.standing(mine) is SEATED
    assert scene.stage.owed(mine) == []
