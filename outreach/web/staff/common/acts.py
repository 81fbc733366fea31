"""Carries out the acts of staff pages: all are refused, done and told in the same way.

    @blueprint.post("/textos/borrar")
    @requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
    @act(refused=_show_page)
    def delete_message_text(session: Session) -> str:
        …
        return "/org/textos?hecho=borrado"

A view whose page needs more than the parts of its address calls `carry_out` itself.
"""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Concatenate, Final, ParamSpec

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import Form

from outreach.errors import Refusal
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common.publish_warnings import NeedsConfirmations

Given = ParamSpec("Given")
Fault = tuple[str, str]  # id of a field, and a sentence

WHOLE_FORM: Final = "formulario"  # the id of the form: where a fault of no field leads


def carry_out(
    act: Callable[[Session], str], refused: Callable[..., ResponseReturnValue]
) -> ResponseReturnValue:
    """Runs an act in one transaction and leads to the address that it returns. Where it raises
    Refusal nothing is changed, and `refused` makes the page again: it is called with `fault`, the
    reason as a sentence. An act that publishes may raise NeedsConfirmations instead: `refused` is
    then called with `asked`, what the page asks before."""
    try:
        with store().change() as session:
            address = act(session)
    except Refusal as refusal:
        return refused(fault=error_messages.say(refusal))
    except NeedsConfirmations as why:
        return refused(asked=why.asked)
    return redirect(address, 303)


def act(
    refused: Callable[..., ResponseReturnValue],
) -> Callable[[Callable[Concatenate[Session, Given], str]], Callable[Given, ResponseReturnValue]]:
    """Makes a view an act, which `carry_out` runs; `refused` is called with the parts of the
    address too."""

    def decorate(
        view: Callable[Concatenate[Session, Given], str],
    ) -> Callable[Given, ResponseReturnValue]:
        @wraps(view)
        def run(*args: Given.args, **kwargs: Given.kwargs) -> ResponseReturnValue:
            return carry_out(
                lambda session: view(session, *args, **kwargs),
                partial(refused, *args, **kwargs),
            )

        return run

    return decorate


def done_words(messages: Mapping[str, str]) -> str:
    """Returns what the page says about the act that led to it, which `hecho` in its address names;
    empty for none. `messages` are lazy."""
    return str(messages.get(request.args.get("hecho", ""), ""))


def list_faults(form: Form, fault: str = "") -> list[Fault]:
    """Returns what is wrong with a form: first `fault`, which belongs to no field, then the fields
    with errors in the order of the form, each with its first message."""
    whole = [(WHOLE_FORM, fault)] if fault else []
    return [*whole, *((field.name, str(field.errors[0])) for field in form if field.errors)]
