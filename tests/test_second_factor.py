"""The second factor: six digits that work once, paper codes that work once, and what asks again."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import codes, sessions
from outreach.accounts.codes import PaperCode, Totp
from outreach.accounts.sealing import ServerKey
from outreach.accounts.sessions import StaffSession
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.journal import Entry
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.organizers import EVERYWHERE, Grant, Role
from outreach.errors import Forgotten
from tests.desk import PASSWORD, SECRET, Visitor, at_desk, code_now, employ, enrol, hidden, words


@pytest.fixture
def patient(make_app: Callable[..., Flask], chicago: Office) -> Flask:
    """An installation where one address may try as often as it likes."""
    return make_app(limits=Limits(sign_ins=1000))


@pytest.fixture
def ana(patient: Flask, store: Store) -> int:
    who = employ(store)
    enrol(patient, store, who)
    return who


def test_the_password_alone_opens_nothing(patient: Flask, store: Store, ana: int) -> None:
    half = Visitor(patient)
    half.password()
    for path in ("/org/", "/org/talleres", "/org/cuenta", "/org/mas", "/org/confirmar"):
        answer = half.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/org/codigo"), path
    token = hidden(half.get("/org/codigo"))["token"]
    for path in ("/org/talleres/nuevo", "/org/cuenta/codigos", "/org/cerrar"):
        assert half.post(path, token=token).headers["Location"] == "/org/codigo"


def test_after_ten_minutes_a_password_alone_is_forgotten(
    patient: Flask, store: Store, ana: int
) -> None:
    half = Visitor(patient)
    half.password()
    age(store, started_at=timedelta(minutes=9))
    assert half.get("/org/codigo").status_code == 200
    age(store, started_at=timedelta(minutes=11))
    assert half.get("/org/codigo").headers["Location"].startswith("/org/entrar")


def test_the_second_factor_changes_the_token(patient: Flask, store: Store, ana: int) -> None:
    visitor = Visitor(patient)
    page = visitor.password()
    before = Visitor(patient, visitor.cookies)
    assert visitor.post("/org/codigo", hidden(page) | {"code": code_now()}).status_code == 303
    assert visitor.get("/org/").status_code == 200
    assert visitor.cookies != before.cookies
    assert before.get("/org/").headers["Location"] == "/org/entrar"


def test_a_code_can_be_sent_to_the_sign_in_page_too(patient: Flask, store: Store, ana: int) -> None:
    apart, at_once = Visitor(patient), Visitor(patient)
    apart.post("/org/entrar", email="ana@example.org", password=PASSWORD)
    assert apart.post("/org/entrar", code=code_now()).status_code == 303
    assert apart.get("/org/").status_code == 200
    half_a_minute_later(store)
    at_once.post("/org/entrar", email="ana@example.org", password=PASSWORD, code=code_now())
    assert at_once.get("/org/").status_code == 200


def test_a_code_of_the_half_minutes_beside_is_taken(patient: Flask, store: Store, ana: int) -> None:
    now = clock.now()
    for shift, status in ((-60, 422), (-30, 303), (30, 303), (60, 422)):
        half_a_minute_later(store)
        code = codes.at(SECRET, now + timedelta(seconds=shift))
        assert Visitor(patient).come_in(code).status_code == status, shift


def test_a_code_works_once_and_an_older_one_no_more(patient: Flask, store: Store, ana: int) -> None:
    now = clock.now()
    used = codes.at(SECRET, now)
    assert Visitor(patient).come_in(used).status_code == 303
    for code in (used, codes.at(SECRET, now - timedelta(seconds=30))):
        answer = Visitor(patient).come_in(code)
        assert answer.status_code == 422
        assert "Ese código ya se usó" in words(answer)
    assert journal(store).count("used code refused") == 2


def test_ten_wrong_codes_and_even_the_right_one_waits_an_hour(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    page = visitor.password()
    for number in range(codes.TRIES):
        answer = visitor.post("/org/codigo", hidden(page) | {"code": f"{number:06}"})
        assert answer.status_code == 422
        assert "El código no coincide" in words(answer)
    for _ in range(2):
        answer = visitor.post("/org/codigo", hidden(page) | {"code": code_now()})
        assert answer.status_code == 429
        assert "Espera una hora" in words(answer)
    assert journal(store).count("wrong code") == 10
    assert journal(store).count("too many codes tried") == 1
    with store.change() as session:
        session.execute(sa.update(Totp).values(tries_since=clock.now() - timedelta(hours=1)))
    assert Visitor(patient).come_in().status_code == 303


def test_a_hundred_tries_at_once_are_ten(patient: Flask, store: Store, ana: int) -> None:
    visitors = [Visitor(patient) for _ in range(8)]
    pages = [each.password() for each in visitors]

    def guess(number: int) -> list[int]:
        return [
            visitors[number].post("/org/codigo", hidden(pages[number]) | {"code": "1"}).status_code
            for _ in range(5)
        ]

    with ThreadPoolExecutor(8) as crowd:
        statuses = [status for some in crowd.map(guess, range(8)) for status in some]
    assert sorted(statuses) == [422] * 10 + [429] * 30


@pytest.mark.parametrize("what", ["application", "paper"])
def test_one_code_in_eight_browsers_at_once_lets_one_in(
    patient: Flask, store: Store, ana: int, what: str
) -> None:
    code = code_now() if what == "application" else printed(patient, store, ana)[0]
    visitors = [Visitor(patient) for _ in range(8)]
    forms = [hidden(each.password()) for each in visitors]
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait()
        return visitors[number].post("/org/codigo", forms[number] | {"code": code}).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(send, range(8)))
    print(f"one code of {what} in eight browsers at once: {statuses}")
    assert statuses == [303] + [422] * 7
    assert [each.get("/org/").status_code for each in visitors].count(200) == 1
    assert journal(store).count("signed in") == 1
    said = "used code refused" if what == "application" else "wrong code"
    assert journal(store).count(said) == 7


def test_paper_codes_forgive_how_they_are_typed_and_are_kept_as_marks(
    patient: Flask, store: Store, ana: int
) -> None:
    sheet = printed(patient, store, ana)
    assert len(set(sheet)) == 10
    assert all(re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4}", code) for code in sheet)
    with store.read() as session:
        kept = "".join(session.scalars(sa.select(PaperCode.mark)))
    assert not any(code.replace(" ", "") in kept for code in sheet)
    typed = sheet[3].lower().replace("0", "o").replace("1", "l").replace(" ", "-")
    assert Visitor(patient).come_in(typed).status_code == 303
    assert Visitor(patient).come_in(typed).status_code == 422
    assert "paper code used" in journal(store)


def test_a_new_sheet_makes_the_old_one_worthless(patient: Flask, store: Store, ana: int) -> None:
    old, new = printed(patient, store, ana), printed(patient, store, ana)
    assert Visitor(patient).come_in(old[0]).status_code == 422
    assert Visitor(patient).come_in(new[0]).status_code == 303


def test_a_colleagues_codes_open_nothing_of_hers(patient: Flask, store: Store, ana: int) -> None:
    luz = employ(store, "luz@example.org")
    enrol(patient, store, luz)
    sheet = printed(patient, store, luz)
    assert Visitor(patient).come_in(sheet[0]).status_code == 422
    assert Visitor(patient).come_in(sheet[0], email="luz@example.org").status_code == 303


def test_the_secret_is_sealed_and_opens_under_this_servers_key_only(
    patient: Flask, store: Store, ana: int
) -> None:
    with store.read() as session:
        sealed = session.get_one(Totp, ana).sealed
        assert SECRET.encode() not in sealed
        key = ServerKey(patient.extensions["outreach_secret"])
        assert codes.secret_of(session, ana, key) == SECRET
        with pytest.raises(Forgotten):
            codes.secret_of(session, ana, ServerKey("another"))
        with pytest.raises(Forgotten):
            key.unseal(sealed, "totp 999")


def test_with_another_server_key_no_code_is_right_and_the_log_says_why(
    make_app: Callable[..., Flask], store: Store, ana: int, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_app(secret_key="another one", limits=Limits(sign_ins=1000))
    assert Visitor(other).come_in().status_code == 422
    assert "OUTREACH_SECRET_KEY" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("code", ["", "١٢٣٤٥٦", "12345", "\x00", "é" * 6, "9" * 4000])
def test_any_other_text_is_a_wrong_code(patient: Flask, store: Store, ana: int, code: str) -> None:
    visitor = Visitor(patient)
    answer = visitor.post("/org/codigo", hidden(visitor.password()) | {"code": code})
    assert answer.status_code == 422


# Setting one up


def test_an_account_without_a_second_factor_sets_one_up_before_anything_else(
    patient: Flask, store: Store
) -> None:
    who = employ(store)
    visitor = Visitor(patient)
    page = visitor.password()
    assert "Conecta tu teléfono" in words(page)
    assert visitor.get("/org/").headers["Location"] == "/org/codigo"
    secret = shown_secret(page)
    wrong = visitor.post("/org/codigo", hidden(page) | {"code": "000000"})
    assert wrong.status_code == 422
    assert shown_secret(wrong) == secret, "the phone has read it already"
    sheet = visitor.post("/org/codigo", hidden(wrong) | {"code": pyotp.TOTP(secret).now()})
    assert sheet.status_code == 200
    assert len(re.findall(r"<li>[0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4}</li>", sheet.text)) == 10
    assert sheet.headers["Cache-Control"] == "no-store"
    assert visitor.get("/org/").status_code == 200
    with store.read() as session:
        assert codes.secret_of(session, who, server_key(patient)) == secret
    assert journal(store) == ["second factor set up", "signed in"]
    # The code it was set up with is used.
    assert Visitor(patient).come_in(pyotp.TOTP(secret).now()).status_code == 422


def test_what_was_typed_waits_until_the_second_factor_is_set_up(
    patient: Flask, store: Store, rights: Kind
) -> None:
    employ(store)
    visitor = Visitor(patient)
    typed = {"title_es": "Pensado", "office": "chicago", "kind": rights.code}
    kept = {f"dato-{name}": value for name, value in typed.items()}
    page = visitor.password(**kept | {"volver": "/org/talleres/nuevo"})
    code = pyotp.TOTP(shown_secret(page)).now()
    sheet = visitor.post("/org/codigo", hidden(page) | {"code": code})
    again = visitor.post("/org/codigo", hidden(sheet))
    assert again.status_code == 200
    assert 'value="Pensado"' in again.text


def test_of_two_who_set_up_at_once_one_does(patient: Flask, store: Store) -> None:
    employ(store)
    visitors = [Visitor(patient) for _ in range(8)]
    pages = [each.password() for each in visitors]
    forms = [hidden(page) | {"code": pyotp.TOTP(shown_secret(page)).now()} for page in pages]
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait()
        return visitors[number].post("/org/codigo", forms[number]).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(send, range(8)))
    assert statuses == [200] + [422] * 7
    assert journal(store).count("second factor set up") == 1


def test_a_secret_offered_to_another_session_sets_up_nothing(patient: Flask, store: Store) -> None:
    employ(store)
    mallory, visitor = Visitor(patient), Visitor(patient)
    hers = mallory.password()
    page = visitor.password()
    code = pyotp.TOTP(shown_secret(hers)).now()
    for sealed in (hidden(hers)["sealed"], "", "zz", "00" * 40):
        form = hidden(page) | {"sealed": sealed, "code": code}
        assert visitor.post("/org/codigo", form).status_code == 422
    assert journal(store) == []


def test_another_telephone_takes_the_place_of_the_first(
    patient: Flask, store: Store, ana: int
) -> None:
    desk = at_desk(patient, store, ana)
    page = desk.get("/org/cuenta/aplicacion")
    secret, form = shown_secret(page), hidden(page, "/org/cuenta/aplicacion")
    refused = desk.post("/org/cuenta/aplicacion", **form | {"code": "000000"})
    assert refused.status_code == 422
    done = desk.post("/org/cuenta/aplicacion", **form | {"code": pyotp.TOTP(secret).now()})
    assert done.status_code == 303
    assert Visitor(patient).come_in(code_now()).status_code == 422
    with store.read() as session:
        assert codes.secret_of(session, ana, server_key(patient)) == secret
    assert "code application changed" in journal(store)


# Asked again before what matters


@pytest.fixture
def stale(patient: Flask, store: Store) -> "Visitor":
    """Elena, an admin, who came in twenty minutes ago."""
    who = employ(store, "elena@example.org", Role.ADMIN, EVERYWHERE)
    enrol(patient, store, who)
    visitor = Visitor(patient)
    assert visitor.come_in(email="elena@example.org").status_code == 303
    half_a_minute_later(store)
    age(store, proven_at=timedelta(minutes=11))
    return visitor


def test_what_matters_asks_again_after_ten_minutes(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    assert stale.get("/org/cuenta").status_code == 200
    asked = stale.get("/org/cuenta/llaves")
    assert asked.headers["Location"] == "/org/confirmar?volver=/org/cuenta/llaves"
    page = stale.get(asked.headers["Location"])
    assert "Di tu código otra vez" in words(page)
    form = hidden(page, "/org/confirmar")
    wrong = stale.post("/org/confirmar", form | {"code": "000000"})
    assert wrong.status_code == 422
    assert stale.get("/org/cuenta/llaves").status_code == 303
    before = dict(stale.cookies)
    back = stale.post("/org/confirmar", form | {"code": code_now()})
    assert back.headers["Location"] == "/org/cuenta/llaves"
    assert stale.get("/org/cuenta/llaves").status_code == 200
    assert stale.cookies == before, "forms that are open keep working"
    assert "second factor shown again" in journal(store)
    age(store, proven_at=timedelta(minutes=11))
    assert stale.get("/org/cuenta/llaves").status_code == 303


def test_a_form_that_was_sent_is_not_lost_and_not_sent_unasked(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    token = hidden(stale.get("/org/mas"), "/org/cerrar")["token"]
    path = "/org/mes/2020-01/reabrir"
    asked = stale.post(path, token=token, reason="Faltó Chicago: «dos» talleres")
    assert asked.status_code == 401
    assert "Lo que escribiste sigue aquí" in words(asked)
    wrong = stale.post("/org/confirmar", hidden(asked, "/org/confirmar") | {"code": "0"})
    seen = stale.post("/org/confirmar", hidden(wrong, "/org/confirmar") | {"code": code_now()})
    assert seen.status_code == 200
    form = hidden(seen, path)
    assert form["reason"] == "Faltó Chicago: «dos» talleres"
    assert stale.post(path, form).status_code == 409  # no month is closed here


def test_eight_who_confirm_with_one_code_are_one(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    form = hidden(stale.get("/org/confirmar"), "/org/confirmar") | {"code": code_now()}
    start = Barrier(8)

    def send(_: int) -> int:
        start.wait()
        return Visitor(patient, stale.cookies).post("/org/confirmar", form).status_code

    with ThreadPoolExecutor(8) as crowd:
        assert sorted(crowd.map(send, range(8))) == [303] + [422] * 7


# Twenty wrong passwords, a stolen cookie, a changed role (the issue, «Must be shown» 8)


def test_twenty_wrong_passwords_are_refused_and_the_right_one_waits(
    app: Flask, store: Store, ring: object, chicago: Office
) -> None:
    enrol(app, store, employ(store))
    wrong = [
        Visitor(app).post("/org/entrar", email="ana@example.org", password=f"{n:014}").status_code
        for n in range(20)
    ]
    print(f"twenty wrong passwords: {wrong}")
    assert wrong == [422] * Limits.sign_ins + [429] * (20 - Limits.sign_ins)
    assert journal(store) == ["wrong password"] * Limits.sign_ins + ["too many sign-ins"]
    assert Visitor(app).password().status_code == 429
    app.extensions["outreach_attempts"].reset()  # the window is over
    assert Visitor(app).come_in().status_code == 303


def test_a_wrong_address_is_in_the_journal_without_the_address(
    patient: Flask, store: Store, ana: int
) -> None:
    Visitor(patient).post("/org/entrar", email="ana@example.org", password="x" * 14)
    Visitor(patient).post("/org/entrar", email="nadie@example.org", password="x" * 14)
    with store.read() as session:
        known, unknown = session.scalars(sa.select(Entry).order_by(Entry.id))
    assert (known.action, known.organizer_id) == ("wrong password", ana)
    assert (unknown.action, unknown.organizer_id, unknown.detail) == ("wrong password", None, "")


def test_a_cookie_stolen_before_the_sign_out_is_refused_and_written_down(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    visitor.come_in()
    thief = Visitor(patient, visitor.cookies)
    assert thief.get("/org/").status_code == 200
    visitor.post("/org/cerrar", token=hidden(visitor.get("/org/mas"), "/org/cerrar")["token"])
    statuses = [thief.get(path).status_code for path in ("/org/", "/org/talleres", "/org/cuenta")]
    print(f"a stolen cookie after the sign-out: {statuses}")
    assert statuses == [303] * 3
    assert journal(store) == ["signed in", "signed out", "ended session refused"]


def test_a_role_changed_in_mid_session_counts_at_the_next_click(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    visitor.come_in()
    assert visitor.get("/org/talleres/nuevo").status_code == 200
    with store.change() as session:
        session.execute(sa.update(Grant).values(role=Role.READER))
    statuses = [visitor.get("/org/talleres/nuevo").status_code for _ in range(2)]
    print(f"an organizer who became a reader in mid-session: {statuses}")
    assert statuses == [403, 403]
    with store.read() as session:
        seen = session.scalars(
            sa.select(Entry).where(Entry.action == "role changed meanwhile")
        ).all()
    assert [(each.organizer_id, each.detail) for each in seen] == [(ana, "now chicago reader")]


def test_before_the_second_factor_no_square_opens_the_door(
    patient: Flask, store: Store, ana: int
) -> None:
    half = Visitor(patient)
    half.password()
    nobody = Visitor(patient)
    path = f"/q/{'A' * 22}"
    assert half.get(path).data == nobody.get(path).data


def printed(app: Flask, store: Store, who: int) -> list[str]:
    page = at_desk(app, store, who).post("/org/cuenta/codigos")
    assert page.status_code == 200
    return re.findall(r"<li>([0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4})</li>", page.text)


def shown_secret(page: TestResponse) -> str:
    found = re.search(r'class="num clave">([^<]+)<', page.text)
    assert found is not None
    return unescape(found[1]).replace(" ", "")


def half_a_minute_later(store: Store) -> None:
    """As though the next code had come already."""
    with store.change() as session:
        session.execute(sa.update(Totp).values(last_step=0))


def age(store: Store, **ages: timedelta) -> None:
    moments = {name: clock.now() - age for name, age in ages.items()}
    with store.change() as session:
        session.execute(sa.update(StaffSession).values(**moments))


def journal(store: Store) -> list[str]:
    """What it says, but for sheets that were printed for a test."""
    with store.read() as session:
        found = session.scalars(sa.select(Entry.action).order_by(Entry.id))
        return [each for each in found if each != "paper codes printed"]


def server_key(app: Flask) -> ServerKey:
    return ServerKey(app.extensions["outreach_secret"])


def test_freshness_is_ten_minutes() -> None:
    assert sessions.FRESH == sessions.HALFWAY == timedelta(minutes=10)
