"""The page of the link in a letter to a roster member, and the member's own calendar feed.

Neither needs a sign-in. GET shows the question with a button for each answer; only POST answers,
because mail scanners open links (S06). No page says who else comes.
"""

import hashlib
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, i18n
from outreach.domain.audit import audit_log
from outreach.domain.network import installation_settings
from outreach.domain.roster import answer_links, assignments, members
from outreach.domain.roster.answer_links import AnswerLink
from outreach.domain.roster.models import AssignmentState
from outreach.errors import NotFound, Refusal
from outreach.feeds import roster_feed
from outreach.feeds.vevent import PublicSite
from outreach.mail.roster_letters import NO, YES
from outreach.web.context import config, key_store, store
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint("roster", __name__, url_prefix="/<lang:lang>/equipo")

# The calendar program revalidates its copy each time; shared caches store nothing.
CACHE_CONTROL: Final = "private, no-cache"


@pages.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    keep_private()
    with store().read() as session:
        return _page(token, _find(session, token))


@pages.post("/<token>")
def answer(token: str) -> ResponseReturnValue:
    """Records the answer `r`: `si` or `no`. A second time changes nothing."""
    keep_private()
    given, now = request.form.get("r", ""), clock.now()
    with store().change() as session:
        assignments.lock(session, _find(session, token).assignment.workshop)
        link = _find(session, token)
        if given not in {YES, NO} or not link.is_current:
            return _page(token, link)
        assignment = link.assignment
        try:
            is_new = assignments.answer(session, assignment, can_come=given == YES, now=now)
        except Refusal:  # meanwhile it has begun, was cancelled, or needs nobody: the page says so
            return _page(token, link)
        if is_new:
            # Whoever holds the letter may have answered: the log has the member, as nobody's act.
            audit_log.record(
                session,
                None,
                "member confirmed" if given == YES else "member declined",
                now=now,
                workshop_id=assignment.workshop_id,
                office=assignment.workshop.office.slug,
                details={"member": assignment.member_id},
            )
    return redirect(f"/{i18n.current()}/equipo/{token}", 303)


@pages.get("/cal/<token>.ics")
def calendar_feed(token: str) -> ResponseReturnValue:
    """Answers with the feed of the member; who has the address may read it."""
    with store().read() as session:
        member = members.find_by_feed(session, token)
        if member is None or not members.is_readable(key_store(), member):
            raise NotFound("roster feed")
        site = PublicSite(config().public_url, installation_settings.get_calendar_host(session))
        body = roster_feed.write(session, member, site, now=clock.now())
    headers = {
        "Cache-Control": CACHE_CONTROL,
        "Content-Disposition": 'inline; filename="calendario.ics"',
        "X-Robots-Tag": "noindex",
    }
    response = Response(body, headers=headers, mimetype="text/calendar")
    # Weak, as in every feed: the same for each content encoding.
    response.set_etag(hashlib.sha256(body).hexdigest(), weak=True)
    return response.make_conditional(request)


def _find(session: Session, token: str) -> AnswerLink:
    """Returns what a link is about. Raises NotFound, alike for a link that is not ours and for one
    of somebody erased."""
    link = answer_links.read_token(session, key_store(), token)
    if link is None:
        raise NotFound("roster link")
    return link


def _page(token: str, link: AnswerLink) -> str:
    assignment = link.assignment
    workshop = assignment.workshop
    is_confirmed = assignment.state is AssignmentState.CONFIRMED
    return render_template(
        "roster/answer.html",
        path=f"/{i18n.current()}/equipo/{token}",
        workshop=workshop,
        role=assignment.role,
        state=assignment.state,
        asked=request.args.get("r", ""),
        is_open=link.is_current and not workshop.is_cancelled and clock.now() < workshop.starts_at,
        is_current=link.is_current,
        sees_address=link.is_current and (is_confirmed or not workshop.is_discreet),
        phone=workshop.phone or workshop.office.phone or config().phone,
    )
