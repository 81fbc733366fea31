"""Converting what staff upload: small, without metadata, and safe to read."""

import io
import resource
import struct
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


def film(body: bytes, video_codec: str, codec: str) -> bytes:
    """A Matroska file with a picture and the sound of a WAV file."""
    made = io.BytesIO()
    library: Any = av
    with (
        library.open(io.BytesIO(body), format="wav") as source,
        library.open(made, "w", format="matroska") as target,
    ):
        video = target.add_stream(video_codec, rate=5)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = target.add_stream(codec, rate=44_100, layout="mono")
        resampler = library.AudioResampler(
            format=audio.codec_context.codec.audio_formats[0].name, layout="mono", rate=44_100,
            frame_size=1024,
        )  # fmt: skip
        target.mux(video.encode(library.VideoFrame(64, 64, "yuv420p")))
        for frame in source.decode(audio=0):
            for each in resampler.resample(frame):
                target.mux(audio.encode(each))
        target.mux(video.encode(None))
        target.mux(audio.encode(None))
    return made.getvalue()


def test_sound_of_a_film_is_taken_and_its_pictures_are_not_read() -> None:
    assert encoder.encode(film(wav(3), "mpeg4", "aac")).seconds == 3
    assert not {"mpeg4", "h264", "hevc", "vp8", "vp9", "av1"} & set(encoder_process.CODECS)


@pytest.mark.parametrize("codec", ["ac3", "mp2"])
def test_decoder_that_no_phone_needs_is_not_used(codec: str) -> None:
    with pytest.raises(Refusal) as refused:
        encoder.encode(film(wav(3), "mpeg4", codec))
    assert refused.value.code is AudioFault.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    ("rate", "channels"), [(1, 1), (0, 1), (2**31 - 1, 1), (8000, 64), (8000, 20_000)]
)
def test_header_that_lies_takes_no_more_than_the_limits(rate: int, channels: int) -> None:
    """One sample a second becomes 22,050, and one moment may have thousands of channels."""
    size = 4_000_000
    form = struct.pack("<HHIIHH", 1, channels, rate, rate, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    with pytest.raises(Refusal):
        encoder.encode(head + b"data" + struct.pack("<I", size) + bytes(size))


@pytest.mark.long
def test_ten_hours_of_silence_are_refused_and_not_decoded() -> None:
    made = io.BytesIO()
    library: Any = av
    with library.open(made, "w", format="flac") as target:
        out = target.add_stream("flac", rate=8000, layout="mono")
        for _second in range(36_000 // 8):
            frame = library.AudioFrame(format="s16", layout="mono", samples=8 * 8000)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.rate = 8000
            target.mux(out.encode(frame))
        target.mux(out.encode(None))
    assert len(made.getvalue()) < encoder.MAX_UPLOAD_BYTES
    with pytest.raises(Refusal) as refused:
        encoder.encode(made.getvalue())
    assert refused.value.code is AudioFault.TOO_LONG


def test_recordings_are_converted_one_after_the_other() -> None:
    with encoder.conversion_lock, pytest.raises(Refusal) as refused:
        encoder.encode(wav(2), lock_timeout_seconds=0.01)
    assert refused.value.code is AudioFault.BUSY
    assert encoder.encode(wav(2)).seconds == 2


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
