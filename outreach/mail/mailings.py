"""Writes and delivers mailings: the bulletin, its confirmation, reminders to staff.

Each is plain text to one person. Subscribers can unsubscribe with one click, in their mail program
too (RFC 8058).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr

from flask import render_template
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import invitations
from outreach.accounts.server_encryption import ServerEncryption
from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.network.staff import ALL_OFFICES, StaffMember
from outreach.domain.newsletter import bulletins, mailings, subscribers
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.outbox import ClaimedMessage
from outreach.domain.reporting import missing_reports
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from outreach.i18n import gettext as _
from outreach.i18n import use_language
from outreach.keystore import KeyStore
from outreach.mail import render, staff_letters
from outreach.mail.delivery import LetterTransport
from outreach.mail.delivery_round import Outlet, Prepared
from outreach.mail.message_context import mail_from, new_letter_id
from outreach.mail.recipient_limits import RecipientLimits
from outreach.reports import bulletin_data, bulletin_text, coverage


@dataclass(frozen=True, kw_only=True, repr=False)
class NewAccountLine:
    """What admins read of an account that was made."""

    email: str
    places: str
    inviter: str  # the address; empty for the command line


@dataclass(frozen=True, kw_only=True, repr=False)
class MailingContext:
    """What a letter is written from, looked up just before it is sent."""

    mailing: Mailing
    address: str
    lang: str
    now: datetime
    token: str = ""  # in the subscriber's link
    invitation: str = ""  # the token of a new staff member's link
    ends_at: datetime | None = None  # when that link expires, by the clock of their office
    bulletin: str = ""  # its text
    letter_id: str = field(default_factory=new_letter_id)  # the local part of the Message-ID
    accounts: Sequence[NewAccountLine] = ()  # that were made
    workshops: Sequence[Workshop] = ()  # without an attendance report, or with people to decide on

    @property
    def month(self) -> Month:
        return Month.from_number(self.mailing.month or 0)


def write(context: MailingContext, config: Config) -> EmailMessage:
    """Writes the letter of a mailing. Needs an application context."""
    mailing = context.mailing
    home = f"{config.public_url}/{context.lang}/boletin"
    unsubscribe = f"{home}/s/{context.token}/baja"
    with use_language(context.lang):
        text = render_template(
            f"mail/mailing_{mailing.topic}.txt",
            month=context.month.first if mailing.month else None,
            is_corrected=(mailing.edition or 1) > 1,
            bulletin=context.bulletin,
            workshops=context.workshops,
            link=_link(context, config),
            ends_at=context.ends_at,
            is_known=mailing.organizer is not None and mailing.organizer.signed_in_at is not None,
            accounts=context.accounts,
            stop=unsubscribe,
        )
        sender = formataddr((config.mail_name, mail_from(config)))
        list_name = _("Boletín")
    subject, _gap, body = text.strip().partition("\n")
    shared = {"From": sender, "Subject": subject.strip()}
    own = {"Message-ID": render.message_id(config, context.letter_id)}
    if context.token:
        own |= {render.UNSUBSCRIBE: f"<{unsubscribe}>"}
        shared |= {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if mailing.topic is MailingTopic.BULLETIN:
        host = mail_from(config).partition("@")[2]
        shared |= {"List-Id": f"{list_name} <boletin.{host}>", "Precedence": "list"}
    return render.compose(shared, body, to=context.address, own=own, at=context.now)


def _link(context: MailingContext, config: Config) -> str:
    """Returns the address of the page to which the topic of a letter leads."""
    path = mailings.DECLARATIONS[context.mailing.topic].path.format(
        lang=context.lang,
        token=context.token,
        invitation=context.invitation,
        month=context.month if context.mailing.month else "",
    )
    return f"{config.public_url}{path}"


def letter_outlets(
    store: Store,
    key_store: KeyStore,
    config: Config,
    transport: LetterTransport,
    *,
    server_key: ServerEncryption,
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    """Returns the outlet of mailings, with the letters to staff that are queued with them.
    `server_key` opens the links of invitations."""
    return [
        Outlet(
            plural="letters",
            store=store,
            outbox=mailings.OUTBOX,
            prepare=_MailingWriter(store, key_store, config, server_key),
            transport=transport,
            limits=RecipientLimits(key_store),
        )
    ]


@dataclass
class _MailingWriter:
    """Looks up a claimed mailing and its recipient, and writes its letter."""

    store: Store
    key_store: KeyStore
    config: Config
    server_key: ServerEncryption
    # An edition reads the same for all subscribers of one language: (month, edition, language).
    texts: dict[tuple[int, int, str], str] = field(default_factory=dict)

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[EmailMessage] | None:
        """Returns the letter; None when the subscriber is gone or the mailing is obsolete, as is a
        reminder of what was reported since."""
        with self.store.read() as session:
            mailing = mailings.read(session, claimed)
            if mailing is None:
                return None
            if mailings.DECLARATIONS[mailing.topic].is_optional:
                return self._write_to_staff(session, mailing, now)
            if mailing.topic is MailingTopic.REPORT and not _is_report_late(session, mailing, now):
                return None
            bulletin = self._bulletin(session, mailing, now)
            workshops = self._workshops(session, mailing, now)
            invitation = self._invitation(session, mailing, now)
            accounts = _describe_new_accounts(session, mailing)
        if mailing.topic is MailingTopic.NEW_ACCOUNTS and not accounts:
            return None
        if mailing.topic is MailingTopic.INVITATION and invitation is None:
            return None
        try:
            context = self._context(mailing, bulletin, workshops, now)
        except DataErased:
            return None
        context = replace(context, accounts=accounts)
        if invitation is not None:
            token, ends_at = invitation
            context = replace(context, invitation=token, ends_at=ends_at)
        # Anybody may type an address: it counts with all that anybody causes to it (S30).
        is_limited = mailings.DECLARATIONS[mailing.topic].is_limited
        limited = context.address if is_limited else ""
        return Prepared(message=write(context, self.config), limited=limited)

    def _context(
        self,
        mailing: Mailing,
        bulletin: str,
        workshops: Sequence[Workshop],
        now: datetime,
    ) -> MailingContext:
        """Returns what a letter is written from. Raises DataErased where its recipient's key is
        gone."""
        subscriber, staff_member = mailing.subscriber, mailing.organizer
        letter_id = self._letter_id(mailing)
        if subscriber is None:
            assert staff_member is not None
            return MailingContext(
                mailing=mailing,
                address=staff_member.email,
                lang=staff_member.language,
                now=now,
                letter_id=letter_id,
                workshops=workshops,
            )
        key = self.key_store.get(subscriber.key_id)
        return MailingContext(
            mailing=mailing,
            address=subscribers.address(subscriber, key),
            lang=subscriber.lang,
            now=now,
            token=subscribers.token(key),
            bulletin=bulletin,
            letter_id=letter_id,
        )

    def _letter_id(self, mailing: Mailing) -> str:
        # With the time: an id may be reused once its row is deleted.
        row = f"{mailing.id}-{int(mailing.made_at.timestamp()):x}"
        return self.key_store.letter_id(row, mailing.recipient_id)

    def _write_to_staff(
        self, session: Session, mailing: Mailing, now: datetime
    ) -> Prepared[EmailMessage] | None:
        data = staff_letters.gather(session, self.key_store, self.config, mailing, now=now)
        if data is None:
            return None
        letter_id = self._letter_id(mailing)
        letter = staff_letters.write(data, self.config, letter_id=letter_id, now=now)
        return Prepared(message=letter)

    def _invitation(
        self, session: Session, mailing: Mailing, now: datetime
    ) -> tuple[str, datetime] | None:
        """The token of the invitation that this letter carries, and when it expires on the clock of
        the staff member's office; None when the link is used, withdrawn or replaced."""
        staff_member = mailing.organizer
        if mailing.topic is not MailingTopic.INVITATION or staff_member is None:
            return None
        try:
            found = invitations.for_letter(
                session, staff_member.id, self.server_key, made_at=mailing.made_at, now=now
            )
        except DataErased:  # sealed under another server secret
            return None
        if found is None:
            return None
        token, ends_at = found
        slugs = sorted(each.office for each in staff_member.grants if each.office != ALL_OFFICES)
        zone = offices.find(session, slugs[0]).zone if slugs else clock.headquarters_zone()
        return token, ends_at.astimezone(zone)

    def _workshops(self, session: Session, mailing: Mailing, now: datetime) -> Sequence[Workshop]:
        """The workshops that the letter lists."""
        if mailing.organizer is None:
            return ()
        if mailing.topic is MailingTopic.ATTENDANCE:
            return missing_reports.list_missing_reports(session, mailing.organizer.id, now=now)
        if mailing.topic is MailingTopic.APPROVAL:
            return mailings.list_undecided(session, mailing.organizer.id, now=now)
        return ()

    def _bulletin(self, session: Session, mailing: Mailing, now: datetime) -> str:
        subscriber = mailing.subscriber
        if mailing.topic is not MailingTopic.BULLETIN or subscriber is None:
            return ""
        number, edition_number = mailing.month or 0, mailing.edition or 0
        cache_key = number, edition_number, subscriber.lang
        if cache_key not in self.texts:
            month = Month.from_number(number)
            edition = bulletins.find(session, month, edition_number)
            document = bulletin_data.document(session, month, now=now, edition=edition)
            self.texts[cache_key] = bulletin_text.as_text(
                document, subscriber.lang, self.config.public_url, max_length=None
            )
        return self.texts[cache_key]


