"""All pages, by a name that test ids show, and how to open them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from playwright.sync_api import Page

from outreach import clock
from outreach.clock import Month
from tests.browser import data_calls, data_imports, early_posts, second_factors
from tests.browser.data_bulletins import ELENA
from tests.browser.world import ANA, World
from tests.support.extension_scenes import SCENES

PAGES: Final[dict[str, Callable[[World], str]]] = {
    "list": lambda world: "/es/",
    "list in English": lambda world: "/en/",
    "list in French": lambda world: "/fr/",
    "list of a search": lambda world: "/es/?donde=Chicago&tipo=derechos&modalidad=presencial",
    "list of a discreet kind": lambda world: f"/es/?tipo={world.discreet_kind}",
    "list without results": lambda world: "/es/?donde=Calgary&tipo=daca",
    "list of an unknown place": lambda world: "/es/?donde=Xyzzy",
    "list of a name of many places": lambda world: "/es/?donde=Aurora",
    "list of a search with many filters": lambda world: (
        "/es/?donde=Chicago&tipo=derechos&cuando=mes&idioma=en&libres=1&ninos=1"
    ),
    "list in Canada": lambda world: "/es/?donde=Toronto",
    "list in Canada in French": lambda world: "/fr/?donde=Calgary",
    "list online": lambda world: "/es/?modalidad=en-linea",
    "workshop": lambda world: f"/es/t/{world.plain}",
    "full workshop": lambda world: f"/es/t/{world.full}",
    "cancelled workshop": lambda world: f"/es/t/{world.cancelled}",
    "past workshop": lambda world: f"/es/t/{world.past}",
    "discreet workshop": lambda world: f"/es/t/{world.discreet}",
    "form": lambda world: f"/es/t/{world.plain}/lugar",
    "form of the waitlist": lambda world: f"/es/t/{world.full}/lugar",
    "discreet form": lambda world: f"/es/t/{world.discreet}/lugar",
    "registration": lambda world: f"/es/r/{world.seated}",
    "discreet registration": lambda world: f"/es/r/{world.discreet_seated}",
    "move to another date": lambda world: f"/es/r/{world.seated}/mover",
    "move to another hour": lambda world: f"/es/r/{world.more['slot seated']}/mover",
    "another date of a discreet registration": lambda world: f"/es/r/{world.discreet_seated}/mover",
    "waitlisted registration": lambda world: f"/es/r/{world.waiting}",
    "form with time slots": lambda world: f"/es/t/{world.more['slots']}/lugar",
    "form with time slots, full": lambda world: f"/es/t/{world.more['full slots']}/lugar",
    "workshop with time slots": lambda world: f"/es/t/{world.more['slots']}",
    "registration with a time slot": lambda world: f"/es/r/{world.more['slot seated']}",
    "change of a time slot": lambda world: f"/es/r/{world.more['slot seated']}/cambiar",
    "offer": lambda world: f"/es/r/{world.more['offered']}",
    "discreet offer": lambda world: f"/es/r/{world.more['discreet offered']}",
    "discreet waitlisted registration": lambda world: f"/es/r/{world.more['discreet waiting']}",
    "expired offer": lambda world: f"/es/r/{world.more['expired']}",
    "registration to reconfirm": lambda world: f"/es/r/{world.more['to reconfirm']}",
    "reconfirmation": lambda world: f"/es/r/{world.more['to reconfirm']}/vengo",
    "form of a group registration": lambda world: f"/es/t/{world.more['series']}/lugar",
    "group registration": lambda world: f"/es/r/{world.more['group']}",
    "cancel a group registration": lambda world: f"/es/r/{world.more['group']}/cancelar",
    "erase a group registration": lambda world: f"/es/r/{world.more['group']}/borrar",
    "form, not open yet": lambda world: f"/es/t/{world.more['not open yet']}/lugar",
    "workshop, not open yet": lambda world: f"/es/t/{world.more['not open yet']}",
    "form, childcare used up": lambda world: f"/es/t/{world.more['limited']}/lugar",
    "change of access needs": lambda world: f"/es/r/{world.more['e-mail contact']}/cambiar",
    "registration, address not approved": lambda world: f"/es/r/{world.more['phone contact']}",
    "discreet change of a registration": lambda world: (
        f"/es/r/{world.more['phone contact']}/cambiar"
    ),
    "form, registration by phone": lambda world: f"/es/t/{world.more['by phone']}/lugar",
    "workshop, registration by phone": lambda world: f"/es/t/{world.more['by phone']}",
    "form, without registration": lambda world: f"/es/t/{world.more['without registration']}/lugar",
    "workshop with partners": lambda world: f"/es/t/{world.more['with partners']}",
    "workshop, telephone consultation": lambda world: f"/es/t/{world.more['consultation']}",
    "form of a telephone consultation": lambda world: f"/es/t/{world.more['consultation']}/lugar",
    "registration that is called": lambda world: f"/es/r/{world.more['called']}",
    "workshop by video call": lambda world: f"/es/t/{world.more['video call']}",
    "form of a video call": lambda world: f"/es/t/{world.more['video call']}/lugar",
    "registration by video call": lambda world: f"/es/r/{world.more['in video call']}",
    "live stream": lambda world: f"/es/t/{world.more['live']}",
    "moved workshop": lambda world: f"/es/t/{world.more['moved']}",
    "workshop of a course": lambda world: f"/es/t/{world.more['series']}",
    "hybrid workshop": lambda world: f"/es/t/{world.more['hybrid']}",
    "registration of a hybrid workshop": lambda world: f"/es/r/{world.more['in hybrid']}",
    "form of a hybrid workshop": lambda world: f"/es/t/{world.more['hybrid']}/lugar",
    "workshop, without registration": lambda world: f"/es/t/{world.more['without registration']}",
    "unlisted workshop": lambda world: f"/es/t/{world.more['unlisted']}",
    "change a registration": lambda world: f"/es/r/{world.seated}/cambiar",
    "cancel a registration": lambda world: f"/es/r/{world.seated}/cancelar",
    "erase a registration": lambda world: f"/es/r/{world.seated}/borrar",
    "new link": lambda world: f"/es/r/{world.seated}/enlace",
    "new link of a group registration": lambda world: f"/es/r/{world.more['group']}/enlace",
    "registration with a new link": lambda world: f"/es/r/{world.seated}?enlace=nuevo",
    "released registration": lambda world: f"/es/r/{world.more['released']}",
    "link recovery": lambda world: "/es/mi-registro",
    "QR code page": lambda world: f"/q/{world.entry}",
    "office": lambda world: "/es/o/chicago",
    "network": lambda world: "/es/red",
    "feed builder": lambda world: "/es/calendario",
    "feed builder with choices": lambda world: (
        f"/es/calendario?tipo=derechos&tipo={world.discreet_kind}&donde=IL&donde=Calgary&idioma=nah"
    ),
    "figures": lambda world: "/es/cifras/2020-01",
    "how to check figures": lambda world: "/es/cifras/comprobar",
    "all figures": lambda world: "/es/cifras/",
    "figures of a running month": lambda world: f"/es/cifras/{Month.from_day(clock.now().date())}",
    "figures of a year": lambda world: "/es/cifras/2020",
    "figures of an office": lambda world: "/es/cifras/oficina/chicago",
    "figures of a discreet kind": lambda world: f"/es/cifras/tipo/{world.discreet_kind}",
    "releases of figures": lambda world: "/es/cifras/publicacion",
    "bulletin": lambda world: "/es/boletin/2020-01",
    "bulletin in French": lambda world: "/fr/boletin/2020-01",
    "bulletins": lambda world: "/es/boletin/",
    "newsletter form": lambda world: "/es/boletin/suscribirse",
    "newsletter subscription to confirm": lambda world: (
        f"/es/boletin/s/{world.more['unconfirmed subscriber']}"
    ),
    "newsletter subscription": lambda world: f"/es/boletin/s/{world.more['subscribed']}",
    "open data": lambda world: "/es/datos",
    "privacy": lambda world: "/es/privacidad",
    "agents": lambda world: "/es/si-llegan-agentes",
    "phone line": lambda world: "/es/por-telefono",
    "safety": lambda world: "/es/seguridad",
    "tour route": lambda world: "/es/gira",
    "verify": lambda world: "/es/verdad",
    "verify, a code of ours": lambda world: f"/es/verdad?codigo={world.plain[:8]}",
    "verify, an unknown code": lambda world: "/es/verdad?codigo=CHI 9999",
    "report of a fraud": lambda world: "/es/verdad/contar",
    "accessibility": lambda world: "/es/accesibilidad",
    "sign-in": lambda world: "/org/entrar",
    "invitation": lambda world: f"/org/invitacion/{world.more['invitation']}",
    "not found": lambda world: "/es/t/0000000000",
}

TOO_EARLY: Final = "check-in too early"  # answers 409
STAFF: Final[dict[str, Callable[[World], str]]] = {
    "dashboard": lambda world: "/org/",
    "queue": lambda world: "/org/por-atender",
    "queue, to approve": lambda world: "/org/por-atender?ver=aprobar",
    "queue, to call": lambda world: "/org/por-atender?ver=llamar",
    "queue, to report": lambda world: "/org/por-atender?ver=reportar",
    "danger at the venue": lambda world: f"/org/talleres/{world.more['soon']}/peligro",
    "danger at the venue, closed": lambda world: (
        f"/org/talleres/{world.more['closed for danger']}/peligro"
    ),
    "workshops of a month": lambda world: "/org/talleres",
    "workshops of a week": lambda world: "/org/talleres?vista=semana",
    "workshops of a day": lambda world: "/org/talleres?vista=dia",
    "workshops by venue": lambda world: "/org/talleres?vista=sedes",
    "list of workshops": lambda world: "/org/talleres?vista=lista",
    "move a workshop": lambda world: f"/org/talleres/{world.plain}/mover",
    "workshop detail": lambda world: f"/org/talleres/{world.plain}",
    "discreet workshop detail": lambda world: f"/org/talleres/{world.discreet}",
    "new workshop": lambda world: "/org/talleres/nuevo",
    "doubtful seats": lambda world: f"/org/talleres/{world.more['doubtful']}/dudosos",
    "doubtful seats to be released": lambda world: (
        f"/org/talleres/{world.more['doubtful, decided']}/dudosos"
    ),
    "workshop with doubtful seats": lambda world: f"/org/talleres/{world.more['doubtful']}",
    "waitlist with released parties": lambda world: (
        f"/org/talleres/{world.more['with released']}?ver=espera"
    ),
    "QR code of a released registration": lambda world: f"/q/{world.more['released entry']}",
    "waitlist": lambda world: f"/org/talleres/{world.more['offers']}?ver=espera",
    "manual calls": lambda world: f"/org/talleres/{world.more['calls']}?ver=llamadas",
    "undelivered letters": lambda world: f"/org/talleres/{world.more['calls']}",
    "workshop detail with time slots": lambda world: f"/org/talleres/{world.more['slots']}",
    "address approval": lambda world: f"/org/talleres/{world.more['with approval']}",
    "new workshop of a kind": lambda world: "/org/talleres/nuevo?tipo=derechos",
    "workshop form": lambda world: f"/org/talleres/{world.plain}/editar",
    "workshop form with time slots": lambda world: f"/org/talleres/{world.more['slots']}/editar",
    "workshop form with accommodation limits": lambda world: (
        f"/org/talleres/{world.more['limited']}/editar"
    ),
    "check-in after the start": lambda world: f"/org/talleres/{world.more['started']}/entrada",
    "cancel a workshop": lambda world: f"/org/talleres/{world.plain}/cancelar",
    "import": lambda world: "/org/traer",
    "staff calendar": lambda world: "/org/mi-calendario",
    "write a message": lambda world: f"/org/talleres/{world.more['messaged']}/mensaje",
    "texts of messages": lambda world: "/org/textos",
    "message sent": lambda world: (
        f"/org/talleres/{world.more['messaged']}/mensaje?enviado={world.more['message']}"
    ),
    "discreet message": lambda world: f"/org/talleres/{world.more['discreet by phone']}/mensaje",
    "manual calls of a message": lambda world: (
        f"/org/talleres/{world.more['messaged']}?ver=llamadas"
    ),
    "phone registration": lambda world: f"/org/talleres/{world.more['messaged']}/apartar",
    "discreet phone registration": lambda world: (
        f"/org/talleres/{world.more['discreet by phone']}/apartar"
    ),
    "phone registration with time slots": lambda world: (
        f"/org/talleres/{world.more['slots']}/apartar"
    ),
    "check-in list": lambda world: "/org/entrada",
    "check-in": lambda world: f"/org/talleres/{world.more['tomorrow']}/entrada",
    TOO_EARLY: lambda world: f"/org/talleres/{world.plain}/entrada",
    "flyer": lambda world: f"/org/talleres/{world.plain}/volante",
    "flyer of a month": lambda world: "/org/volantes/chicago",
    "flyer of a discreet workshop": lambda world: (
        f"/org/talleres/{world.discreet}/volante?idioma=en"
    ),
    "certificate": lambda world: f"/org/talleres/{world.past}/constancia",
    "certificate, too early": lambda world: f"/org/talleres/{world.plain}/constancia",
    "offline check-in": lambda world: "/org/puerta/",
    "offline check-in without manifest": lambda world: "/org/puerta/telefono",
    "attendance": lambda world: f"/org/talleres/{world.past}/asistencia",
    "audit log of a workshop": lambda world: f"/org/talleres/{world.plain}/bitacora",
    "audit log of an office": lambda world: "/org/bitacora/chicago",
    "month of an office": lambda world: "/org/mes/2020-01",
    "staff figures by weekday": lambda world: "/org/cifras?por=dia",
    "more pages": lambda world: "/org/mas",
    "search of the staff": lambda world: "/org/buscar",
    "search of the staff, found": lambda world: "/org/buscar?q=taller",
    "search of the staff, nothing found": lambda world: "/org/buscar?q=xyzzy",
    "tours": lambda world: "/org/giras",
    "new tour": lambda world: "/org/giras/nueva",
    "tour": lambda world: world.more["tour"],
    "stop": lambda world: world.more["stop"],
    "cancel a stop": lambda world: world.more["stop"] + "/cancelar",
    "account": lambda world: "/org/cuenta",
    "new passkey": lambda world: "/org/cuenta/llaves",
    "TOTP setup": lambda world: "/org/cuenta/aplicacion",
    "second factor confirmation": lambda world: "/org/confirmar?volver=/org/cuenta/llaves",
    "venues": lambda world: "/org/sedes",
    "new venue": lambda world: "/org/sedes/chicago/nueva",
    "a venue": lambda world: f"/org/sedes/chicago/{world.more['a venue']}",
    "a retired venue": lambda world: f"/org/sedes/chicago/{world.more['a retired venue']}",
    "choose a venue to merge": lambda world: f"/org/sedes/chicago/{world.more['a venue']}/unir",
    "merge venues": lambda world: (
        f"/org/sedes/chicago/{world.more['a venue']}/unir?con={world.more['a retired venue']}"
    ),
    "partners": lambda world: "/org/aliados",
    "new partner": lambda world: "/org/aliados/chicago/organizacion",
    "a partner": lambda world: f"/org/aliados/chicago/organizacion/{world.more['a partner']}",
    "a speaker": lambda world: f"/org/aliados/chicago/persona/{world.more['a speaker']}",
    "roster": lambda world: "/org/equipo",
    "new roster member": lambda world: "/org/equipo/nuevo",
    "team of a workshop": lambda world: f"/org/talleres/{world.plain}/equipo",
    "recordings of a workshop": lambda world: f"/org/talleres/{world.plain}/audio",
    "translations": lambda world: f"/org/talleres/{world.more['incomplete']}/textos",
    "incomplete draft": lambda world: f"/org/talleres/{world.more['incomplete']}",
    "restored draft form": lambda world: f"/org/talleres/nuevo?borrador={world.more['unsaved']}",
    "workshop form with partners": lambda world: (
        f"/org/talleres/{world.more['with partners']}/editar"
    ),
    "repeat": lambda world: f"/org/talleres/{world.plain}/repetir?cada=semana&dias=5&veces=20",
    "repeat, no rule yet": lambda world: f"/org/talleres/{world.plain}/repetir",
    "duplicate": lambda world: f"/org/talleres/{world.plain}/clonar",
    "month planner": lambda world: "/org/talleres/mes-nuevo",
    "series edit": lambda world: f"/org/talleres/{world.more['course']}/serie",
    "series edit, dry run": lambda world: (
        f"/org/talleres/{world.more['course']}/serie?campos=capacity&minutos=60"
    ),
    "bulk move": lambda world: (
        f"/org/talleres/varios?hacer=mover&t={world.more['course']}&t={world.more['course, later']}"
        f"&t={world.past}&dias=7&hora=19:00"
    ),
    "bulk cancel": lambda world: (
        f"/org/talleres/varios?hacer=cancelar&t={world.discreet}&t={world.more['course, later']}"
    ),
    "bulk action, none chosen": lambda world: "/org/talleres/varios",
    "unknown workshop": lambda world: "/org/talleres/0000000000",
    "page of headquarters, refused": lambda world: "/org/personal",
}
# Pages of an admin of the whole network.
HEADQUARTERS: Final[dict[str, Callable[[World], str]]] = {
    "bulletins to edit": lambda world: "/org/boletin",
    "bulletin preview": lambda world: "/org/boletin/2020-01/vista",
    "month of the network": lambda world: "/org/mes/2020-01",
    "control room": lambda world: "/org/control?mes=2020-01",
    "control room of the month that closes next": lambda world: "/org/control",
    "figures of the network": lambda world: "/org/cifras?ano=2020",
    "figures of a month": lambda world: "/org/mes/2020-01/cifras",
    "audit log": lambda world: "/org/bitacora",
    "audit log, verified": lambda world: "/org/bitacora?revisar=si",
    "offices": lambda world: "/org/red",
    "new office": lambda world: "/org/red/nueva",
    "one office": lambda world: "/org/red/chicago",
    "kinds": lambda world: "/org/tipos",
    "new kind": lambda world: "/org/tipos/nuevo",
    "one kind": lambda world: "/org/tipos/derechos",
    "recordings of a kind": lambda world: "/org/tipos/derechos/audio",
    "recordings of the phone line": lambda world: "/org/linea/audio",
    "a discreet kind": lambda world: f"/org/tipos/{world.discreet_kind}",
    "staff members": lambda world: "/org/personal",
    "invite": lambda world: "/org/personal/invitar",
    "staff member": lambda world: f"/org/personal/{world.more['ana']}",
    "help lines": lambda world: "/org/ajustes/lineas",
    "release calendar": lambda world: "/org/ajustes/publicacion",
    "settings": lambda world: "/org/ajustes",
    "close of a month": lambda world: "/org/mes/2020-01/cierre",
    "close of a month ahead": lambda world: f"/org/mes/{_month_of_past_workshop()}/cierre",
}
# Pages of an agent of the call centre.
CALLS: Final[dict[str, Callable[[World], str]]] = {
    "call centre": lambda world: "/org/llamada",
    "call centre, dates": lambda world: data_calls.SEARCH,
    "call centre, discreet dates": lambda world: (
        f"/org/llamada?donde=Chicago&tipo={world.discreet_kind}"
    ),
    "call centre, name of many places": lambda world: "/org/llamada?donde=Aurora",
    "call centre, by code": lambda world: "/org/llamada/codigo",
}
CALL_HELD: Final = "call with a held place"
CALL_FAULTS: Final = "call with a wrong phone"
MONTH_PREVIEWED: Final = "month planner, preview"
OFFLINE_CHECKIN: Final = "offline check-in on a phone"
EDIT_CONFLICT: Final = "bulletin with an edit conflict"
FORM_WITH_ERRORS: Final = "form with errors"
LINK_SENT: Final = "link recovery, sent"
CALENDAR_CREATED: Final = "staff calendar, created"
CODE_REQUESTED: Final = "second factor at sign-in"
SETUP: Final = "second factor setup"
RECOVERY_CODES: Final = "recovery codes"
for _scene in SCENES:
    PAGES.update(_scene.pages)
PUBLIC: Final = (*PAGES, FORM_WITH_ERRORS, LINK_SENT)
SIGNING_IN: Final = (CODE_REQUESTED, SETUP, RECOVERY_CODES)
FILES: Final = {
    "import preview": data_imports.VALID_ROWS,
    "import preview with errors": data_imports.ROWS_WITH_ERRORS,
}
SHEETS: Final = {f"import of a sheet, {last}": last for last in ("columns", "rows", "loaded")}
NOTIFY_SHEET: Final = "sheet before people are told"
CHANGE_SAVED: Final = "change saved, to be undone"
MAILING_SHEET: Final = "sheet before reminders to offices"
REACHED_BY_FORM: Final = (
    CALENDAR_CREATED,
    OFFLINE_CHECKIN,
    EDIT_CONFLICT,
    MONTH_PREVIEWED,
    NOTIFY_SHEET,
    CHANGE_SAVED,
    MAILING_SHEET,
    CALL_HELD,
    CALL_FAULTS,
)
EVERY: Final = (
    *PUBLIC,
    *STAFF,
    *HEADQUARTERS,
    *CALLS,
    *REACHED_BY_FORM,
    *FILES,
    *SHEETS,
    *SIGNING_IN,
)
# Where staff decide about people: checked on phone and desktop, light and dark, in every run.
IN_EVERY_LOOK: Final = frozenset(
    {
        "import",
        NOTIFY_SHEET,
        CHANGE_SAVED,
        MAILING_SHEET,
        "call centre, dates",
        CALL_HELD,
        *FILES,
        *SHEETS,
    }
)
# One page of each layout. The others have the same parts; tests/run --long checks them all.
IN_EVERY_RUN: Final = frozenset(
    (
        "list",
        "workshop",
        "discreet workshop",
        "form",
        "discreet form",
        "form with time slots",
        FORM_WITH_ERRORS,
        "registration",
        "discreet registration",
        "group registration",
        "offer",
        "link recovery",
        "office",
        "feed builder with choices",
        "figures",
        "bulletin",
        "open data",
        "sign-in",
        "not found",
        "dashboard",
        "queue",
        "danger at the venue, closed",
        "workshops of a month",
        "workshop detail",
        "new workshop",
        "manual calls",
        "phone registration",
        "check-in",
        OFFLINE_CHECKIN,
        "tour",
        "account",
        "a venue",
        "translations",
        MONTH_PREVIEWED,
        *IN_EVERY_LOOK,
        "one kind",
        RECOVERY_CODES,
    )
)
ERRORS: Final = {"not found": 404, "unknown workshop": 404, "page of headquarters, refused": 403}


def visit(page: Page, world: World, name: str) -> None:
    """Opens the page of that name and asserts its status."""
    if name == FORM_WITH_ERRORS:
        _send_invalid_form(page, world)
        return
    if name == LINK_SENT:
        _request_link(page, world)
        return
    if name == CALENDAR_CREATED:
        _create_staff_calendar(page, world)
        return
    if name == MONTH_PREVIEWED:
        _preview_month(page)
        return
    if name in {*FILES, *SHEETS}:
        _bring_file(page, name)
        return
    if name == OFFLINE_CHECKIN:
        _open_offline_checkin(page, world)
        return
    if name in {NOTIFY_SHEET, CHANGE_SAVED, MAILING_SHEET, CALL_HELD, CALL_FAULTS}:
        _open_sheet(page, world, name)
        return
    if name == EDIT_CONFLICT:
        _save_outdated_bulletin(page)
        return
    if name == RECOVERY_CODES:
        second_factors.print_codes(page)
        return
    if name in SIGNING_IN:
        second_factors.enter_password(page, second_factors.NORA if name == SETUP else ANA)
        return
    _open(page, world, name)


def _open(page: Page, world: World, name: str) -> None:
    """Opens a page by its address, signed in as who may open it."""
    if name in STAFF or name in HEADQUARTERS:
        second_factors.sign_in_or_reuse_session(page, ELENA if name in HEADQUARTERS else ANA)
    if name in CALLS:
        data_calls.sign_in(page)
    answer = page.goto((PAGES | STAFF | HEADQUARTERS | CALLS)[name](world))
    assert answer
    assert answer.status == ERRORS.get(name, 409 if name == TOO_EARLY else 200)


def follow_action(page: Page, name: str) -> None:
    """Follows a link of a workshop's page, in the menu where it is no main action."""
    link = page.get_by_role("link", name=name)
    page.locator(".menu > summary").wait_for()
    if not link.is_visible():
        page.locator(".menu > summary").click()
    link.click()


