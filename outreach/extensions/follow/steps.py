"""What the worker does for those who follow workshops."""

from datetime import datetime
from typing import Final

from outreach.extensions.follow import (
    follows,
    matching,
    messages,
    push_delivery,
    push_subscriptions,
)
from outreach.extensions.follow.push_delivery import PushSender
from outreach.maintenance import steps
from outreach.maintenance.steps import HOUR, MINUTE, Step, StepContext


def _make_push_sender(context: StepContext) -> PushSender:
    return PushSender(
        context.key_store,
        context.app.extensions[push_subscriptions.RULE],
        push_delivery.make_signer(context.key_store, context.config),
    )


def _notify_of_workshops(context: StepContext, now: datetime) -> int:
    """Ends what phones follow that want no texts, and queues the notices of openings and seats."""
    follows.end_stopped(context.key_store)
    return matching.enqueue_single(context.store, context.key_store, now=now)


def _notify_of_areas(context: StepContext, now: datetime) -> int:
    count = matching.enqueue_news(context.store, context.key_store, now=now)
    count += matching.enqueue_endings(context.key_store, now=now)
    follows.purge(context.key_store, now=now)
    return count


def _deliver(context: StepContext, now: datetime) -> int:
    """Sends letters, texts and push messages. A follow that ends with its one notice is erased
    after it."""
    sent = steps.by_mail(messages.letter_outlets)(context, now)
    sent += steps.by_text(messages.text_outlets)(context, now)
    sent += push_delivery.deliver(
        context.store, context.key_store, context.remember(_make_push_sender),
        now=now, should_stop=context.should_stop, warn=context.warn,
    )  # fmt: skip
    if sent:
        follows.purge(context.key_store, now=now)
    return sent


STEPS: Final = (
    Step("followers", _notify_of_workshops, is_led=True, every=MINUTE),
    # Each hour only: it decrypts what everybody has chosen.
    Step("followers of areas", _notify_of_areas, is_led=True, every=HOUR),
    Step("notices of followers", _deliver, is_led=False, sends=True),
)
