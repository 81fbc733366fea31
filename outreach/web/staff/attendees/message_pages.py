"""Messages to the people of a workshop: form, preview, sending, and the calls that follow."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain import outbox
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.outbox import message_texts, messaging
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.staff_messages import Audience, Message, MessageTemplate
from outreach.domain.text import clean, clean_lines
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import list_languages, pgettext
from outreach.mail import preview
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.staff.attendees import blueprint, message_text_pages
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, find_workshop, log_workshop_action, page
from outreach.web.staff.common.kept_forms import restores
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import attendee_list

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")


@dataclass(frozen=True, kw_only=True)
class MessageDraft:
    """The message that is being written."""

    template: str = ""
    audience: str = Audience.CONFIRMED
    paragraph: Mapping[str, str] = field(default_factory=dict)
    text_name: str = ""  # under which the office keeps the text
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def fingerprint(self) -> str:
        """A hash of the message: it is sent only as it was previewed."""
        text = json.dumps([self.template, self.audience, dict(self.paragraph)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@blueprint.get("/talleres/<public_id>/mensaje")
@requires(Scope.WORKSHOP, Permission.EDIT)
def message_form(public_id: str) -> ResponseReturnValue:
    return show_page(public_id, MessageDraft())


@blueprint.post("/talleres/<public_id>/mensaje")
@requires(Scope.WORKSHOP, Permission.EDIT)
@request_retry.repeatable
def send_message(public_id: str) -> ResponseReturnValue:
    """Sends the message as it was previewed (`do=send`), fills in a text of the office (`use`) or
    keeps the typed one (`keep`); otherwise shows the preview."""
    draft, now = _typed(request.form), clock.now()
    try:
        if request.form.get("do") == "use":
            return show_page(public_id, _with_text(public_id, draft))
        if request.form.get("do") == "keep":
            return _keep_text(public_id, draft)
        template, audience = _chosen(draft)
        if request.form.get("do") != "send" or request.form.get("seen") != draft.fingerprint:
            with store().read() as session:
                workshop = find_workshop(session, public_id)
                messaging.check(workshop, template, dict(draft.paragraph), now=now)
            return show_page(public_id, draft, is_seen=True)
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            message, is_new = messaging.send(
                session,
                workshop,
                template,
                audience,
                dict(draft.paragraph),
                draft.nonce,
                organizer_id=current_staff().organizer_id,
                now=now,
            )
            if is_new:
                reach = messaging.reach(session, workshop, audience)
                details: Details = {
                    "template": template,
                    "audience": audience,
                    "by_email": reach[ContactMethod.EMAIL],
                    "by_phone": reach[ContactMethod.PHONE],
                }
                log_workshop_action(session, workshop, "message sent", details)
            number = message.id
    except Refusal as refusal:
        return show_page(public_id, draft, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}/mensaje?enviado={number}", 303)


def show_page(
    public_id: str,
    draft: MessageDraft,
    *,
    is_seen: bool = False,
    fault: str = "",
    kept_text: str = "",
    shown: str = "",
    action: Permission | None = None,
) -> Response:
    """Shows the page; after sending, with the people to call. `shown` is the registration whose
    phone is revealed; `action` is as in `find_workshop`."""
    now, number = clock.now(), request.args.get("enviado") or request.form.get("message", "")
    with store().read() as session:
        workshop = find_workshop(session, public_id, action)
        messaging.require_open(workshop, now=now)
        sent = messaging.find(session, workshop, number)
        texts = [] if workshop.is_discreet else message_texts.list_texts(session, workshop.office)
        reach = {each: messaging.reach(session, workshop, each) for each in Audience}
        calls = (
            outbox.list_calls_of_message(
                session, sent.id, now=now, has_texts=bool(config().texts.url)
            )
            if sent is not None
            else []
        )
    parties = [notice.registration for notice in calls]
    if parties and workshop.is_sensitive:  # each look at such a list is logged (S23)
        with store().change() as session:
            log_workshop_action(session, workshop, "list seen")
    rows = attendee_list.read_rows(workshop, parties, shown=shown, is_queue=True)
    chosen = draft.template if draft.template in messaging.templates_of(workshop) else ""
    chosen = chosen or messaging.templates_of(workshop)[0]
    audience = Audience(draft.audience) if draft.audience in set(Audience) else Audience.CONFIRMED
    return page(
        "attendees/message",
        422 if fault else 200,
        workshop=workshop,
        draft=draft,
        chosen=chosen,
        audience=audience,
        audiences=[(each, _audience_words(each), sum(reach[each].values())) for each in Audience],
        templates=[
            (each, workshop_labels.template_words(each))
            for each in messaging.templates_of(workshop)
        ],
        reach=reach[sent.audience if sent else audience],
        longest=messaging.MAX_PARAGRAPH,
        texts=texts,
        longest_name=message_texts.MAX_NAME,
        kept_text=kept_text,
        letters={} if fault else _previews(workshop, _sample(workshop, chosen, audience, draft)),
        is_seen=is_seen,
        fault=fault,
        sent=sent,
        calls=attendee_list.calls(calls, rows),
        called=sum(1 for each in calls if each.done_at is not None and not each.is_dead),
        words=workshop_labels,
    )


@restores(send_message)
def restore(form: MultiDict[str, str], public_id: str) -> Response:
    """Shows the form with what was typed before the session ended."""
    return show_page(public_id, _typed(form), action=Permission.EDIT)


def _typed(form: MultiDict[str, str]) -> MessageDraft:
    texts = {lang: clean_lines(form.get(f"more_{lang}", "")) for lang in list_languages()}
    nonce = form.get("nonce", "")
    return MessageDraft(
        template=form.get("template", ""),
        audience=form.get("audience", ""),
        paragraph={lang: text for lang, text in texts.items() if text},
        text_name=clean(form.get("text_name", "")),
        **({"nonce": nonce} if _NONCE.fullmatch(nonce) else {}),
    )


def _with_text(public_id: str, draft: MessageDraft) -> MessageDraft:
    """The draft with the chosen text of the office in place of what is typed. Raises Refusal for a
    discreet workshop, and NotFound."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        if workshop.is_discreet:
            raise Refusal(ErrorCode.MESSAGE_TEXT_NOT_ALLOWED)
        text = message_text_pages.find(session, workshop.office, request.form.get("text", ""))
        return replace(draft, paragraph=dict(text.paragraph))


