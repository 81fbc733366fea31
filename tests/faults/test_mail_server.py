"""A failing mail server loses no letter, and causes no avoidable repeat."""

from collections import deque
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from outreach import clock
from outreach.domain import outbox as outboxes
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.mail import delivery, smtp
from outreach.mail.delivery_errors import DeliveryRefused
from outreach.mail.delivery_round import deliver
from outreach.maintenance import doctor
from tests.faults.conftest import Outbox
from tests.support import tls_certificate
from tests.support.ports import free_port
from tests.support.smtp_server import (
    DRIP,
    HANG_UP,
    SAY_NOTHING,
    TAKE_AND_HANG_UP,
    Postman,
    context,
    serve_mail,
)

pytestmark = pytest.mark.any_database("what a mail server does wrong")

LATER = timedelta(minutes=10)
AFTER_A_LEASE = timedelta(minutes=6)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "TAKEN"])
def test_temporarily_refused_letter_arrives_once_later(
    outbox: Outbox, postman: Postman, step: str
) -> None:
    outbox.enqueue("rosa")
    postman.next_time[step] = deque(["451 not now"])
    now = clock.now()
    assert outbox.round(postman.port, now) == 0
    assert outbox.round(postman.port, now + timedelta(minutes=1)) == 0  # not retried yet
    assert outbox.round(postman.port, now + LATER) == 1
    assert postman.to == ["rosa@example.org"]


@pytest.mark.parametrize("step", ["RCPT", "DATA", "TAKEN"])
def test_permanently_refused_letter_is_given_up_and_others_arrive(
    outbox: Outbox, postman: Postman, step: str
) -> None:
    outbox.enqueue("nobody", "rosa", "luz")
    postman.next_time[step] = deque(["550 no such person"])
    assert outbox.round(postman.port) == 2
    assert postman.to == ["rosa@example.org", "luz@example.org"]
    assert (outbox.dead, outbox.pending) == (1, 0)


