"""«Avísame»: asking to be notified of workshops, confirming, renewing, ending (S40).

Links of messages only show a page; only POST acts, because mail scanners open links (S06). The form
answers the same for every e-mail and phone, known or not (S26).
"""

from datetime import datetime, timedelta
from typing import Final

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import NotFound as PageNotFound

from outreach import clock, i18n
from outreach.domain import workshops
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.extensions.follow import (
    choices,
    erasure,
    follows,
    matching,
    push_delivery,
    push_subscriptions,
)
from outreach.extensions.follow import form as follow_form
from outreach.extensions.follow.choices import FollowDetails
from outreach.extensions.follow.follows import OpenFollow
from outreach.extensions.follow.form import FollowForm
from outreach.extensions.follow.matching import NewsMatcher, NewWorkshop
from outreach.extensions.follow.messages import describe
from outreach.extensions.follow.push_subscriptions import PushRule
from outreach.extensions.follow.tables import FollowChannel, FollowSubject
from outreach.extensions.follow.vapid import VapidSigner
from outreach.i18n import N_
from outreach.web.context import config, key_store, store
from outreach.web.forms import email_form
from outreach.web.middleware import error_pages, rate_limits, static_files
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import PagePolicy, allow, keep_for, keep_private
from outreach.web.presentation import place_words, workshop_cards
from outreach.whole_lists import make_each

pages = Blueprint(
    "follow", __name__, url_prefix="/<lang:lang>/avisame", template_folder="templates"
)
worker = Blueprint("push_worker", __name__)

ABOUT: Final = "avisame"  # purpose of the form token
FORM: Final = "/avisame"
MAX_SHOWN: Final = 30
WORDS_OF_OPENING: Final = N_("Avísame cuando abra")
WORDS_OF_SEAT: Final = N_("Avísame si se libera un lugar")
WORKER_SECONDS: Final = 3600
MAX_ASKED: Final = 60  # in ten minutes by one address: each causes a message
_SIGNER: Final = "outreach_vapid"


@worker.record
def _set_up(state: BlueprintSetupState) -> None:
    app = state.app
    app.extensions[push_subscriptions.RULE] = PushRule()
    app.extensions[_SIGNER] = push_delivery.make_signer(
        app.extensions["outreach_key_store"], app.extensions["outreach_config"]
    )


@worker.get("/avisame/sw.js")
def script() -> ResponseReturnValue:
    """Answers with the service worker that shows push messages. It keeps nothing and answers no
    request."""
    keep_for(WORKER_SECONDS)
    return Response(static_files.minified("push_worker.js"), mimetype="text/javascript")


@pages.get("")
def form() -> ResponseReturnValue:
    workshop, subject = _find_workshop(request.args.get("taller", ""), clock.now())
    if workshop is not None and subject is None:
        return redirect(f"/{i18n.current()}/t/{workshop.public_id}")
    return _render(follow_form.read_query(workshop), subject)


@pages.post("")
def ask() -> ResponseReturnValue:
    error_pages.keep_form()
    now = clock.now()
    workshop, subject = _find_workshop(request.form.get("taller", ""), now)
    if workshop is not None and subject is None:  # meanwhile it has opened, or has a seat
        return redirect(f"/{i18n.current()}/t/{workshop.public_id}", 303)
    typed = follow_form.read_post(workshop)
    typed.check()
    notice = "" if typed.faults else email_form.notice(ABOUT)
    rate_limits.count_post(is_well_formed=not (typed.faults or notice))
    if typed.faults or notice:
        return make_response(_render(typed, subject, notice=notice), 422)
    rate_limits.count_request("follow", MAX_ASKED)
    if typed.channel is FollowChannel.TEXT:
        rate_limits.require_text()
    token = follows.request(
        key_store(),
        FollowDetails(typed.recipient, i18n.current(), typed.choice),
        typed.channel,
        subject or FollowSubject.AREA,
        workshop=workshop,
        now=now,
    )
    if typed.channel is FollowChannel.PUSH:
        return redirect(_path(token), 303)
    by = "?por=texto" if typed.channel is FollowChannel.TEXT else ""
    return redirect(f"/{i18n.current()}{FORM}/listo{by}", 303)


@pages.get("/listo")
def check_inbox() -> ResponseReturnValue:
    keep_private()
    is_text = request.args.get("por") == "texto"
    return render_template("follow/check_inbox.html", is_text=is_text)


