"""Every page the public can see, by the name a test shows, and how to get there."""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from tests.browser.world import World

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
    "waiting": lambda world: f"/es/r/{world.waiting}",
    "change": lambda world: f"/es/r/{world.seated}/cambiar",
    "cancel": lambda world: f"/es/r/{world.seated}/cancelar",
    "forget": lambda world: f"/es/r/{world.seated}/borrar",
    "find my link": lambda world: "/es/mi-registro",
    "square at the door": lambda world: f"/q/{world.entry}",
    "office": lambda world: "/es/o/chicago",
    "network": lambda world: "/es/red",
    "calendar": lambda world: "/es/calendario",
    "figures": lambda world: "/es/cifras/2020-01",
    "all figures": lambda world: "/es/cifras/",
    "privacy": lambda world: "/es/privacidad",
    "safety": lambda world: "/es/seguridad",
    "accessibility": lambda world: "/es/accesibilidad",
    "sign-in": lambda world: "/org/entrar",
    "not found": lambda world: "/es/t/0000000000",
}

FORM_WITH_ERRORS: Final = "form with errors"
EVERY: Final = (*PAGES, FORM_WITH_ERRORS)


def visit(page: Page, world: World, name: str) -> None:
    """Goes to the page of that name, and makes sure that it is there."""
    if name == FORM_WITH_ERRORS:
        _send_with_errors(page, world)
        return
    answer = page.goto(PAGES[name](world))
    assert answer
    assert answer.status == (404 if name == "not found" else 200)


def _send_with_errors(page: Page, world: World) -> None:
    """The form, sent without a name and with an e-mail that is none."""
    visit(page, world, "form")
    page.locator("input[name=contact][value=email]").check(force=True)
    page.locator("input[name=email]").fill("rosa.ejemplo.com")
    page.locator("main form [type=submit]").click()
    page.locator("[aria-invalid=true]").first.wait_for()
