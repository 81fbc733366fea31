"""An office lead manages the colleagues of their own office, and nobody else."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import administration, invitations
from outreach.accounts.invitations import Invitation
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.errors import ErrorCode, NotFound, Refusal
from tests.support.staff_client import (
    PASSWORD,
    StaffClient,
    employ,
    mailed_link,
    signed_in_as,
    words,
)

pytestmark = pytest.mark.any_database

ANA = "Ana Robles"


@pytest.fixture
def app(make_app: Callable[..., Flask], config: Config) -> Flask:
    """A site that sends letters."""
    return make_app(mail_folder=config.data / "letters")


@pytest.fixture
def ana_id(store: Store, chicago: Office, calgary: Office) -> int:
    found = employ(store, "ana@example.org", Role.LEAD)
    with store.change() as session:
        session.get_one(StaffMember, found).name = ANA
    return found


@pytest.fixture
def ana(app: Flask, store: Store, ana_id: int) -> StaffClient:
    """The lead of Chicago."""
    return signed_in_as(app, store, ana_id)


def invited(store: Store, email: str = "tomas@example.org", *, by: int | None = None) -> int:
    with store.change() as session:
        administration.invite(session, email, Role.DOOR, ["chicago"], by=by, now=clock.now())
        return staff.get_by_email(session, email).id


def accounts(store: Store) -> dict[str, bool]:
    """The addresses of all accounts, and whether each is disabled."""
    with store.read() as session:
        return {each.email: each.disabled_at is not None for each in staff.list_staff(session)}


def test_lead_invites_a_colleague_to_the_own_office(
    app: Flask, store: Store, ana: StaffClient, ana_id: int
) -> None:
    form = ana.get("/org/personal/invitar").text
    assert re.findall(r'name="role" value="(\w+)"', form) == ["lead", "organizer", "door", "reader"]
    assert 'name="places" value="chicago"' in form
    assert "calgary" not in form
    given = {"name": "Tomás Vega", "email": "tomas@example.org", "role": "door"}
    answer = ana.post("/org/personal/invitar", **given, places="chicago")
    assert answer.headers["Location"] == "/org/personal?hecho=invitada"
    assert "El enlace llega solo a su correo." in words(ana.get("/org/personal?hecho=invitada"))
    public = app.test_client(use_cookies=True)
    page = public.get(mailed_link(app, store, "tomas@example.org"))
    assert 'value="Tomás Vega"' in page.text
    listed = words(ana.get("/org/personal"))
    assert "Equipo de Chicago" in listed
    assert f"Invitó {ANA}, hoy · El correo sale en un momento · Ya lo abrió" in listed
    assert f"{ANA} ana@example.org invitó a Tomás Vega" in words(
        ana.get("/org/bitacora/chicago")
    ).replace("Chicago · ", "").replace(f"{ANA} invitó", f"{ANA} ana@example.org invitó")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"role": "admin"}, 422),
        ({"places": ["calgary"]}, 404),
        ({"places": ["chicago", "calgary"]}, 404),
        ({"places": ["*"], "role": "reader"}, 404),
        ({"places": []}, 422),
        ({"email": "elena@example.org"}, 422),
        ({"name": "Ve a example.org/premio"}, 422),
    ],
)
def test_lead_invites_neither_above_nor_elsewhere(
    store: Store, ana: StaffClient, given: dict[str, object], status: int
) -> None:
    employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    before = accounts(store)
    form: dict[str, object] = {"email": "luz@example.org", "role": "door", "places": ["chicago"]}
    assert ana.post("/org/personal/invitar", **(form | given)).status_code == status
    assert accounts(store) == before


def test_rule_of_leads_holds_below_the_pages(store: Store, ana_id: int) -> None:
    """The functions themselves refuse, whatever a page lets through."""
    for role, office, code in (
        (Role.DOOR, "calgary", ErrorCode.OFFICE_OF_OTHERS),
        (Role.READER, ALL_OFFICES, ErrorCode.OFFICE_OF_OTHERS),
        (Role.ADMIN, "chicago", ErrorCode.ROLE_OF_NETWORK),
    ):
        with store.read() as session, pytest.raises(Refusal) as caught:
            administration.invite(
                session, "luz@example.org", role, [office], by=ana_id, now=clock.now()
            )
        assert caught.value.code is code


@pytest.mark.parametrize("action", ["suspender", "invitacion", "retirar"])
def test_lead_changes_no_account_of_another_office(
    store: Store, ana: StaffClient, action: str
) -> None:
    """By its id in the address; and as if it did not exist."""
    luz = employ(store, "luz@example.org", Role.DOOR, "calgary")
    elena = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    before = accounts(store)
    for organizer_id in (luz, elena, 999_999):
        assert ana.get(f"/org/personal/{organizer_id}").status_code == 404
        assert ana.post(f"/org/personal/{organizer_id}/{action}").status_code == 404
    assert accounts(store) == before
    assert "luz@" not in words(ana.get("/org/personal"))
    assert "elena@" not in words(ana.get("/org/personal"))


@pytest.mark.parametrize("action", ["suspender", "invitacion", "retirar"])
def test_refusal_to_a_lead_says_why(
    store: Store, ana: StaffClient, ana_id: int, action: str
) -> None:
    """An admin of the office, a colleague of another office too, and the own account."""
    admin = employ(store, "iris@example.org", Role.ADMIN, "chicago")
    both = employ(store, "luz@example.org", Role.DOOR, "chicago", "calgary")
    reader = employ(store, "ivan@example.org", Role.DOOR, "chicago")
    with store.change() as session:
        ivan = staff.get(session, reader)
        ivan.grants.append(RoleAssignment(office=ALL_OFFICES, role=Role.READER))
    before = accounts(store)
    for organizer_id, why in (
        (admin, "Esa cuenta la lleva quien administra la red."),
        (both, "Esa cuenta trabaja también en otra oficina."),
        (reader, "Esa cuenta la lleva quien administra la red."),
        (ana_id, "Es tu propia cuenta: eso lo hace otra persona."),
    ):
        page = ana.get(f"/org/personal/{organizer_id}")
        assert why in words(page)
        assert f"/{action}" not in page.text, "it is not offered"
        answer = ana.post(f"/org/personal/{organizer_id}/{action}")
        assert answer.status_code == 422
        assert why in words(answer)
    assert accounts(store) == before


def test_lead_neither_changes_roles_nor_resets_a_colleague(store: Store, ana: StaffClient) -> None:
    tomas = employ(store, "tomas@example.org", Role.DOOR)
    form = {"role-chicago": "lead", "office": "calgary", "role": "admin"}
    assert ana.post(f"/org/personal/{tomas}", **form).status_code in {403, 404}
    assert ana.post(f"/org/personal/{tomas}/reiniciar").status_code in {403, 404}
    with store.read() as session:
        found = staff.get(session, tomas)
        assert administration.rights_of(found) == {"chicago": Role.DOOR}
        assert found.password is not None


@pytest.mark.parametrize("role", [Role.DOOR, Role.READER, Role.ORGANIZER, Role.LEAD])
def test_lead_disables_a_colleague(app: Flask, store: Store, ana: StaffClient, role: Role) -> None:
    tomas = employ(store, "tomas@example.org", role)
    his = signed_in_as(app, store, tomas)
    answer = ana.post(f"/org/personal/{tomas}/suspender")
    assert answer.headers["Location"] == f"/org/personal/{tomas}?hecho=suspendida"
    assert his.get("/org/").status_code == 303
    assert "Quien administra la red puede abrirla otra vez." in words(
        ana.get(f"/org/personal/{tomas}")
    )


def test_lead_who_lost_the_role_meanwhile_changes_nothing(store: Store, ana_id: int) -> None:
    """Roles are read in the transaction of the change, not when the request began."""
    tomas = employ(store, "tomas@example.org", Role.DOOR)
    with store.change() as session:
        staff.get(session, ana_id).grants[0].role = Role.ORGANIZER
    with store.read() as session, pytest.raises(NotFound):
        administration.disable(session, staff.get(session, tomas), by=ana_id, now=clock.now())


def test_invitation_sent_again_replaces_the_older_link(
    app: Flask, store: Store, ana: StaffClient
) -> None:
    public = app.test_client()
    given = {"email": "tomas@example.org", "role": "door", "places": "chicago"}
    ana.post("/org/personal/invitar", **given)
    first = mailed_link(app, store, "tomas@example.org")
    with store.read() as session:
        tomas = staff.get_by_email(session, "tomas@example.org").id
    ana.post(f"/org/personal/{tomas}/invitacion")
    second = mailed_link(app, store, "tomas@example.org")
    assert public.get(first).status_code == 404
    assert public.post(first, data={"password": PASSWORD}).status_code == 404
    assert public.post(second, data={"password": PASSWORD}).status_code == 303
    assert public.post(second, data={"password": PASSWORD + "!"}).status_code == 404, "used"
    answer = ana.post(f"/org/personal/{tomas}/invitacion")
    assert answer.status_code == 422
    assert "Esa cuenta ya se usa o está suspendida" in words(answer)


def test_withdrawn_invitation_leaves_no_account(app: Flask, store: Store, ana: StaffClient) -> None:
    given = {"email": "tomas@example.org", "role": "door", "places": "chicago"}
    ana.post("/org/personal/invitar", **given)
    link = mailed_link(app, store, "tomas@example.org")
    with store.read() as session:
        tomas = staff.get_by_email(session, "tomas@example.org").id
    answer = ana.post(f"/org/personal/{tomas}/retirar")
    assert answer.headers["Location"] == "/org/personal?hecho=retirada"
    assert "Invitación retirada." in words(ana.get(answer.headers["Location"]))
    assert app.test_client().post(link, data={"password": PASSWORD}).status_code == 404
    assert "tomas@example.org" not in accounts(store)
    assert "retiró una invitación" in words(ana.get("/org/bitacora/chicago"))
    ana.post("/org/personal/invitar", **given)
    assert "tomas@example.org" in accounts(store), "the address can be invited again"


def test_account_in_use_is_not_withdrawn(store: Store, ana: StaffClient) -> None:
    tomas = employ(store, "tomas@example.org", Role.DOOR)
    answer = ana.post(f"/org/personal/{tomas}/retirar")
    assert answer.status_code == 422
    assert "tomas@example.org" in accounts(store)


@pytest.mark.races
def test_link_used_while_it_is_withdrawn(app: Flask, store: Store, ana_id: int) -> None:
    """Either the account is used, or it is gone; never a password without an account."""
    for number in range(4):
        email = f"tomas{number}@example.org"
        organizer_id = invited(store, email, by=ana_id)
        with store.change() as session:
            token = invitations.invite(session, organizer_id, now=clock.now())
        client, start = signed_in_as(app, store, ana_id), Barrier(2)

        def use(link: str = token, start: Barrier = start) -> int:
            start.wait()
            public = app.test_client()
            return public.post(f"/org/invitacion/{link}", data={"password": PASSWORD}).status_code

        def withdraw(
            found: int = organizer_id, client: StaffClient = client, start: Barrier = start
        ) -> int:
            start.wait()
            return client.post(f"/org/personal/{found}/retirar").status_code

        with ThreadPoolExecutor(2) as hands:
            used, withdrawn = hands.submit(use), hands.submit(withdraw)
        outcome = used.result(), withdrawn.result()
        assert outcome in {(303, 422), (404, 303)}
        assert (email in accounts(store)) is (outcome == (303, 422))


@pytest.mark.races
def test_page_of_an_invitation_opened_twice_at_once(app: Flask, store: Store, ana_id: int) -> None:
    organizer_id = invited(store, by=ana_id)
    with store.change() as session:
        token = invitations.invite(session, organizer_id, now=clock.now())
    start = Barrier(4)

    def open_page(_number: int) -> int:
        start.wait()
        return app.test_client().get(f"/org/invitacion/{token}").status_code

    with ThreadPoolExecutor(4) as hands:
        assert list(hands.map(open_page, range(4))) == [200] * 4
    with store.read() as session:
        assert session.scalars(sa.select(Invitation.opened_at)).one() is not None


def test_page_fetched_in_advance_does_not_count_as_opened(
    app: Flask, store: Store, ana_id: int
) -> None:
    organizer_id = invited(store, by=ana_id)
    with store.change() as session:
        token = invitations.invite(session, organizer_id, now=clock.now())
    public = app.test_client()
    public.get(f"/org/invitacion/{token}", headers={"Sec-Purpose": "prefetch"})
    public.head(f"/org/invitacion/{token}")
    with store.read() as session:
        assert session.scalars(sa.select(Invitation.opened_at)).all() == [None]


def test_invitations_to_one_address_are_limited(app: Flask, store: Store, ana: StaffClient) -> None:
    tomas = invited(store)
    answers = [ana.post(f"/org/personal/{tomas}/invitacion") for _ in range(6)]
    assert [each.status_code for each in answers] == [303] * 5 + [429]
    assert "Son demasiadas invitaciones" in words(answers[-1])
    link = mailed_link(app, store, "tomas@example.org")
    assert ana.client.get(link).status_code == 200, "the last link stays"


def test_invitations_of_one_person_are_limited(store: Store, ana: StaffClient) -> None:
    for number in range(31):
        form = {"email": f"a{number}@example.org", "role": "door", "places": "chicago"}
        answer = ana.post("/org/personal/invitar", **form)
        assert answer.status_code == (303 if number < 30 else 429)
    assert 'value="a30@example.org"' in answer.text, "what was typed is kept"
    assert "a30@example.org" not in accounts(store)


def test_refused_attempts_leave_no_entry_in_the_audit_log(
    store: Store, ana: StaffClient, ana_id: int
) -> None:
    employ(store, "luz@example.org", Role.ADMIN, "chicago")
    ana.post(f"/org/personal/{ana_id}/suspender")
    ana.post("/org/personal/invitar", email="x@example.org", role="admin", places="chicago")
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry.action)).all()
    assert not [each for each in entries if each.startswith(("account", "invitation"))]
