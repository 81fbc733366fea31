"""The recipe «A message»."""

from typing import Final

from tests.tools.recipes.recipe import InsertAfter, NewFile, Recipe, Translation

RECIPE: Final = Recipe(
    name="message",
    section="A message",
    max_files=5,
    own_tests=("tests/mail/test_thanks.py",),
    edits=(
        InsertAfter(
            "outreach/domain/registrations/message_types.py",
            """\
        sheet=NotifySheetType.PREVIEW,
    ),
""",
            """\
    MessageDeclaration(
        notification_type=NotificationType.THANKS,
        at_discreet=AtDiscreet.IS_NOT_SENT,
        at_sensitive=AtSensitive.IS_NOT_SENT,
        follow_up=FollowUp(wait=timedelta(days=3), is_on_request=True),
        statuses=WITH_SEAT,
        channels=frozenset({MessageChannel.LETTER}),
        valid_until=_get_tenth_day,
        is_true_of=_has_come,
        counted_as=CountedAs.OF_STAFF,
    ),
""",
        ),
        InsertAfter(
            "outreach/domain/registrations/message_types.py",
            """\
    return registration.offered_until is not None and now < registration.offered_until
""",
            """\


def _has_come(registration: Registration, _now: datetime) -> bool:
    return registration.arrived_count > 0
""",
        ),
        InsertAfter(
            "outreach/domain/registrations/message_types.py",
            """\
    return workshop.starts_at


""",
            """\
def _get_tenth_day(workshop: Workshop) -> datetime:
    return workshop.ends_at + timedelta(days=10)


""",
        ),
        InsertAfter(
            "outreach/domain/registrations/message_types.py",
            """\
    MESSAGE = "message"  # written by staff
""",
            """\
    THANKS = "thanks"  # they came
""",
        ),
        NewFile(
            "templates/mail/thanks.txt",
            """\
{% import "mail/macros.txt" as parts with context %}
{{ _('Gracias por venir') }}

{{ _('Hola:') }}

{{ _('Gracias por venir a %(title)s.', title=workshop.title|localize) }}

{{ parts.foot(phone) }}
""",
        ),
        NewFile(
            "tests/mail/test_thanks.py",
            '''\
"""Who came and asked for a reminder is thanked three days after, by letter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.keystore import KeyStore
from outreach.mail.delivery import letter_outlets
from outreach.mail.delivery_round import deliver
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat

DAY = timedelta(days=1)


def test_who_came_is_thanked_once_and_nobody_of_a_discreet_workshop(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind,
    women: Kind,
) -> None:  # fmt: skip
    letters: list[tuple[str, str]] = []

    @contextmanager
    def transport() -> Iterator[Callable[[EmailMessage], None]]:
        yield lambda letter: letters.append((str(letter["To"]), str(letter["Subject"])))

    with store.change() as session:
        workshops = [make_workshop(session, chicago, each) for each in (rights, women)]
    for number, workshop in enumerate((workshops[0], workshops[0], workshops[1])):
        party = seat(
            store, key_store, workshop, contact=ContactMethod.EMAIL,
            address=f"rosa{number}@example.org", wants_reminder=True,
        )  # fmt: skip
        if number != 1:
            with store.change() as session:
                checkin.mark_arrived(session, session.get_one(Registration, party.id), 1)

    def run(days: float) -> list[str]:
        letters.clear()
        at = workshops[0].ends_at + days * DAY
        scheduled_jobs.enqueue_follow_ups(store, now=at)
        with app.app_context():
            deliver(letter_outlets(store, key_store, config, transport), now=at)
        return [to for to, subject in letters if subject == "Gracias por venir"]

    assert clock.now() < workshops[0].starts_at
    assert [run(0.1), run(2), run(3.2), run(4)] == [[], [], ["rosa0@example.org"], []]
''',
        ),
    ),
    translations=(
        Translation(
            message="Hay un lugar para esta persona. ¿Lo quiere?",
            words={
                "en": ("There is a place for this person. Do they want it?",),
                "fr": ("Il y a une place pour cette personne. La veut-elle?",),
            },
            context=None,
        ),
        Translation(
            message="Ya tiene lugar",
            words={"en": ("Now has a place",), "fr": ("A maintenant une place",)},
            context=None,
        ),
        Translation(
            message="No contestó y el lugar pasó a otra persona",
            words={
                "en": ("Did not answer, and the place went to someone else",),
                "fr": ("N’a pas répondu, et la place est allée à une autre personne",),
            },
            context=None,
        ),
        Translation(
            message="Cambió la hora o el lugar",
            words={
                "en": ("The time or the place changed",),
                "fr": ("L’heure ou le lieu a changé",),
            },
            context=None,
        ),
        Translation(
            message="Siempre sí se hace",
            words={"en": ("It is on after all",), "fr": ("L’atelier aura bien lieu",)},
            context=None,
        ),
        Translation(
            message="Pidió que le recordemos",
            words={"en": ("Asked for a reminder",), "fr": ("A demandé un rappel",)},
            context=None,
        ),
        Translation(
            message="¿Sigue viniendo?",
            words={"en": ("Still coming?",), "fr": ("La personne vient-elle toujours?",)},
            context=None,
        ),
        Translation(
            message="Ya puede ver la dirección en su enlace",
            words={
                "en": ("Can now see the address at their link",),
                "fr": ("Peut maintenant voir l’adresse avec son lien",),
            },
            context=None,
        ),
        Translation(
            message="Se canceló", words={"en": ("Cancelled",), "fr": ("Annulé",)}, context=None
        ),
        Translation(
            message="Gracias por venir",
            words={"en": ("Thank you for coming",), "fr": ("Merci de votre visite",)},
            context=None,
        ),
        Translation(
            message="Gracias por venir a %(title)s.",
            words={
                "en": ("Thank you for coming to %(title)s.",),
                "fr": ("Merci d’avoir participé à %(title)s.",),
            },
            context=None,
        ),
    ),
)
