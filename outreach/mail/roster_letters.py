"""Letters to roster members: whether they can come, that a workshop is cancelled, or that they are
not needed.

They name no attendee. Of a discreet workshop they say day, hour and area; the address stands on the
page of the link, once the member has said yes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr
from typing import Final

from flask import render_template

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.outbox import ClaimedMessage
from outreach.domain.roster import answer_links, members, roster_letters
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterLetterType,
    RosterRole,
)
from outreach.domain.workshops import Workshop, facts
from outreach.errors import DataErased
from outreach.i18n import N_, translate, use_language
from outreach.keystore import KeyStore
from outreach.mail import render
from outreach.mail.delivery import LetterTransport
from outreach.mail.delivery_round import Outlet, Prepared
from outreach.mail.message_context import mail_from, new_letter_id
from outreach.mail.recipient_limits import RecipientLimits

YES: Final = "si"
NO: Final = "no"
_DISCREET_SENDER: Final = N_("Avisos")


@dataclass(frozen=True, kw_only=True, repr=False)
class RosterContext:
    """What a letter is written from, looked up just before it is sent."""

    assignment: RosterAssignment
    letter_type: RosterLetterType
    address: str
    token: str  # in the link that answers
    now: datetime
    letter_id: str = field(default_factory=new_letter_id)  # the local part of the Message-ID


def render_words(
    workshop: Workshop,
    letter_type: RosterLetterType,
    role: RosterRole,
    lang: str,
    config: Config,
    *,
    links: tuple[str, str],
    is_again: bool,
    knows_when: bool = True,
) -> tuple[str, str]:
    """Returns subject and text of a letter; `links` say yes and no. A cancellation names day and
    hours only to a member who knows them (`knows_when`). Needs an application context."""
    with use_language(lang):
        text = render_template(
            f"mail/roster_{letter_type}.txt",
            workshop=workshop,
            role=role,
            is_again=is_again,
            knows_when=knows_when,
            links=links,
            phone=workshop.phone or workshop.office.phone or config.phone,
        )
    subject, _gap, body = text.strip().partition("\n")
    return subject.strip(), render.collapse_gaps(body)


def write(context: RosterContext, config: Config) -> EmailMessage:
    """Writes the letter. Needs an application context."""
    assignment, workshop = context.assignment, context.assignment.workshop
    lang = assignment.member.lang
    link = f"{config.public_url}/{lang}/equipo/{context.token}"
    subject, body = render_words(
        workshop,
        context.letter_type,
        assignment.role,
        lang,
        config,
        links=(f"{link}?r={YES}", f"{link}?r={NO}"),
        is_again=assignment.state is AssignmentState.ASK_AGAIN,
        knows_when=facts.says_when(assignment.known_facts, workshop),
    )
    sender = translate(_DISCREET_SENDER, lang) if workshop.is_discreet else config.mail_name
    shared = {"From": formataddr((sender, mail_from(config))), "Subject": subject}
    if not workshop.is_discreet and workshop.office.email:
        shared["Reply-To"] = workshop.office.email
    own = {"Message-ID": render.message_id(config, context.letter_id)}
    return render.compose(shared, body, to=context.address, own=own, at=context.now)


def letter_outlets(
    store: Store, key_store: KeyStore, config: Config, transport: LetterTransport
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    """Returns the outlet of letters to roster members."""
    return [
        Outlet(
            plural="letters",
            store=store,
            outbox=roster_letters.OUTBOX,
            prepare=_RosterWriter(store, key_store, config),
            transport=transport,
            limits=RecipientLimits(key_store),
        )
    ]


@dataclass
class _RosterWriter:
    """Looks up a claimed letter and its recipient, and writes it."""

    store: Store
    key_store: KeyStore
    config: Config

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[EmailMessage] | None:
        """Returns the letter; None when there is nothing to say any more, or the member is
        erased."""
        with self.store.change() as session:
            prepared = roster_letters.prepare(session, claimed, now=now)
            if prepared is None:
                return None
            letter, assignment = prepared
            member = assignment.member
            try:
                key = self.key_store.get(member.key_id)
                details = members.decrypt_details(member, key)
            except DataErased:
                return None
            if not details.email:
                return None
            # With the time: an id may be reused once its row is deleted.
            row = f"roster {letter.id}-{int(letter.made_at.timestamp()):x}"
            context = RosterContext(
                assignment=assignment,
                letter_type=letter.letter_type,
                address=details.email,
                token=answer_links.make_token(assignment, key),
                now=now,
                letter_id=self.key_store.letter_id(row, member.recipient_id),
            )
            return Prepared(message=write(context, self.config))