def _keep_text(public_id: str, draft: MessageDraft) -> Response:
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        message_text_pages.keep(session, workshop, draft.text_name, draft.paragraph)
    return show_page(public_id, replace(draft, text_name=""), kept_text=draft.text_name)


def _chosen(draft: MessageDraft) -> tuple[MessageTemplate, Audience]:
    if draft.audience not in set(Audience):
        raise PageRefused(_("Elige a quién se le escribe."))
    if draft.template not in set(MessageTemplate):
        raise PageRefused(_("Elige qué pasó."))
    return MessageTemplate(draft.template), Audience(draft.audience)


def _sample(workshop: Workshop, template: str, audience: Audience, draft: MessageDraft) -> Message:
    return Message(
        workshop_id=workshop.id,
        template=MessageTemplate(template),
        audience=audience,
        paragraph={} if workshop.is_discreet else dict(draft.paragraph),
        nonce=b"",
        organizer_id=None,
        made_at=clock.now(),
    )


def _previews(workshop: Workshop, message: Message) -> dict[str, Any]:
    link, now = "[" + _("su enlace") + "]", clock.now()
    return {
        lang: preview.of_message(workshop, message, lang, config(), now=now, link=link)
        for lang in list_languages()
    }


def _audience_words(audience: Audience) -> str:
    labels: dict[Audience, str] = {
        Audience.ALL: pgettext("people", "Todas"),
        Audience.CONFIRMED: _("Con lugar"),
        Audience.WAITLISTED: _("En espera"),
    }
    return labels[audience]