def _is_report_late(session: Session, mailing: Mailing, now: datetime) -> bool:
    """Whether an office of the staff member must still report something of the month."""
    assert mailing.organizer is not None
    assert mailing.month is not None
    slugs = missing_reports.get_own_slugs(mailing.organizer)
    month = Month.from_number(mailing.month)
    return bool(coverage.matrix(session, month, slugs, now=now).late)


def _describe_new_accounts(session: Session, mailing: Mailing) -> list[NewAccountLine]:
    """A line for each account that the letter is about, in the language of its recipient."""
    if mailing.topic is not MailingTopic.NEW_ACCOUNTS or mailing.organizer is None:
        return []
    cities = {each.slug: each.city for each in offices.list_offices(session)}
    lines = []
    with use_language(mailing.organizer.language):
        for each in mailings.list_new_accounts(session, mailing):
            inviter = session.get(StaffMember, each.invited_by_id) if each.invited_by_id else None
            slugs = sorted(grant.office for grant in each.grants)
            places = [
                _("Toda la red") if slug == ALL_OFFICES else cities.get(slug, slug)
                for slug in slugs
            ]
            line = NewAccountLine(
                email=each.email,
                places=", ".join(places),
                inviter="" if inviter is None else inviter.email,
            )
            lines.append(line)
    return lines
