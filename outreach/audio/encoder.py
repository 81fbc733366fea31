"""Re-encodes an uploaded recording in a process of its own.

PyAV is the optional extra `audio` of the package: it weighs 100 MB. Without it nothing can be
uploaded, and what is stored is played as before.
"""

import importlib.util
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from outreach.errors import Refusal

PROGRAM: Final = Path(__file__).with_name("encoder_process.py")
MAX_UPLOAD_BYTES: Final = 12 * 1024 * 1024  # three minutes as WAV from a phone
MAX_SECONDS: Final = 180  # nobody listens longer, and it is half a megabyte
MIMETYPE: Final = "audio/mpeg"
MAX_BYTES_A_MINUTE: Final = 200_000
TIMEOUT_SECONDS: Final = 60
LOCK_TIMEOUT_SECONDS: Final = 20  # to wait for the conversion before: a usual one takes ten at most
# The program that reads a stranger's bytes gets these variables only: none has a secret.
KEPT_VARIABLES: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
BYTES_A_SECOND: Final = 3000  # 24 kbit/s, constant
# Each process of the server converts one recording at a time, which may take a gigabyte and a core.
conversion_lock: Final = threading.Lock()


class AudioFault(StrEnum):
    """Why a recording is refused. The value is the English message."""

    NOT_INSTALLED = "this installation cannot convert recordings: install outreach[audio]"
    TOO_LARGE = "the file is too large"
    UNKNOWN_FORMAT = "the file is no recording that can be read"
    TOO_LONG = "the recording is longer than three minutes"
    TOO_SHORT = "the recording is shorter than a second"
    BUSY = "another recording is being converted"


_FAULTS: Final = {
    "format": AudioFault.UNKNOWN_FORMAT,
    "long": AudioFault.TOO_LONG,
    "short": AudioFault.TOO_SHORT,
}


@dataclass(frozen=True)
class EncodedAudio:
    body: bytes  # MP3, mono, without metadata
    seconds: int  # to the nearest one


def is_installed() -> bool:
    return importlib.util.find_spec("av") is not None


def encode(uploaded: bytes, *, lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> EncodedAudio:
    """The recording as it is stored and played. Raises Refusal with a code of AudioFault.

    A file that takes more memory or time than the process may use is one that cannot be read."""
    if not is_installed():
        raise Refusal(AudioFault.NOT_INSTALLED)
    if len(uploaded) > MAX_UPLOAD_BYTES:
        raise Refusal(AudioFault.TOO_LARGE)
    if not conversion_lock.acquire(timeout=lock_timeout_seconds):
        raise Refusal(AudioFault.BUSY)
    try:
        return _run(uploaded)
    finally:
        conversion_lock.release()


def _run(uploaded: bytes) -> EncodedAudio:
    try:
        # -P: the folder of the program is no place to import from.
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-P", str(PROGRAM), str(MAX_SECONDS)],
            input=uploaded,
            capture_output=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
            env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
            process_group=0,  # Ctrl-C is for the server, which answers requests in progress
        )
    except subprocess.TimeoutExpired:
        raise Refusal(AudioFault.UNKNOWN_FORMAT) from None
    if done.returncode != 0:
        word = done.stderr.decode(errors="replace") if done.returncode == 1 else "format"
        raise Refusal(_FAULTS.get(word, AudioFault.UNKNOWN_FORMAT))
    return EncodedAudio(done.stdout, round(len(done.stdout) / BYTES_A_SECOND))