def sign_in(page: Page, email: str = ANA) -> None:
    """Signs in a staff member, Ana by default."""
    second_factors.sign_in(page, email)


def press_sign_out(page: Page) -> None:
    """Presses the button in the menu of the account."""
    page.locator(".account-menu > summary").click()
    page.get_by_role("button", name="Cerrar sesión", exact=True).click()


def _bring_file(page: Page, name: str) -> None:
    sign_in(page)
    if name in FILES:
        data_imports.preview_import(page, FILES[name])
    else:
        data_imports.bring_sheet(page, SHEETS[name])


def _hold_place(page: Page, name: str) -> None:
    data_calls.hold_place(page)
    if name == CALL_FAULTS:
        page.locator("#phone").fill("12")
        page.get_by_role("button", name="Guardar", exact=True).click()
        page.locator("#phone-e").wait_for()


def _request_link(page: Page, world: World) -> None:
    visit(page, world, "link recovery")
    page.wait_for_load_state("networkidle")
    page.locator("input[name=email]").fill("rosa@ejemplo.com")
    early_posts.send(page, page.locator("main form [value=email]").click)
    page.locator("[role=status]").first.wait_for()


def _month_of_past_workshop() -> Month:
    """The month of the workshop of 40 days ago."""
    return Month.from_day(clock.now().date() - timedelta(days=40))