@pages.get("/s/<token>")
def look(token: str) -> ResponseReturnValue:
    keep_private()
    now = clock.now()
    follow, workshop = _open(token)
    with store().read() as session:
        until = now - matching.ANNOUNCED_AFTER
        listed = matching.list_new(session, since=now - matching.OLDEST_NEWS, until=until, now=now)
    choice = choices.leave_out_refused(follow.details.choice, reference().kinds, follow.channel)
    found = matching.sort_by_day(NewsMatcher(listed).find(choice, now - matching.OLDEST_NEWS))
    named = {each.code: each for each in reference().kinds}
    zone = choices.find_zone(choice)
    return render_template(
        "follow/detail.html",
        path=_path(token),
        follow=follow,
        choice=choice,
        kinds=[named[each] for each in choice.kinds if each in named],
        area="" if choice.area is None else place_words.full_name(choice.area),
        workshop=workshop,
        news=make_each(
            found[:MAX_SHOWN],
            lambda each: (
                _address(each),
                describe(each, i18n.current(), zone=zone, has_title=True),
            ),
            what="the page of notices",
        ),
        last_day=follow.expires_on - timedelta(days=1),
    )


@pages.post("/s/<token>")
def confirm(token: str) -> ResponseReturnValue:
    keep_private()
    follow, workshop = _open(token)
    follows.confirm(key_store(), follow, workshop, now=clock.now())
    return redirect(_path(token), 303)


@pages.post("/s/<token>/renovar")
def renew(token: str) -> ResponseReturnValue:
    keep_private()
    follows.renew(key_store(), follows.find(key_store(), token))
    return redirect(_path(token), 303)


@pages.get("/s/<token>/fin")
def ask_to_finish(token: str) -> ResponseReturnValue:
    keep_private()
    try:
        follow = follows.find(key_store(), token)
    except NotFound:  # an older link: it has ended
        return _ended_page()
    return render_template("follow/end.html", path=_path(token), follow=follow)


@pages.post("/s/<token>/fin")
def finish(token: str) -> ResponseReturnValue:
    """Ends a follow, from the page or with one click in a mail program (RFC 8058; `same_origin`).
    Answers alike where there is none."""
    keep_private()
    try:
        follow = follows.find(key_store(), token)
    except NotFound:
        return _ended_page()
    erasure.erase(store(), key_store(), config(), follow.id)
    return _ended_page()


def _ended_page() -> str:
    g.other_languages_at = FORM
    return render_template("follow/ended.html")


def _path(token: str) -> str:
    return f"/{i18n.current()}{FORM}/s/{token}"


def _address(found: NewWorkshop) -> str:
    return f"/{i18n.current()}/t/{found.public_id}"


def _find_workshop(public_id: str, now: datetime) -> tuple[Workshop | None, FollowSubject | None]:
    """The one workshop that the form is about, and what there is to wait for; two times None for a
    form about an area. Answers 404 where the workshop may not be followed."""
    if not public_id:
        return None, None
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
    if not matching.can_be_followed(workshop):
        raise PageNotFound
    return workshop, matching.find_subject(workshop, now)


def _open(token: str) -> tuple[OpenFollow, Workshop | None]:
    """A follow, and the workshop that it is about, if it is about one. Raises NotFound, also where
    that may not be followed any more: its page would show the title of what is discreet now."""
    follow = follows.find(key_store(), token)
    if follow.workshop is None:
        return follow, None
    with store().read() as session:
        workshop = workshops.find_by_id(session, follow.workshop)
    if workshop is None or not matching.may_follow(workshop, follow.channel):
        raise NotFound("follow")
    return follow, workshop


def _render(form: FollowForm, subject: FollowSubject | None, *, notice: str = "") -> str:
    if request.args or request.method == "POST":
        keep_private()
    allow(PagePolicy.SERVICE_WORKER)
    signer: VapidSigner = current_app.extensions[_SIGNER]
    workshop = form.workshop
    return render_template(
        "follow/form.html",
        form=form,
        subject=subject,
        workshop=workshop,
        opens=None if workshop is None else workshop_cards.opening(workshop, now=clock.now()),
        offered=follow_form.list_offered(),
        sensitive={
            each.id
            for each in choices.list_refused(follow_form.list_offered(), FollowChannel.LETTER)
        },
        distances=choices.DISTANCES,
        notice=notice,
        push_key=signer.public_key,
        form_token=email_form.get_token(ABOUT),
    )


def render_button_of_list(place: str) -> Markup:
    """Returns the button in a list without workshops. `place` is the query of the form."""
    return Markup('<a class="button button-quiet" href="{}?{}" rel="nofollow">{}</a>').format(
        f"/{i18n.current()}{FORM}", place, i18n.gettext("Avísame")
    )


def render_button_of_workshop(workshop: Workshop) -> Markup:
    """Returns the button of a workshop that has not opened, or is full; empty for others."""
    subject = matching.find_subject(workshop, clock.now())
    if subject is None:
        return Markup()
    words = i18n.gettext(WORDS_OF_OPENING if subject is FollowSubject.OPENING else WORDS_OF_SEAT)
    return Markup(
        '<p><a class="button button-quiet" href="{}?taller={}" rel="nofollow">{}</a></p>'
    ).format(f"/{i18n.current()}{FORM}", workshop.public_id, words)
