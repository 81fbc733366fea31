"""Recordings for tests: sounds as files, and a stored voice note without the converter."""

import io
import math
import struct
import wave
from datetime import datetime
from typing import Final

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.recordings import voice_notes
from outreach.domain.recordings.voice_notes import LinePrompt, VoiceNote
from outreach.domain.workshops import Workshop
from tests.conftest import LONG_AGO

# What a store keeps is not read here: any bytes are a recording.
BODY: Final = b"\xff\xf3" + bytes(range(256)) * 40


def wav(seconds: float, rate: int = 8000) -> bytes:
    """A tone of 440 Hz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(
            b"".join(
                struct.pack("<h", int(9000 * math.sin(n * 440 * 2 * math.pi / rate)))
                for n in range(int(seconds * rate))
            )
        )
    return file.getvalue()


def add_note(
    store: Store,
    subject: Kind | Workshop | LinePrompt,
    lang: str = "es",
    text: str = "Te esperamos.",
    *,
    now: datetime = LONG_AGO,
) -> VoiceNote:
    with store.change() as session:
        return voice_notes.save(session, subject, lang, text, BODY, seconds=3, now=now)