def _save_outdated_bulletin(page: Page) -> None:
    """Saves a bulletin with an outdated version."""
    sign_in(page, ELENA)
    page.goto("/org/boletin/2020-01")
    page.locator("input[name=version]").evaluate("field => { field.value = 1; }")
    page.get_by_label("Lo que viene (Español)").fill("Ven a Chicago.")
    page.get_by_role("button", name="Guardar", exact=True).click()
    page.locator("main [role=alert]").wait_for()


def _open_sheet(page: Page, world: World, name: str) -> None:
    if name == NOTIFY_SHEET:
        open_notify_sheet(page, world)
    elif name == CHANGE_SAVED:
        _save_hour(page, world)
    elif name in {CALL_HELD, CALL_FAULTS}:
        _hold_place(page, name)
    else:
        _open_mailing_sheet(page)


def open_notify_sheet(page: Page, world: World) -> None:
    """Changes the hours of a workshop with people, which shows the sheet and saves nothing."""
    second_factors.sign_in_or_reuse_session(page, ANA)
    page.goto(f"/org/talleres/{world.more['to change and undo']}/editar")
    page.get_by_label("Empieza", exact=True).fill("17:15")
    page.get_by_role("button", name="Guardar cambios").click()
    page.get_by_role("heading", name="¿A quién le avisamos?").wait_for()


