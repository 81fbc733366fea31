"""An extension that fails, hangs or lies wherever it is asked, as OUTREACH_FAULTY_WAY says."""

import os
import threading
from typing import Any, Final

from flask import Blueprint

from outreach.extension import Extension
from outreach.extension_settings import ExtensionSettings
from outreach.keystore import Keeper
from outreach.maintenance.steps import InThread, Step
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.presentation.slots import NAMES, SlotContent

NAME: Final = "faulty"
LIE: Final = "<script>alert(document.cookie)</script>"


def misbehave(*_given: object) -> Any:
    match os.environ["OUTREACH_FAULTY_WAY"]:
        case "hangs":
            threading.Event().wait()
        case "lies":
            return LIE
    raise LookupError("rosa@example.org")


pages: Final = Blueprint(NAME, __name__)
pages.before_request(misbehave)
pages.get("/<lang>/faulty")(misbehave)

extension: Final = Extension(
    name=NAME,
    summary="Nothing that works.",
    settings=ExtensionSettings(NAME, lambda read: read.text("WAY", "")),
    steps=(
        Step("faulty", misbehave, is_led=False),
        Step("faulty thread", InThread(misbehave), is_led=False),
    ),
    keepers=(
        Keeper(noun="lies", held="lies", count=misbehave, count_due=misbehave, purge=misbehave),
    ),
    pages=ExtensionPages(
        blueprints=(pages,),
        slots=tuple(
            SlotContent(slot=each, render=misbehave, at_discreet=True, at_sensitive=True)
            for each in sorted(NAMES)
        ),
    ),
)
