"""The letter that answers a proposal (S30: staff cause it, once for each proposal)."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr
from typing import Final

from flask import render_template

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.errors import DataErased, NotFound
from outreach.extensions.proposals import proposals
from outreach.extensions.proposals.tables import Proposal, ProposalAnswer, ProposalLetter
from outreach.i18n import use_language
from outreach.keystore import KeyStore, sealed_rows
from outreach.mail import render
from outreach.mail.delivery import LetterTransport
from outreach.mail.delivery_round import Outlet, Prepared
from outreach.mail.message_context import mail_from
from outreach.mail.recipient_limits import RecipientLimits

OUTBOX: Final = OutboxTable(ProposalLetter, "answer")


class AnswerWriter:
    """Looks up a claimed letter and writes it."""

    def __init__(self, key_store: KeyStore, config: Config) -> None:
        self.key_store, self.config = key_store, config

    def __call__(self, claimed: ClaimedMessage, now: datetime) -> Prepared[EmailMessage] | None:
        """Returns the letter; None where the proposal is gone."""
        with self.key_store.store.read() as session:
            row = session.get(ProposalLetter, claimed.id)
        if row is None:
            return None
        try:
            proposal = proposals.find_by_id(self.key_store, row.proposal_id)
        except (NotFound, DataErased):
            return None
        details = proposal.details
        token = proposals.make_token(self.key_store, proposal.id)
        with use_language(details.lang):
            text = render_template(
                "proposals/mail/answer.txt",
                is_accepted=row.answer is ProposalAnswer.DRAFTED,
                link=f"{self.config.public_url}/{details.lang}/proponer/s/{token}",
            )
        subject, _gap, body = text.strip().partition("\n")
        about = f"proposal {row.id}-{int(row.made_at.timestamp()):x}"
        recipient = sealed_rows.recipient_id(Proposal.__tablename__, proposal.id)
        letter_id = self.key_store.letter_id(about, recipient)
        shared = {
            "From": formataddr((self.config.mail_name, mail_from(self.config))),
            "Subject": subject.strip(),
            "Content-Language": details.lang,
        }
        own = {"Message-ID": render.message_id(self.config, letter_id)}
        body = render.collapse_gaps(body)
        letter = render.compose(shared, body, to=details.email, own=own, at=now)
        # Anybody may type an address: what that causes has a limit of its own.
        return Prepared(message=letter, limited=details.email)


def letter_outlets(
    _store: Store, key_store: KeyStore, config: Config, transport: LetterTransport
) -> list[Outlet[ClaimedMessage, EmailMessage]]:
    return [
        Outlet(
            plural="letters",
            store=key_store.store,
            outbox=OUTBOX,
            prepare=AnswerWriter(key_store, config),
            transport=transport,
            limits=RecipientLimits(key_store),
        )
    ]