def _save_hour(page: Page, world: World) -> None:
    """Changes the hour of a workshop, which another visit may have done before."""
    second_factors.sign_in_or_reuse_session(page, ANA)
    page.goto(f"/org/talleres/{world.more['hour to change']}/editar")
    field = page.get_by_label("Empieza", exact=True)
    field.fill("17:15" if field.input_value() != "17:15" else "17:20")
    page.get_by_role("button", name="Guardar cambios").click()
    page.get_by_role("button", name="Guardar y avisar a").click()
    page.get_by_role("button", name="Deshacer").wait_for()


def _open_mailing_sheet(page: Page) -> None:
    """Asks for reminders of a month that no office reported, which shows the sheet."""
    second_factors.sign_in_or_reuse_session(page, ELENA)
    page.goto("/org/mes/2020-02")
    page.get_by_role("button", name="Recordar a").click()
    page.get_by_role("heading", name="Recordar a").wait_for()


def _preview_month(page: Page) -> None:
    """Previews some lines in the month planner, one of them with a conflict."""
    sign_in(page)
    page.goto("/org/talleres/mes-nuevo")
    page.get_by_label("Otros talleres").fill(
        "3 10 17, 18:30, San Pío, DACA\n12 19; 10:00; Consulado, sala B\n12; 10:00; Lozano"
    )
    page.get_by_role("button", name="Revisar").locator("visible=true").click()
    page.locator("#fechas").wait_for()


def _create_staff_calendar(page: Page, world: World) -> None:
    visit(page, world, "staff calendar")
    page.locator("main form[action$=mi-calendario] [type=submit]").click()
    page.locator("main .qr").wait_for()


def _open_offline_checkin(page: Page, world: World) -> None:
    """Offline check-in with an unknown code, a walk-in and an event."""
    visit(page, world, "offline check-in")
    page.locator("form[data-take] button").first.click()
    page.wait_for_url("**/telefono#*")
    page.get_by_role("button", name="+1").click()
    page.locator("[data-events] li").first.wait_for()
    page.locator("#q").fill("000000")
    page.get_by_role("button", name="Buscar").click()
    page.get_by_role("button", name="Sumar 1").wait_for()


def _send_invalid_form(page: Page, world: World) -> None:
    """Sends the form without a name and with an invalid e-mail address."""
    visit(page, world, "form")
    page.wait_for_load_state("networkidle")
    page.locator("input[name=contact][value=email]").check(force=True)
    page.locator("input[name=email]").fill("rosa.ejemplo.com")
    page.locator("main form [type=submit]").click()
    page.locator("[aria-invalid=true]").first.wait_for()
