"""All pages, by a name that test ids show, and how to open them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from playwright.sync_api import Page

from outreach import clock
from outreach.clock import Month
from tests.browser import data_imports, early_posts, second_factors
from tests.browser.data_bulletins import ELENA
from tests.browser.world import ANA, World

PAGES: Final[dict[str, Callable[[World], str]]] = {
    "list": lambda world: "/es/",
    "list in English": lambda world: "/en/",
    "list in French": lambda world: "/fr/",
    "list of a search": lambda world: "/es/?donde=Chicago&tipo=derechos&modalidad=presencial",
    "list of a discreet kind": lambda world: f"/es/?tipo={world.discreet_kind}",
    "list with nothing": lambda world: "/es/?donde=Calgary&tipo=daca",
    "list of an unknown place": lambda world: "/es/?donde=Xyzzy",
    "workshop": lambda world: f"/es/t/{world.plain}",
    "full workshop": lambda world: f"/es/t/{world.full}",
    "cancelled workshop": lambda world: f"/es/t/{world.cancelled}",
    "past workshop": lambda world: f"/es/t/{world.past}",
    "discreet workshop": lambda world: f"/es/t/{world.discreet}",
    "form": lambda world: f"/es/t/{world.plain}/lugar",
    "form of the waiting list": lambda world: f"/es/t/{world.full}/lugar",
    "discreet form": lambda world: f"/es/t/{world.discreet}/lugar",
    "ticket": lambda world: f"/es/r/{world.seated}",
    "discreet ticket": lambda world: f"/es/r/{world.discreet_seated}",
    "waiting": lambda world: f"/es/r/{world.waiting}",
    "slots": lambda world: f"/es/t/{world.more['slots']}/lugar",
    "slots, all taken": lambda world: f"/es/t/{world.more['full slots']}/lugar",
    "workshop with hours": lambda world: f"/es/t/{world.more['slots']}",
    "ticket with an hour": lambda world: f"/es/r/{world.more['slot seated']}",
    "change of an hour": lambda world: f"/es/r/{world.more['slot seated']}/cambiar",
    "offer": lambda world: f"/es/r/{world.more['offered']}",
    "discreet offer": lambda world: f"/es/r/{world.more['discreet offered']}",
    "discreet waiting": lambda world: f"/es/r/{world.more['discreet waiting']}",
    "lapsed": lambda world: f"/es/r/{world.more['lapsed']}",
    "ticket, asked": lambda world: f"/es/r/{world.more['asked']}",
    "still coming": lambda world: f"/es/r/{world.more['asked']}/vengo",
    "form of a series": lambda world: f"/es/t/{world.more['series']}/lugar",
    "ticket of a series": lambda world: f"/es/r/{world.more['joint']}",
    "cancel of a series": lambda world: f"/es/r/{world.more['joint']}/cancelar",
    "forget of a series": lambda world: f"/es/r/{world.more['joint']}/borrar",
    "form, not open yet": lambda world: f"/es/t/{world.more['not yet']}/lugar",
    "workshop, not open yet": lambda world: f"/es/t/{world.more['not yet']}",
    "form, childcare used up": lambda world: f"/es/t/{world.more['limited']}/lugar",
    "change with needs": lambda world: f"/es/r/{world.more['by e-mail']}/cambiar",
    "ticket, address by phone": lambda world: f"/es/r/{world.more['to be called']}",
    "discreet change": lambda world: f"/es/r/{world.more['to be called']}/cambiar",
    "form, by phone": lambda world: f"/es/t/{world.more['by phone']}/lugar",
    "workshop, by phone": lambda world: f"/es/t/{world.more['by phone']}",
    "form, walk in": lambda world: f"/es/t/{world.more['open']}/lugar",
    "workshop, given with": lambda world: f"/es/t/{world.more['given with']}",
    "workshop, walk in": lambda world: f"/es/t/{world.more['open']}",
    "unlisted workshop": lambda world: f"/es/t/{world.more['unlisted']}",
    "change": lambda world: f"/es/r/{world.seated}/cambiar",
    "cancel": lambda world: f"/es/r/{world.seated}/cancelar",
    "forget": lambda world: f"/es/r/{world.seated}/borrar",
    "find my link": lambda world: "/es/mi-registro",
    "square at the door": lambda world: f"/q/{world.entry}",
    "office": lambda world: "/es/o/chicago",
    "network": lambda world: "/es/red",
    "calendar": lambda world: "/es/calendario",
    "calendar of a choice": lambda world: (
        f"/es/calendario?tipo=derechos&tipo={world.discreet_kind}&donde=IL&donde=Calgary&idioma=nah"
    ),
    "frame": lambda world: "/es/incrustar?oficina=chicago",
    "figures": lambda world: "/es/cifras/2020-01",
    "all figures": lambda world: "/es/cifras/",
    "figures of a running month": lambda world: f"/es/cifras/{Month.from_day(clock.now().date())}",
    "figures of a year": lambda world: "/es/cifras/2020",
    "figures of an office": lambda world: "/es/cifras/oficina/chicago",
    "figures of a discreet kind": lambda world: f"/es/cifras/tipo/{world.discreet_kind}",
    "bulletin": lambda world: "/es/boletin/2020-01",
    "bulletin in French": lambda world: "/fr/boletin/2020-01",
    "bulletins": lambda world: "/es/boletin/",
    "bulletin by e-mail": lambda world: "/es/boletin/suscribirse",
    "bulletin, yes or no": lambda world: f"/es/boletin/s/{world.more['wants the bulletin']}",
    "bulletin, subscribed": lambda world: f"/es/boletin/s/{world.more['subscribed']}",
    "open data": lambda world: "/es/datos",
    "privacy": lambda world: "/es/privacidad",
    "safety": lambda world: "/es/seguridad",
    "accessibility": lambda world: "/es/accesibilidad",
    "sign-in": lambda world: "/org/entrar",
    "not found": lambda world: "/es/t/0000000000",
}

STAFF: Final[dict[str, Callable[[World], str]]] = {
    "today": lambda world: "/org/",
    "workshops": lambda world: "/org/talleres",
    "one workshop": lambda world: f"/org/talleres/{world.plain}",
    "a discreet one": lambda world: f"/org/talleres/{world.discreet}",
    "new workshop": lambda world: "/org/talleres/nuevo",
    "who waits": lambda world: f"/org/talleres/{world.more['offers']}?ver=espera",
    "whom to call": lambda world: f"/org/talleres/{world.more['calls']}?ver=llamadas",
    "letters not arrived": lambda world: f"/org/talleres/{world.more['calls']}",
    "one with hours": lambda world: f"/org/talleres/{world.more['slots']}",
    "whom to approve": lambda world: f"/org/talleres/{world.more['approved']}",
    "new workshop, filled": lambda world: "/org/talleres/nuevo?tipo=derechos",
    "edit": lambda world: f"/org/talleres/{world.plain}/editar",
    "edit, with hours": lambda world: f"/org/talleres/{world.more['slots']}/editar",
    "edit, with limits": lambda world: f"/org/talleres/{world.more['limited']}/editar",
    "door, begun": lambda world: f"/org/talleres/{world.more['begun']}/entrada",
    "cancel a workshop": lambda world: f"/org/talleres/{world.plain}/cancelar",
    "bring in": lambda world: "/org/traer",
    "own calendar": lambda world: "/org/mi-calendario",
    "write a message": lambda world: f"/org/talleres/{world.more['told']}/mensaje",
    "message sent": lambda world: (
        f"/org/talleres/{world.more['told']}/mensaje?enviado={world.more['message']}"
    ),
    "discreet message": lambda world: f"/org/talleres/{world.more['quiet']}/mensaje",
    "told by phone": lambda world: f"/org/talleres/{world.more['told']}?ver=llamadas",
    "save by phone": lambda world: f"/org/talleres/{world.more['told']}/apartar",
    "discreet, by phone": lambda world: f"/org/talleres/{world.more['quiet']}/apartar",
    "hours, by phone": lambda world: f"/org/talleres/{world.more['slots']}/apartar",
    "doors": lambda world: "/org/entrada",
    "door": lambda world: f"/org/talleres/{world.plain}/entrada",
    "flyer": lambda world: f"/org/talleres/{world.plain}/volante",
    "flyer of a discreet one": lambda world: f"/org/talleres/{world.discreet}/volante?idioma=en",
    "certificate": lambda world: f"/org/talleres/{world.past}/constancia",
    "certificate, too early": lambda world: f"/org/talleres/{world.plain}/constancia",
    "door to take along": lambda world: "/org/puerta/",
    "door on a phone, none": lambda world: "/org/puerta/telefono",
    "attendance": lambda world: f"/org/talleres/{world.past}/asistencia",
    "journal of a workshop": lambda world: f"/org/talleres/{world.plain}/bitacora",
    "journal of an office": lambda world: "/org/bitacora/chicago",
    "month of an office": lambda world: "/org/mes/2020-01",
    "the rest": lambda world: "/org/mas",
    "tours": lambda world: "/org/giras",
    "new tour": lambda world: "/org/giras/nueva",
    "tour": lambda world: world.more["tour"],
    "stop": lambda world: world.more["stop"],
    "cancel a stop": lambda world: world.more["stop"] + "/cancelar",
    "own account": lambda world: "/org/cuenta",
    "new key": lambda world: "/org/cuenta/llaves",
    "another telephone": lambda world: "/org/cuenta/aplicacion",
    "who are you": lambda world: "/org/confirmar?volver=/org/cuenta/llaves",
    "venues": lambda world: "/org/sedes",
    "new venue": lambda world: "/org/sedes/chicago/nueva",
    "a venue": lambda world: f"/org/sedes/chicago/{world.more['a venue']}",
    "a retired venue": lambda world: f"/org/sedes/chicago/{world.more['a retired venue']}",
    "allies": lambda world: "/org/aliados",
    "new partner": lambda world: "/org/aliados/chicago/organizacion",
    "a partner": lambda world: f"/org/aliados/chicago/organizacion/{world.more['a partner']}",
    "a speaker": lambda world: f"/org/aliados/chicago/persona/{world.more['a speaker']}",
    "texts": lambda world: f"/org/talleres/{world.more['lacking']}/textos",
    "a draft that lacks": lambda world: f"/org/talleres/{world.more['lacking']}",
    "a form recovered": lambda world: f"/org/talleres/nuevo?borrador={world.more['unsaved']}",
    "edit, with allies": lambda world: f"/org/talleres/{world.more['given with']}/editar",
    "repeat": lambda world: f"/org/talleres/{world.plain}/repetir?cada=semana&dias=5&veces=20",
    "repeat, at first": lambda world: f"/org/talleres/{world.plain}/repetir",
    "clone": lambda world: f"/org/talleres/{world.plain}/clonar",
    "month at once": lambda world: "/org/talleres/mes-nuevo",
    "series": lambda world: f"/org/talleres/{world.more['course']}/serie",
    "series, tried": lambda world: (
        f"/org/talleres/{world.more['course']}/serie?campos=capacity&minutos=60"
    ),
    "move several": lambda world: (
        f"/org/talleres/varios?hacer=mover&t={world.more['course']}&t={world.more['course, later']}"
        f"&t={world.past}&dias=7&hora=19:00"
    ),
    "cancel several": lambda world: (
        f"/org/talleres/varios?hacer=cancelar&t={world.discreet}&t={world.more['course, later']}"
    ),
    "several, none chosen": lambda world: "/org/talleres/varios",
    "not hers": lambda world: "/org/talleres/0000000000",
}
# Pages of an admin of the whole network.
HEADQUARTERS: Final[dict[str, Callable[[World], str]]] = {
    "bulletins to write": lambda world: "/org/boletin",
    "bulletin, seen before": lambda world: "/org/boletin/2020-01/vista",
    "month of the network": lambda world: "/org/mes/2020-01",
    "figures of a month": lambda world: "/org/mes/2020-01/cifras",
    "journal": lambda world: "/org/bitacora",
    "journal, looked through": lambda world: "/org/bitacora?revisar=si",
    "offices": lambda world: "/org/red",
    "new office": lambda world: "/org/red/nueva",
    "one office": lambda world: "/org/red/chicago",
    "kinds": lambda world: "/org/tipos",
    "new kind": lambda world: "/org/tipos/nuevo",
    "one kind": lambda world: "/org/tipos/derechos",
    "a discreet kind": lambda world: f"/org/tipos/{world.discreet_kind}",
    "personnel": lambda world: "/org/personal",
    "invite": lambda world: "/org/personal/invitar",
    "one account": lambda world: f"/org/personal/{world.more['ana']}",
    "settings": lambda world: "/org/ajustes",
    "close of a month": lambda world: "/org/mes/2020-01/cierre",
    "close of a month ahead": lambda world: f"/org/mes/{_past()}/cierre",
}
MONTH_LOOKED_AT: Final = "month at once, with its dates"
DOOR_TAKEN: Final = "door on a phone"
BULLETIN_LOST: Final = "bulletin, changed by somebody else"
FORM_WITH_ERRORS: Final = "form with errors"
LINK_SENT: Final = "find my link, sent"
CALENDAR_MADE: Final = "own calendar, made"
CODE_ASKED: Final = "code after the password"
SET_UP: Final = "second factor to set up"
CODES_PRINTED: Final = "paper codes"
PUBLIC: Final = (*PAGES, FORM_WITH_ERRORS, LINK_SENT)
SIGNING_IN: Final = (CODE_ASKED, SET_UP, CODES_PRINTED)
FILES: Final = {"file brought": data_imports.GOOD, "file brought, with faults": data_imports.WRONG}
DONE: Final = (CALENDAR_MADE, DOOR_TAKEN, BULLETIN_LOST, MONTH_LOOKED_AT)
EVERY: Final = (*PUBLIC, *STAFF, *HEADQUARTERS, *DONE, *FILES, *SIGNING_IN)
# Pages that have the same parts as another one; only tests/run --long checks them.
ALIKE: Final = frozenset(
    (
        "list in English",
        "list in French",
        "list of an unknown place",
        "full workshop",
        "past workshop",
        "discreet offer",
        "discreet waiting",
        "slots, all taken",
        "workshop with hours",
        "ticket with an hour",
        "cancel of a series",
        "forget of a series",
        "workshop, not open yet",
        "form, childcare used up",
        "discreet change",
        "workshop, by phone",
        "workshop, walk in",
        "unlisted workshop",
        "figures of a running month",
        "bulletin in French",
        "a discreet one",
        "letters not arrived",
        "one with hours",
        "edit",
        "edit, with limits",
        "discreet message",
        "discreet, by phone",
        "flyer of a discreet one",
        "certificate, too early",
        "journal of a workshop",
        "journal of an office",
        "new partner",
        "new venue",
        "a retired venue",
        "a form recovered",
        "edit, with allies",
        "repeat, at first",
        "cancel several",
        "new office",
        "new kind",
        "a discreet kind",
        "close of a month ahead",
        "file brought",
    )
)
MISSING: Final = {"not found", "not hers"}


def visit(page: Page, world: World, name: str) -> None:
    """Opens the page of that name and asserts its status."""
    if name == FORM_WITH_ERRORS:
        _send_with_errors(page, world)
        return
    if name == LINK_SENT:
        _ask_for_the_link(page, world)
        return
    if name == CALENDAR_MADE:
        _make_a_calendar(page, world)
        return
    if name == MONTH_LOOKED_AT:
        _look_at_a_month(page)
        return
    if name in FILES:
        sign_in(page)
        data_imports.bring(page, FILES[name])
        return
    if name == DOOR_TAKEN:
        _open_offline_checkin(page, world)
        return
    if name == BULLETIN_LOST:
        _save_what_is_old(page)
        return
    if name == CODES_PRINTED:
        second_factors.print_codes(page)
        return
    if name in SIGNING_IN:
        second_factors.give_password(page, second_factors.NORA if name == SET_UP else ANA)
        return
    if name in STAFF or name in HEADQUARTERS:
        second_factors.come_in(page, ELENA if name in HEADQUARTERS else ANA)
    answer = page.goto((PAGES | STAFF | HEADQUARTERS)[name](world))
    assert answer
    assert answer.status == (404 if name in MISSING else 200)


def sign_in(page: Page, email: str = ANA) -> None:
    """Signs in a staff member, Ana by default."""
    second_factors.sign_in(page, email)


def _ask_for_the_link(page: Page, world: World) -> None:
    visit(page, world, "find my link")
    page.wait_for_load_state("networkidle")
    page.locator("input[name=email]").fill("rosa@ejemplo.com")
    early_posts.send(page, page.locator("main form [type=submit]").click)
    page.locator("[role=status]").first.wait_for()


def _past() -> Month:
    """The month of the workshop of 40 days ago."""
    return Month.from_day(clock.now().date() - timedelta(days=40))


def _save_what_is_old(page: Page) -> None:
    """Saves a bulletin with an outdated version."""
    sign_in(page, ELENA)
    page.goto("/org/boletin/2020-01")
    page.locator("input[name=version]").evaluate("field => { field.value = 1; }")
    page.get_by_label("Lo que viene (Español)").fill("Ven a Chicago.")
    page.get_by_role("button", name="Guardar", exact=True).click()
    page.locator("main [role=alert]").wait_for()


def _look_at_a_month(page: Page) -> None:
    """Previews some lines in the month planner, one of them with a conflict."""
    sign_in(page)
    page.goto("/org/talleres/mes-nuevo")
    page.get_by_label("Otros talleres").fill(
        "3 10 17, 18:30, San Pío, DACA\n12 19; 10:00; Consulado, sala B\n12; 10:00; Lozano"
    )
    page.get_by_role("button", name="Revisar").locator("visible=true").click()
    page.locator("#fechas").wait_for()


def _make_a_calendar(page: Page, world: World) -> None:
    visit(page, world, "own calendar")
    page.locator("main form[action$=mi-calendario] [type=submit]").click()
    page.locator("main .qr").wait_for()


def _open_offline_checkin(page: Page, world: World) -> None:
    """Offline check-in with an unknown code, a walk-in and an event."""
    visit(page, world, "door to take along")
    page.locator("form[data-take] button").first.click()
    page.wait_for_url("**/telefono#*")
    page.get_by_role("button", name="+1").click()
    page.locator("[data-events] li").first.wait_for()
    page.locator("#q").fill("000000")
    page.get_by_role("button", name="Buscar").click()
    page.get_by_role("button", name="Sumar 1").wait_for()


def _send_with_errors(page: Page, world: World) -> None:
    """Sends the form without a name and with an invalid e-mail address."""
    visit(page, world, "form")
    page.wait_for_load_state("networkidle")
    page.locator("input[name=contact][value=email]").check(force=True)
    page.locator("input[name=email]").fill("rosa.ejemplo.com")
    page.locator("main form [type=submit]").click()
    page.locator("[aria-invalid=true]").first.wait_for()
