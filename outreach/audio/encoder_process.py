"""Re-encodes one recording, as a program: the file on stdin, an MP3 on stdout.

It reads what a stranger sent with libraries written in C. So it imports nothing of `outreach`, has
limits of memory and processor time, opens no other file, and knows only the formats of `FORMATS`
and the decoders of `CODECS`: playlists, which name other files and addresses, are no format. Exits
with 1 and a word of `encoder.AudioFault` on stderr where it refuses the file.
"""

import io
import resource
import sys
from typing import Any, BinaryIO, Final

MAX_MEMORY_BYTES: Final = 1024 * 1024 * 1024  # address space; the libraries alone take 400 MB
MAX_CPU_SECONDS: Final = 40
MAX_FILES: Final = 64
SAMPLE_RATE: Final = 22_050  # speech has little above 10 kHz
BIT_RATE: Final = 24_000  # 180,000 bytes a minute
MIN_SECONDS: Final = 1
# A file is recognized by its first bytes: their place, the bytes, and the demuxer of FFmpeg.
FORMATS: Final = (
    (0, b"\x1aE\xdf\xa3", "matroska"),  # WebM: MediaRecorder of Chromium and Firefox
    (4, b"ftyp", "mov"),  # M4A, MP4 and 3GP: phones, and MediaRecorder of Safari
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"\xff\xfa", "mp3"),
    (0, b"RIFF", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"#!AMR", "amr"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"caff", "caf"),
)
# Decoders of FFmpeg that phones, recorders and browsers need. FFmpeg has some 500, and most of its
# faults are in those that nobody uses. None is of video, which a file may have and nobody hears.
CODECS: Final = (
    "aac", "alac", "amrnb", "amrwb", "flac", "libopus", "mp3", "mp3float", "opus", "vorbis",
    "pcm_alaw", "pcm_f32le", "pcm_mulaw", "pcm_s16be", "pcm_s16le", "pcm_s24le", "pcm_s32le",
    "pcm_u8",
)  # fmt: skip


class UnfitAudio(Exception):
    """The file is refused; its text is a word of `encoder.AudioFault`."""


def find_format(head: bytes) -> str | None:
    """The demuxer for a file that begins so; None for a format that is not read."""
    for start, magic, name in FORMATS:
        if head[start : start + len(magic)] == magic:
            return name
    return None


def encode(body: bytes, most_seconds: int) -> bytes:
    """The first audio stream as MP3: mono, of a constant bit rate, without any metadata.

    Raises UnfitAudio."""
    import av  # after the limits are set; it takes a tenth of a second

    container_format = find_format(body[:16])
    if container_format is None:
        raise UnfitAudio("format")
    written = io.BytesIO()
    try:
        # FFmpeg decodes a little of each stream to know it, also of video.
        allowed = {"protocol_whitelist": "pipe", "codec_whitelist": ",".join(CODECS)}
        with av.open(io.BytesIO(body), format=container_format, options=allowed) as source:
            samples = _transcode(source, written, most_seconds * SAMPLE_RATE)
    except (av.FFmpegError, ValueError, EOFError):
        raise UnfitAudio("format") from None
    if samples < MIN_SECONDS * SAMPLE_RATE:
        raise UnfitAudio("short")
    return written.getvalue()


def _transcode(source: Any, written: BinaryIO, most_samples: int) -> int:
    """Writes the sound of an open file as MP3, and returns how many samples it has."""
    import av

    if not source.streams.audio:
        raise UnfitAudio("format")
    stream = source.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.name not in CODECS:
        raise UnfitAudio("format")
    stream.thread_count = 1
    resampler = av.AudioResampler(format="s16p", layout="mono", rate=SAMPLE_RATE)
    samples = 0
    # Without these options the muxer writes who wrote the file, and an empty frame before it.
    plain = {"id3v2_version": "0", "write_id3v1": "0", "write_xing": "0", "fflags": "+bitexact"}
    with av.open(written, "w", format="mp3", options=plain) as target:
        out: Any = target.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono")
        out.bit_rate = BIT_RATE
        out.thread_count = 1

        def write(frames: Any) -> None:
            nonlocal samples
            for frame in frames:
                samples += frame.samples
                if samples > most_samples:
                    raise UnfitAudio("long")
                frame.pts = None
                target.mux(out.encode(frame))

        for frame in source.decode(stream):
            frame.pts = None
            write(resampler.resample(frame))
        if samples:
            write(resampler.resample(None))
        target.mux(out.encode(None))
    return samples


def set_limits() -> None:
    """Limits what this process may use. Also stops it from writing files."""
    for limit, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_NOFILE, MAX_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, allowed))


def main() -> int:
    set_limits()
    try:
        body = encode(sys.stdin.buffer.read(), int(sys.argv[1]))
    except UnfitAudio as fault:
        sys.stderr.write(str(fault))
        return 1
    except MemoryError:
        sys.stderr.write("format")
        return 1
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
