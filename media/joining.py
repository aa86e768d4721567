"""The segments of an interview become one file that any player plays and seeks in; nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from media.opus_packets import TICKS_PER_MS, duration_ticks, filling

MOST_EARLY_TICKS = 10 * TICKS_PER_MS
"""Sound that comes this much before the end of the sound before it is left out: half a packet."""
PICTURE_MS = 10
"""Pictures are at least so far apart, and the file says that there may be one in each: FFmpeg rounds times to the rate
that it reads or guesses, and two pictures at one time are an error to it."""
BYTES_PER_CUE = 40
LONGEST_CLUSTER_MS = 5000
"""Also how far apart the cues of a recording without pictures are."""
MILLISECOND = Fraction(1, 1000)

AnyStream = TypeVar("AnyStream", AudioStream, VideoStream)


class RecordingBroken(Exception):
    """There is no sound and no picture in it, or it is not what a player can play."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What is in a recording. All `_ms`: position in the file, which is interview clock.

    longest_seek_gap_ms: the longest stretch of pictures, from one frame to the next key frame, without a key frame.
    """

    duration_ms: int
    has_video: bool
    media_type: str
    sound_packets: int
    pictures: int
    key_frames: int
    longest_seek_gap_ms: int


def join(segments: Sequence[BinaryIO], out: BinaryIO) -> RecordingFacts:
    """Write one file from segments, as they are read (twice) and sought in; `out` is written and sought in.

    WebM when all pictures are VP8 or there are none, else Matroska; pictures in two codecs become two tracks. Where
    two segments overlap, the earlier one ends; a torn end, or a segment that is nothing but torn, is left out. Sound is
    made continuous from 0 on, because players count it: holes are filled, what is too much goes. Raises
    RecordingBroken when there is nothing to write; OSError of the files.
    """
    scans = sorted(filter(None, map(_scan, segments)), key=lambda scan: scan.starts_ms)
    if not scans:
        raise RecordingBroken("there is no sound and no picture in any segment")
    codecs = list(dict.fromkeys(scan.codec for scan in scans if scan.codec))
    is_webm = codecs in ([], ["vp8"])
    cues = sum(scan.key_frames for scan in scans) + max(scan.ends_ms for scan in scans) // LONGEST_CLUSTER_MS
    options = {"reserve_index_space": str(1000 + cues * BYTES_PER_CUE), "cluster_time_limit": str(LONGEST_CLUSTER_MS)}
    with av.open(out, "w", format="webm" if is_webm else "matroska", options=options) as container:
        writer = _Writer(container, scans)
        for number, scan in enumerate(scans):
            later = scans[number + 1 :]
            writer.append(
                scan,
                sound_until_ms=min((other.sound_ms for other in later if other.sound_ms is not None), default=None),
                pictures_until_ms=min(
                    (other.picture_ms for other in later if other.picture_ms is not None), default=None
                ),
            )
        if not writer.tally.sound_packets and not writer.tally.pictures:
            raise RecordingBroken("there is no sound and no picture in any segment")
    return writer.tally.facts()


def check(reader: BinaryIO) -> RecordingFacts:
    """Read a joined file to its end. Raises RecordingBroken when a player could not play it."""
    tally = _Tally()
    try:
        with av.open(reader, "r") as container:
            for packet in container.demux():
                if not packet.size:
                    continue
                if packet.stream.type == "audio":
                    tally.hear(_at_ms(packet), _at_ms(packet) + duration_ticks(bytes(packet)) // TICKS_PER_MS)
                else:
                    codec = packet.stream.codec_context.name
                    tally.show(_at_ms(packet), is_key=packet.is_keyframe, codec=codec)
            written_ms = (container.duration or 0) / 1000
    except (av.FFmpegError, ValueError) as error:
        raise RecordingBroken(f"it cannot be read ({type(error).__name__})") from error
    facts = tally.facts()
    if not facts.sound_packets and not facts.pictures:
        raise RecordingBroken("there is no sound and no picture in it")
    if abs(written_ms - facts.duration_ms) > 1000:
        raise RecordingBroken("its header names another duration")
    return facts


@dataclass(slots=True)
class _Scan:
    """A segment that has been read once. sound_ms, picture_ms: its first of each."""

    reader: BinaryIO
    codec: str | None = None
    sound_ms: int | None = None
    picture_ms: int | None = None
    ends_ms: int = 0
    key_frames: int = 0

    @property
    def starts_ms(self) -> int:
        return min(at for at in (self.sound_ms, self.picture_ms) if at is not None)


def _scan(reader: BinaryIO) -> _Scan | None:
    scan = _Scan(reader)
    for packet in _packets(reader):
        at_ms = _at_ms(packet)
        scan.ends_ms = max(scan.ends_ms, at_ms)
        if packet.stream.type == "audio":
            scan.sound_ms = at_ms if scan.sound_ms is None else scan.sound_ms
        elif scan.picture_ms is not None or packet.is_keyframe:
            scan.picture_ms = at_ms if scan.picture_ms is None else scan.picture_ms
            scan.codec = packet.stream.codec_context.name
            scan.key_frames += packet.is_keyframe
    return scan if scan.sound_ms is not None or scan.picture_ms is not None else None


def _packets(reader: BinaryIO) -> Iterator[av.Packet[Stream]]:
    """The packets of a segment up to where it is torn."""
    reader.seek(0)
    try:
        with av.open(reader, "r", format="matroska") as container:
            for packet in container.demux():
                if packet.size and not packet.is_corrupt and packet.pts is not None:
                    yield packet
    except av.FFmpegError:
        return  # Written until the process was killed, or the disk was full: what came before is good.


class _Writer:
    """Appends segments to the joined file."""

    def __init__(self, container: OutputContainer, scans: Sequence[_Scan]) -> None:
        self.tally = _Tally()
        self._container = container
        self._sound: AudioStream | None = None
        self._pictures: dict[str, VideoStream] = {}
        self._heard_ticks = 0
        self._before: bytes | None = None
        self._shown_ms = -PICTURE_MS
        for scan in scans:
            self._add_streams(scan)

    def append(self, scan: _Scan, sound_until_ms: int | None, pictures_until_ms: int | None) -> None:
        """Write a segment as far as later ones do not begin."""
        awaits_key = True
        for packet in _packets(scan.reader):
            at_ms = _at_ms(packet)
            if packet.stream.type == "audio":
                if sound_until_ms is None or at_ms < sound_until_ms:
                    self._hear(bytes(packet), at_ms)
                continue
            awaits_key = awaits_key and not packet.is_keyframe
            if not awaits_key and (pictures_until_ms is None or at_ms < pictures_until_ms):
                self._show(packet, at_ms)

    def _add_streams(self, scan: _Scan) -> None:
        scan.reader.seek(0)
        with av.open(scan.reader, "r", format="matroska") as segment:
            if self._sound is None and scan.sound_ms is not None:
                self._sound = self._add(segment.streams.audio[0])
            if scan.codec is not None and scan.codec not in self._pictures:
                pictures = self._add(segment.streams.video[0])
                pictures.codec_context.framerate = Fraction(1000, PICTURE_MS)
                self._pictures[scan.codec] = pictures

    def _add(self, template: AnyStream) -> AnyStream:
        stream = self._container.add_stream_from_template(template, opaque=True)
        stream.time_base = MILLISECOND
        return stream

    def _hear(self, packet: bytes, at_ms: int) -> None:
        """Sound in its place, which is never more than half a packet off, with nothing between it and the last."""
        early = self._heard_ticks - at_ms * TICKS_PER_MS
        if early > MOST_EARLY_TICKS:
            return
        for filler in filling(-early, self._before) if early < 0 else ():
            self._put_sound(filler)
        self._put_sound(packet)
        self._before = packet

    def _put_sound(self, data: bytes) -> None:
        ticks = duration_ticks(data)
        if ticks == 0:
            return
        start_ms, end_ms = (round(at / TICKS_PER_MS) for at in (self._heard_ticks, self._heard_ticks + ticks))
        self._heard_ticks += ticks
        self._put(self._sound, data, start_ms, end_ms, is_key=True)
        self.tally.hear(start_ms, end_ms)

    def _show(self, packet: av.Packet[Stream], at_ms: int) -> None:
        """A picture; never before the one before it, nor on top of it."""
        self._shown_ms = max(at_ms, self._shown_ms + PICTURE_MS)
        stream = self._pictures[packet.stream.codec_context.name]
        self._put(stream, bytes(packet), self._shown_ms, self._shown_ms, is_key=packet.is_keyframe)
        self.tally.show(self._shown_ms, is_key=packet.is_keyframe, codec=stream.codec_context.name)

    def _put(self, stream: Stream | None, data: bytes, start_ms: int, end_ms: int, *, is_key: bool) -> None:
        assert stream is not None
        packet = av.Packet(data)
        packet.stream = stream
        packet.pts = packet.dts = start_ms
        packet.duration = end_ms - start_ms
        packet.time_base = MILLISECOND
        packet.is_keyframe = is_key
        self._container.mux_one(packet)


class _Tally:
    """Counts what is in a recording. Raises RecordingBroken where a player would stumble."""

    def __init__(self) -> None:
        self.sound_packets = 0
        self.pictures = 0
        self._key_frames = 0
        self._codecs: set[str] = set()
        self._sound_ms = self._picture_ms = -1
        self._ends_ms = 0
        self._key_ms = 0
        self._longest_gap_ms = 0

    def hear(self, at_ms: int, end_ms: int) -> None:
        """A packet of sound."""
        if at_ms <= self._sound_ms:
            raise RecordingBroken("its sound runs backwards")
        self._sound_ms = at_ms
        self._ends_ms = max(self._ends_ms, end_ms)
        self.sound_packets += 1

    def show(self, at_ms: int, *, is_key: bool, codec: str) -> None:
        """A picture."""
        if at_ms <= self._picture_ms:
            raise RecordingBroken("its pictures run backwards")
        if codec not in self._codecs and not is_key:
            raise RecordingBroken("its pictures begin without a key frame")
        if is_key:
            self._key_ms = at_ms
            self._key_frames += 1
        self._codecs.add(codec)
        self._picture_ms = at_ms
        self._ends_ms = max(self._ends_ms, at_ms)
        self._longest_gap_ms = max(self._longest_gap_ms, at_ms - self._key_ms)
        self.pictures += 1

    def facts(self) -> RecordingFacts:
        """What was counted."""
        container = "webm" if self._codecs <= {"vp8"} else "x-matroska"
        return RecordingFacts(
            duration_ms=self._ends_ms,
            has_video=bool(self.pictures),
            media_type=f"{'video' if self.pictures else 'audio'}/{container}",
            sound_packets=self.sound_packets,
            pictures=self.pictures,
            key_frames=self._key_frames,
            longest_seek_gap_ms=self._longest_gap_ms,
        )


def _at_ms(packet: av.Packet[Stream]) -> int:
    assert packet.pts is not None
    assert packet.time_base is not None
    # In floats, which are exact here and, for the hundred thousands of packets of an interview, faster than fractions.
    return round(packet.pts * packet.time_base.numerator * 1000 / packet.time_base.denominator)
