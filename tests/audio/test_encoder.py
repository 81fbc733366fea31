"""Converting what staff upload: small, without metadata, and safe to read."""

import io
import resource
import subprocess
import sys
from typing import Any

import av
import mutagen.mp3
import pytest

from outreach.audio import encoder, encoder_process
from outreach.audio.encoder import AudioFault
from outreach.errors import Refusal
from tests.support.recordings import wav

SECRET = "Casa de Luz, 41.85 -87.66"


def convert(body: bytes, container: str, codec: str, **metadata: str) -> bytes:
    """A WAV file in another container, with metadata as phones write it."""
    made = io.BytesIO()
    library: Any = av  # its types do not know which containers can be read
    with (
        library.open(io.BytesIO(body), format="wav") as source,
        library.open(made, "w", format=container) as target,
    ):
        target.metadata.update(metadata)
        rate = 48_000 if codec == "libopus" else 8000 if codec == "amr_nb" else 44_100
        out = target.add_stream(codec, rate=rate, layout="mono")
        resampler = library.AudioResampler(
            format=out.codec_context.codec.audio_formats[0].name, layout="mono", rate=rate,
            frame_size=out.codec_context.frame_size or 1024,
        )  # fmt: skip
        for frame in (*source.decode(audio=0), None):
            if frame is not None:
                frame.pts = None
            for each in resampler.resample(frame):
                each.pts = None
                target.mux(out.encode(each))
        target.mux(out.encode(None))
    return made.getvalue()


def read_mp3(body: bytes) -> Any:
    reader: Any = mutagen.mp3.MP3
    return reader(io.BytesIO(body))


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("webm", "libopus"), ("ogg", "libopus"), ("mp4", "aac"), ("mp3", "libmp3lame"),
        ("adts", "aac"), ("flac", "flac"), ("wav", "pcm_s16le"),
    ],
)  # fmt: skip
def test_what_phones_and_browsers_record_becomes_a_small_mp3(container: str, codec: str) -> None:
    made = encoder.encode(convert(wav(20), container, codec))
    read = read_mp3(made.body)
    assert read.info.channels == 1
    assert abs(read.info.length - 20) < 0.5
    assert abs(made.seconds - 20) <= 1
    assert len(made.body) * 60 / read.info.length <= encoder.MAX_BYTES_A_MINUTE


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "aac"), ("mp3", "libmp3lame"), ("ogg", "libopus")]
)
def test_no_metadata_is_left(container: str, codec: str) -> None:
    sent = convert(wav(3), container, codec, title=SECRET, artist=SECRET, comment=SECRET)
    assert SECRET.encode() in sent
    made = encoder.encode(sent).body
    assert SECRET.encode() not in made
    assert read_mp3(made).tags is None
    for trace in (b"Lavf", b"ID3", b"TAG", b"APE", b"Xing"):
        assert trace not in made, trace


def test_same_recording_has_the_same_bytes() -> None:
    assert encoder.encode(wav(2)).body == encoder.encode(wav(2)).body, "no date is in it"


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"", AudioFault.UNKNOWN_FORMAT),
        (b"hola", AudioFault.UNKNOWN_FORMAT),
        (b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd\n", AudioFault.UNKNOWN_FORMAT),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", AudioFault.UNKNOWN_FORMAT),
        (b"\x1aE\xdf\xa3" + b"\xff" * 5000, AudioFault.UNKNOWN_FORMAT),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 5000, AudioFault.UNKNOWN_FORMAT),
        (b"OggS" + bytes(range(256)) * 20, AudioFault.UNKNOWN_FORMAT),
        (wav(0.2), AudioFault.TOO_SHORT),
        (wav(encoder.MAX_SECONDS + 2), AudioFault.TOO_LONG),
        (b"RIFF" + b"\0" * encoder.MAX_UPLOAD_BYTES, AudioFault.TOO_LARGE),
    ],
    ids=["empty", "text", "playlist", "concat", "webm", "mp4", "ogg", "short", "long", "large"],
)
def test_what_is_no_short_recording_is_refused(sent: bytes, fault: AudioFault) -> None:
    with pytest.raises(Refusal) as refused:
        encoder.encode(sent)
    assert refused.value.code is fault


def test_program_limits_its_memory_time_and_files() -> None:
    words = "; ".join(
        f"print(resource.getrlimit(resource.{name})[1])"
        for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
    )
    program = f"import resource, encoder_process as p; p.set_limits(); {words}"
    folder = encoder.PROGRAM.parent
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert [int(each) for each in done.stdout.split()] == [
        encoder_process.MAX_MEMORY_BYTES,
        encoder_process.MAX_CPU_SECONDS,
        0,
        encoder_process.MAX_FILES,
    ]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY, "not here"
