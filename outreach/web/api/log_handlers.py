"""Handlers of the public log of revisions (COUNT15)."""

from outreach.clock import Month
from outreach.domain.reporting import revision_log as stored
from outreach.errors import NotFound
from outreach.signing import revision_log
from outreach.signing.proofs import LogKey, LogLine, RevisionLog
from outreach.web.api.handlers import LONG_MAX_AGE, SHORT_MAX_AGE, Answer, Question, read_month
from outreach.web.api.params import UnknownResource


def log(question: Question) -> Answer:
    entries = stored.list_entries(question.session)
    keys: dict[str, int] = {}
    for each in entries:
        keys.setdefault(each.verifier, each.position + 1)
    body = RevisionLog(
        size=len(entries),
        checkpoint=entries[-1].checkpoint if entries else "",
        keys=[LogKey(verifier=key, first_size=size) for key, size in keys.items()],
        entries=[
            LogLine(
                position=each.position,
                month=str(month := Month.from_number(each.month)),
                revision=each.revision,
                leaf=each.leaf,
                proof=question.serializer.api(
                    "log", str(month), query=[("revision", str(each.revision))]
                ),
            )
            for each in entries
        ],
    )
    return Answer(body=body, seconds=SHORT_MAX_AGE)


def entry(question: Question, month: str) -> Answer:
    requested_month, number = read_month(month), question.query.get_first("revision")
    try:
        body = revision_log.prove(
            question.session, requested_month, int(number) if number else None
        )
    except NotFound:
        raise UnknownResource(
            f"That revision of {month} is not in the log. Look in /api/v1/log."
        ) from None
    return Answer(body=body, seconds=SHORT_MAX_AGE)


def growth(question: Question) -> Answer:
    first, second = question.query.get_first("first"), question.query.get_first("second")
    try:
        body = revision_log.prove_growth(
            question.session, int(first) if first else None, int(second) if second else None
        )
    except NotFound:
        raise UnknownResource("The log never had these sizes. Look in /api/v1/log.") from None
    return Answer(body=body, seconds=LONG_MAX_AGE if second else SHORT_MAX_AGE)