def test_refused_sender_uses_up_no_attempts(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa", "luz")
    postman.always["MAIL"] = "553 sender not allowed"
    now = clock.now()
    assert outbox.round(postman.port, now) == 0
    assert (outbox.dead, outbox.tries) == (0, [1, 0])
    postman.always.clear()
    assert outbox.round(postman.port, now + LATER) == 2


def test_refused_relay_uses_up_no_attempts(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa")
    postman.next_time["RCPT"] = deque(["554 5.7.1 relay access denied"])
    now = clock.now()
    assert outbox.round(postman.port, now) == 0
    assert outbox.dead == 0
    assert outbox.round(postman.port, now + LATER) == 1


def test_letter_refused_for_three_days_is_given_up(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa")
    postman.always["RCPT"] = "451 not now"
    begin = now = last = clock.now()
    tries = 0
    while outbox.pending:
        outbox.round(postman.port, now)
        (notice,) = outbox.notices()
        tries, last = notice.tries, now
        now = notice.due_at  # when it is given up, no moment is left
        assert notice.leased_until is None
    assert timedelta(days=3) < last - begin < timedelta(days=3, hours=8)
    assert 15 <= tries <= 20
    assert outbox.dead == 1


def test_one_refusal_after_a_three_day_outage_is_retried(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa")
    now = clock.now() + timedelta(days=4)
    postman.next_time["RCPT"] = deque(["450 come again"])
    assert outbox.round(free_port(), now) == 0
    assert outbox.round(postman.port, now) == 0
    assert outbox.round(postman.port, now + LATER) == 1


@pytest.mark.parametrize("words", [SAY_NOTHING, pytest.param(DRIP, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "step",
    ["DATA", *(pytest.param(each, marks=pytest.mark.long) for each in ("EHLO", "MAIL", "RCPT"))],
)
def test_hanging_mail_server_delays_the_round_only_briefly(
    outbox: Outbox, postman: Postman, step: str, words: str
) -> None:
    outbox.enqueue("rosa", "luz")
    postman.next_time[step] = deque([words])
    begin, now = monotonic(), clock.now()
    assert outbox.round(postman.port, now) == 0
    assert monotonic() - begin < 20  # with a timeout of one second; without, forever
    assert all(notice.leased_until is None for notice in outbox.notices())
    assert outbox.round(postman.port, now + LATER) == 2
    assert sorted(postman.to) == ["luz@example.org", "rosa@example.org"]


@pytest.mark.long
def test_letter_without_a_final_answer_is_sent_once_more(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa")
    postman.next_time["TAKEN"] = deque([SAY_NOTHING])
    now = clock.now()
    begin = monotonic()
    assert outbox.round(postman.port, now) == 0
    assert monotonic() - begin < 40
    assert outbox.round(postman.port, now + LATER) == 1


def test_slowest_delivery_ends_before_its_lease() -> None:
    assert outboxes.LEASE.total_seconds() > smtp.MAX_LETTER_SECONDS


def test_connection_lost_after_acceptance_repeats_the_letter_once(
    outbox: Outbox, postman: Postman
) -> None:
    outbox.enqueue("rosa", "luz")
    postman.next_time["TAKEN"] = deque([TAKE_AND_HANG_UP])
    now = clock.now()
    assert outbox.round(postman.port, now) == 1
    assert outbox.round(postman.port, now + LATER) == 1
    assert postman.to == ["rosa@example.org", "luz@example.org", "rosa@example.org"]
    first, _other, second = postman.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_connection_always_lost_after_acceptance_repeats_once_and_is_shown(
    outbox: Outbox, postman: Postman
) -> None:
    outbox.enqueue("rosa")
    postman.always["TAKEN"] = TAKE_AND_HANG_UP
    now = clock.now()
    for hour in range(6):
        assert outbox.round(postman.port, now + timedelta(hours=hour)) == 0
    assert len(postman.letters) == 2
    assert outbox.dead == 1


def test_uncertain_delivery_is_remembered_after_a_refusal(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa")
    postman.next_time["TAKEN"] = deque([TAKE_AND_HANG_UP, "451 not now", TAKE_AND_HANG_UP])
    now = clock.now()
    for hour in range(6):
        assert outbox.round(postman.port, now + timedelta(hours=hour)) == 0
    assert len(postman.letters) == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_connection_lost_before_the_letter_repeats_nothing(
    outbox: Outbox, postman: Postman, step: str
) -> None:
    outbox.enqueue("rosa", "luz", "ana")
    postman.next_time[step] = deque([HANG_UP])
    now = clock.now()
    assert outbox.round(postman.port, now) == 0  # a new connection that breaks ends the round
    assert outbox.tries == [1, 0, 0]
    assert outbox.round(postman.port, now + LATER) == 3
    assert len(postman.letters) == 3


@pytest.mark.parametrize("words", [HANG_UP, "421 so many and no more"])
def test_connection_closed_between_letters_is_reopened(
    outbox: Outbox, postman: Postman, words: str
) -> None:
    outbox.enqueue("rosa", "luz", "ana")
    postman.next_time["RCPT"] = deque(["250 OK", words])
    assert outbox.round(postman.port) == 3
    assert sorted(postman.to) == ["ana@example.org", "luz@example.org", "rosa@example.org"]
    assert outbox.tries == [1, 1, 1]


def test_mail_server_shutdown_ends_the_round(outbox: Outbox, postman: Postman) -> None:
    outbox.enqueue("rosa", "luz", "ana")
    postman.always["MAIL"] = "421 closing"
    now = clock.now()
    assert outbox.round(postman.port, now) == 0
    assert (outbox.tries, outbox.dead) == ([1, 0, 0], 0)
    postman.always.clear()
    assert outbox.round(postman.port, now + LATER) == 3


def test_letter_refused_during_cancellation_stops_no_other(outbox: Outbox) -> None:
    rosa, _luz = outbox.enqueue("rosa", "luz")
    box: list[str] = []

    def send(letter: EmailMessage) -> None:
        if box:
            box.append(str(letter["To"]))
            return
        box.append("refused")
        give_up(outbox, rosa)
        raise DeliveryRefused(is_final=False)

    with outbox.app.app_context():
        deliver(
            delivery.letter_outlets(
                outbox.store, outbox.key_store, outbox.config, lambda: nullcontext(send)
            ),
            now=clock.now(),
        )
    assert box == ["refused", "luz@example.org"]


def give_up(outbox: Outbox, who: Registration) -> None:
    with outbox.store.change() as session:
        registrations.cancel(session, session.get_one(Registration, who.id), now=clock.now())


@pytest.mark.thorough
def test_hour_without_a_mail_server_loses_nothing(outbox: Outbox) -> None:
    postman = Postman(free_port())
    outbox.enqueue(*(f"person{number}" for number in range(20)))
    now = clock.now()
    for minute in range(60):
        assert outbox.round(postman.port, now + timedelta(minutes=minute)) == 0
    assert set(outbox.tries) == {0}
    with serve_mail(postman):
        assert outbox.round(postman.port, now + timedelta(hours=1)) == 20
    assert len(set(postman.to)) == len(postman.letters) == 20


def test_refused_smtp_password_loses_nothing_and_is_logged(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.enqueue("rosa")
    postman = Postman(free_port())
    postman.password = "right"
    now = clock.now()
    with serve_mail(postman):
        wrong = f"smtp://us:wr%40ng@127.0.0.1:{postman.port}"
        for day in range(5):
            moment = now + timedelta(days=day)
            assert outbox.round(postman.port, moment, smtp_url=wrong) == 0
        assert postman.tries_to_sign_in >= 5
        assert (outbox.dead, outbox.tries) == (0, [0])
        assert "user or password" in caplog.text
        assert "wr" + "@ng" not in caplog.text
        right = f"smtp://us:right@127.0.0.1:{postman.port}"
        assert outbox.round(postman.port, now + timedelta(days=5), smtp_url=right) == 1
        for url, words in ((wrong, "user or password"), (right, "letters are sent")):
            settings = replace(outbox.config, smtp_url=url)
            findings = {each.about: each for each in doctor.examine(settings)}
            assert words in findings["mail"].words
            assert findings["mail"].is_well is (url == right)


def test_smtp_password_is_never_sent_in_clear(outbox: Outbox, postman: Postman) -> None:
    plain = outbox.config
    for url, must in (
        ("smtp://us:secret@mail.example.org:587", True),
        ("smtp://mail.example.org", False),  # if it can
        ("smtp://us:secret@127.0.0.1:2525", None),
        ("smtp://us:secret@127.example.org", True),
    ):
        asked = smtp.must_be_secure(replace(plain, smtp_url=url))
        assert asked is must, url
    outbox.enqueue("rosa")
    postman.password = "secret"
    assert outbox.round(postman.port, smtp_tls=True) == 0  # it offers no TLS
    assert postman.letters == []
    assert outbox.tries == [0]


def test_smtp_starttls_requires_a_valid_certificate(outbox: Outbox, tmp_path: Path) -> None:
    outbox.enqueue("rosa")
    certificate = tls_certificate.make(tmp_path)
    postman = Postman(free_port())
    postman.password = "secret"
    url = f"smtp://us:secret@localhost:{postman.port}"
    with serve_mail(postman, tls_context=context(certificate)):
        assert (
            outbox.round(postman.port, smtp_url=url, smtp_tls=True) == 0
        )  # a self-signed certificate
        assert postman.tries_to_sign_in == 0
        known: dict[str, Any] = {"smtp_tls": True, "smtp_ca_file": certificate}
        by_number = url.replace("localhost", "127.0.0.1")
        assert (
            outbox.round(postman.port, smtp_url=by_number, **known) == 0
        )  # a certificate for another name
        assert outbox.round(postman.port, smtp_url=url, **known) == 1
    assert postman.is_secure == [True]


def test_smtps_is_supported(outbox: Outbox, tmp_path: Path) -> None:
    outbox.enqueue("rosa")
    certificate = tls_certificate.make(tmp_path)
    postman = Postman(free_port())
    url = f"smtps://localhost:{postman.port}"
    with serve_mail(postman, ssl_context=context(certificate)):
        assert outbox.round(postman.port, smtp_url=url) == 0
        assert outbox.round(postman.port, smtp_url=url, smtp_ca_file=certificate) == 1


def test_person_erased_during_a_round_gets_no_letter(outbox: Outbox, postman: Postman) -> None:
    _rosa, luz, _ana = outbox.enqueue("rosa", "luz", "ana")

    def forget_luz() -> None:
        if len(postman.letters) == 1:  # Rosa's has just gone
            assert luz.key_id is not None
            outbox.key_store.destroy(luz.key_id)

    assert outbox.round(postman.port, meanwhile=forget_luz) == 2
    assert postman.to == ["rosa@example.org", "ana@example.org"]


def test_pending_letter_of_a_cancelled_registration_is_not_sent(
    outbox: Outbox, postman: Postman
) -> None:
    rosa, _luz = outbox.enqueue("rosa", "luz")
    give_up(outbox, rosa)
    assert outbox.round(postman.port) == 1
    assert postman.to == ["luz@example.org"]


def test_letter_claimed_by_a_stopped_worker_is_sent_after_its_lease(
    outbox: Outbox, postman: Postman
) -> None:
    outbox.enqueue("rosa")
    now = clock.now()
    with outbox.store.change_rows() as connection:
        assert outboxes.LETTERS.claim(connection, now=now) is not None
    assert outbox.round(postman.port, now + timedelta(minutes=4)) == 0
    assert outbox.round(postman.port, now + AFTER_A_LEASE) == 1
