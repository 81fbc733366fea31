"""The page of the recordings of one kind, one workshop or the phone line.

A file is converted before anything is stored (`outreach.audio`). What is discreet, or has a hidden
address, has no recording: everybody could hear it.
"""

from dataclasses import dataclass, replace
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from outreach import clock, formats, i18n
from outreach.audio import encoder
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Permission
from outreach.domain.recordings import voice_notes
from outreach.domain.recordings.voice_notes import LinePrompt, VoiceNote
from outreach.domain.text import clean, clean_lines
from outreach.domain.workshops import Workshop, facts
from outreach.errors import NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware.response_headers import PagePolicy, allow
from outreach.web.staff.common.guards import (
    find_workshop,
    log_office_action,
    log_workshop_action,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.recordings import blueprint

MAX_BODY_BYTES: Final = encoder.MAX_UPLOAD_BYTES + 64 * 1024  # the file and the other fields
SILENT_LANGUAGES: Final = frozenset({"ase", "mfs"})  # are signed
_MAX_DIGITS: Final = 9  # in an id

Subject = Kind | Workshop | LinePrompt


@dataclass(frozen=True, kw_only=True)
class RecordingSubject:
    """What a page is about, and where it leads back to."""

    title: str
    address: str  # leads to this page
    back: str
    back_words: str
    can_record: bool
    hint: str  # what to say
    facts: str = ""  # when and where the workshop is, as a digest that its form sends back
    prompts: tuple[tuple[LinePrompt, str], ...] = ()  # those to choose from, with their words


@dataclass(frozen=True, kw_only=True)
class TypedRecording:
    """The form as it was filled in, without its file."""

    lang: str = "es"
    spoken_text: str = ""
    prompt: str = ""


@blueprint.get("/talleres/<public_id>/audio")
@requires(Scope.WORKSHOP, Permission.EDIT)
def workshop_recordings(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        return _show(session, find_workshop(session, public_id))


@blueprint.post("/talleres/<public_id>/audio")
@requires(Scope.WORKSHOP, Permission.EDIT, max_body_bytes=MAX_BODY_BYTES)
def change_workshop_recordings(public_id: str) -> ResponseReturnValue:
    """Stores the recording of the form (`do=save`) or deletes the one that `note` names
    (`do=delete`)."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _change(workshop)


@blueprint.get("/tipos/<code>/audio")
@requires(Scope.NETWORK, Permission.NETWORK)
def kind_recordings(code: str) -> ResponseReturnValue:
    with store().read() as session:
        return _show(session, kinds.find(session, code))


@blueprint.post("/tipos/<code>/audio")
@requires(Scope.NETWORK, Permission.NETWORK, max_body_bytes=MAX_BODY_BYTES)
def change_kind_recordings(code: str) -> ResponseReturnValue:
    """Takes the same form as `change_workshop_recordings`."""
    with store().read() as session:
        kind = kinds.find(session, code)
    return _change(kind)


@blueprint.get("/linea/audio")
@requires(Scope.NETWORK, Permission.NETWORK)
def line_recordings() -> ResponseReturnValue:
    with store().read() as session:
        return _show(session, None)


@blueprint.post("/linea/audio")
@requires(Scope.NETWORK, Permission.NETWORK, max_body_bytes=MAX_BODY_BYTES)
def change_line_recordings() -> ResponseReturnValue:
    """Takes the same form as `change_workshop_recordings`, with the `prompt` that was recorded."""
    return _change(None)


@blueprint.errorhandler(RequestEntityTooLarge)
def show_too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Refuses a file that is too large by its Content-Length. The form is not read either."""
    given = request.view_args or {}
    with store().read() as session:
        subject: Kind | Workshop | None = None
        if "public_id" in given:
            subject = find_workshop(session, given["public_id"])
        elif "code" in given:
            subject = kinds.find(session, given["code"])
        fault = error_messages.say(Refusal(encoder.AudioFault.TOO_LARGE))
        return _show(session, subject, 413, fault=fault)


def _change(page_subject: Kind | Workshop | None) -> ResponseReturnValue:
    typed = TypedRecording(
        lang=clean(request.form.get("lang", "")),
        spoken_text=clean_lines(request.form.get("spoken_text", "")),
        prompt=clean(request.form.get("prompt", "")),
    )
    try:
        if request.form.get("do") == "delete":
            _delete(page_subject)
            done = "borrado"
        else:
            _save(page_subject, typed)
            done = "guardado"
    except Refusal as refusal:
        with store().read() as session:
            fault = error_messages.say(refusal)
            return _show(session, page_subject, 422, fault=fault, typed=typed)
    return redirect(f"{_describe(page_subject).address}?hecho={done}", 303)


def _save(page_subject: Kind | Workshop | None, typed: TypedRecording) -> None:
    """Converts and stores the recording of the form. Raises Refusal where it cannot."""
    if typed.lang not in dict(_list_languages(page_subject)):
        raise PageRefused(_("Elige el idioma de la grabación."))
    if not typed.spoken_text or len(typed.spoken_text) > voice_notes.MAX_TEXT:
        raise PageRefused(
            _(
                "Escribe lo que dice, hasta %(num)d letras: lo lee quien no oye.",
                num=voice_notes.MAX_TEXT,
            )
        )
    subject: Subject
    if page_subject is None:
        if typed.prompt not in tuple(LinePrompt):
            raise PageRefused(_("Elige qué frase de la línea es."))
        subject = LinePrompt(typed.prompt)
    else:
        subject = page_subject
    sent = request.files.get("file")
    uploaded = sent.stream.read(encoder.MAX_UPLOAD_BYTES + 1) if sent is not None else b""
    if not uploaded:
        raise PageRefused(_("Elige un archivo de sonido, o grábalo aquí."))
    made = encoder.encode(uploaded)  # before the transaction: it takes seconds
    with store().change() as session:
        subject = _load(session, subject)
        if request.form.get("facts", "") not in {"", _digest_facts(subject)}:
            # The recording says what the page said when it was opened.
            raise PageRefused(
                _("El taller cambió mientras grababas. Mira cuándo y dónde es, y graba otra vez.")
            )
        note = voice_notes.save(
            session,
            subject,
            typed.lang,
            typed.spoken_text,
            made.body,
            seconds=made.seconds,
            now=clock.now(),
        )
        _log(session, subject, note, "recording saved")


def _delete(page_subject: Kind | Workshop | None) -> None:
    """Deletes the recording `note` of this page. Raises NotFound."""
    number = request.form.get("note", "")
    if not number.isdecimal() or len(number) > _MAX_DIGITS:
        raise NotFound("voice note")
    with store().change() as session:
        note = voice_notes.find(session, int(number))
        subject = note.prompt if page_subject is None else page_subject
        if subject is None or not voice_notes.is_of(note, subject):
            raise NotFound("voice note")
        _log(session, _load(session, subject), note, "recording deleted")
        session.delete(note)


def _load(session: Session, subject: Subject) -> Subject:
    """The subject as it is now, in this transaction: it may have become discreet."""
    if isinstance(subject, Workshop):
        return find_workshop(session, subject.public_id)
    return kinds.find(session, subject.code) if isinstance(subject, Kind) else subject


def _digest_facts(subject: Subject) -> str:
    return facts.compute_facts(subject).hex() if isinstance(subject, Workshop) else ""


def _log(session: Session, subject: Subject, note: VoiceNote, action: str) -> None:
    if isinstance(subject, Workshop):
        log_workshop_action(session, subject, action, {"text": note.lang})
    elif isinstance(subject, Kind):
        log_office_action(session, "", action, {"kind": subject.code, "text": note.lang})
    else:
        log_office_action(session, "", action, {"text": f"{subject} {note.lang}"})


def _describe(subject: Kind | Workshop | None) -> RecordingSubject:
    lang = i18n.current()
    if isinstance(subject, Workshop):
        back = f"/org/talleres/{subject.public_id}"
        return RecordingSubject(
            title=i18n.say(subject.title, lang),
            address=f"{back}/audio",
            back=back,
            back_words=i18n.say(subject.title, lang),
            can_record=voice_notes.can_have_notes(subject),
            hint=_("Di de qué trata, el día, la hora, el lugar y qué traer. Sin nombres."),
            facts=_digest_facts(subject),
        )
    if isinstance(subject, Kind):
        back = f"/org/tipos/{subject.code}"
        return RecordingSubject(
            title=i18n.say(subject.short_name, lang),
            address=f"{back}/audio",
            back=back,
            back_words=i18n.say(subject.short_name, lang),
            can_record=not subject.is_discreet,
            hint=_(
                "Di de qué trata este tipo de taller. Sin día ni lugar: suena en todos los suyos."
            ),
        )
    return RecordingSubject(
        title=_("Línea de teléfono"),
        address="/org/linea/audio",
        back="/org/ajustes",
        back_words=_("Ajustes"),
        can_record=True,
        hint=_("Lo que no está grabado lo dice una voz de máquina."),
        prompts=tuple((each, prompt_words(each)) for each in LinePrompt),
    )


def prompt_words(prompt: LinePrompt) -> str:
    """Returns what the prompt says, for the person who records it."""
    words = {
        LinePrompt.WELCOME: _("Bienvenida: que es la línea de talleres, y que todo es gratis"),
        LinePrompt.ZIP_CODE: _("Pide el código postal de cinco números"),
        LinePrompt.NO_KEY: _("No se oyó ninguna tecla"),
        LinePrompt.SAVED: _("Quedó apartado; despedida"),
    }
    return words[prompt]


def _list_languages(subject: Kind | Workshop | None) -> list[tuple[str, str]]:
    """Returns the codes and names of the languages of workshops; for the phone line, of those that
    it speaks. Signed languages are left out."""
    lang = i18n.current()
    codes = i18n.list_languages() if subject is None else tuple(i18n.SPOKEN)
    return [
        (code, formats.language_name(code, lang)) for code in codes if code not in SILENT_LANGUAGES
    ]


def _show(
    session: Session,
    subject: Kind | Workshop | None,
    status: int = 200,
    *,
    fault: str = "",
    typed: TypedRecording | None = None,
) -> Response:
    """Shows the page; `typed` is what the refused form had."""
    subjects: list[Subject] = [*LinePrompt] if subject is None else [subject]
    notes = [note for each in subjects for note in voice_notes.list_notes(session, each)]
    done = {"guardado": _("Grabación guardada."), "borrado": _("Grabación borrada.")}
    about = _describe(subject)
    can_record = about.can_record and encoder.is_installed()
    allow(PagePolicy.RECORDER if can_record else PagePolicy.AUDIO)
    return page(
        "recordings/recordings",
        status,
        about=replace(about, can_record=can_record),
        is_hidden=not about.can_record,
        notes=notes,
        languages=_list_languages(subject),
        prompt_words=prompt_words,
        typed=typed or TypedRecording(),
        most_minutes=encoder.MAX_SECONDS // 60,
        most_megabytes=encoder.MAX_UPLOAD_BYTES // 1024 // 1024,
        most_letters=voice_notes.MAX_TEXT,
        fault=fault,
        done=done.get(request.args.get("hecho", ""), "") if status == 200 else "",
    )
