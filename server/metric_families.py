"""The state of an application as metric families, read at the moment Prometheus asks. Nothing in it names anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analyzers.transcription.dispatcher import EngineStatus
from server.admission import Reason
from server.caps import CAPS
from server.keys import ENGINE, HUB, INTERVIEWS, RECORDER, SETTINGS


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages to the HR system that wait, and that were given up."""

    waiting: int
    dead: int


LINE_COUNTERS = {
    "packets_received": "RTP packets of candidates' sound and pictures that came.",
    "packets_lost": "RTP packets that did not come, not even when asked for again.",
    "bytes": "Payload of the packets that came.",
    "audio_frames": "Encoded frames of sound that were complete.",
    "video_frames": "Encoded pictures that were complete.",
    "key_frames": "Encoded pictures that need no other.",
    "undecodable": "Complete pictures left out because one before them was lost.",
    "freezes": "Gaps between pictures that a viewer sees (webrtc-stats' freezeCount).",
    "dropped_audio": "Frames of sound that recognition was too slow for.",
    "dropped_pictures": "Pictures that the analysis was too slow for.",
}
"""Fields of LineStats → what they count."""


class StateCollector(Collector):
    """requests: by method, route and status. outbox: as last read."""

    def __init__(
        self, app: web.Application, requests: Counter[tuple[str, str, int]], outbox: Callable[[], Counts | None]
    ) -> None:
        self._app = app
        self._requests = requests
        self._outbox = outbox

    def describe(self) -> Iterable[Metric]:
        """Nothing: the state is not there yet when the collector is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families, as things stand."""
        yield from self._load()
        yield from self._lines()
        yield from self._recorder()
        yield from self._admission()
        yield from self._recognition()
        yield from self._messages()
        yield counter(
            "interview_http_requests",
            "HTTP requests answered, by the pattern of their route.",
            {(method, route, str(status)): count for (method, route, status), count in self._requests.items()},
            ("method", "route", "status"),
        )

    def _load(self) -> Iterator[Metric]:
        interviews = self._app[INTERVIEWS]
        usual = interviews.room.admission.usual
        yield gauge("interview_sessions", "Interviews that this process keeps.", len(interviews.running()))
        yield gauge(
            "interview_sessions_under_way",
            "Interviews that have begun and are not over, with the candidate there.",
            interviews.room.under_way,
        )
        yield gauge("interview_loop_load_ratio", "Share of a core that the event loop's thread used.", usual.loop_load)
        yield gauge("interview_process_load_ratio", "Share of all cores that the process used.", usual.process_load)

    def _lines(self) -> Iterator[Metric]:
        lines = self._app[INTERVIEWS].lines
        jitter_ms = lines.jitter_ms()
        viewers = sum(session.viewers.count for session in self._app[INTERVIEWS].running())
        yield gauge("interview_viewers", "Browsers of HR's that watch live.", viewers)
        yield gauge("interview_lines", "Candidates' WebRTC lines.", len(lines))
        family = GaugeMetricFamily(
            "interview_line_jitter_seconds", "Jitter of sound (RFC 3550) over the lines there are.", labels=("of",)
        )
        family.add_metric(("median",), median(jitter_ms or [0.0]) / 1000)
        family.add_metric(("worst",), max(jitter_ms, default=0.0) / 1000)
        yield family
        totals = lines.totals()
        for field, help_text in LINE_COUNTERS.items():
            yield counter(f"interview_line_{field}", help_text, {(): totals[field]})

    def _recorder(self) -> Iterator[Metric]:
        recorder = self._app.get(RECORDER)
        if recorder is None:
            return
        yield counter("interview_recorder_bytes", "Payload written into recordings.", {(): recorder.written_bytes})
        yield counter(
            "interview_recorder_dropped_frames",
            "Frames that the disk was too slow for.",
            {(): recorder.dropped_frames},
        )
        yield counter(
            "interview_recorder_failed_segments",
            "Segments that ended because the disk was full or broken.",
            {(): recorder.failed_segments},
        )

    def _admission(self) -> Iterator[Metric]:
        room = self._app[INTERVIEWS].room
        yield gauge("interview_room", "Whether one more spoken interview may begin.", room.refusal() is None)
        yield counter("interview_begun", "Interviews that began in this process.", {(): room.admitted})
        refused: dict[tuple[str, ...], float] = {(reason,): 0.0 for reason in (*Reason, "line")}
        refused |= {(reason,): float(count) for reason, count in room.refused.items()}
        yield counter(
            "interview_refused", "Starts (and first lines) that had to wait for room, by reason.", refused, ("reason",)
        )
        capped: dict[tuple[str, ...], float] = {(cap,): float(count) for cap, count in self._app[CAPS].refused.items()}
        yield counter("interview_capped", "Requests refused as too many in a minute, by cap.", capped, ("cap",))

    def _recognition(self) -> Iterator[Metric]:
        engine = self._app[ENGINE]
        status = GaugeMetricFamily(
            "interview_recognition_status", "1 for how speech recognition stands, 0 for the rest.", labels=("status",)
        )
        for one in EngineStatus:
            status.add_metric((one.value,), engine.status is one)
        yield status
        yield gauge("interview_recognition_queue_length", "Utterances that wait for recognition.", engine.queue_length)
        yield gauge(
            "interview_recognition_queue_wait_seconds",
            "How long whole utterances wait, by which admission is decided: 95th percentile of the last 20 s.",
            engine.queue_wait_ms / 1000,
        )
        load = engine.load
        yield counter("interview_recognition_decodes", "Utterances decoded, partial ones included.", {(): load.decodes})
        yield counter("interview_recognition_shed", "Partial texts given up as too busy.", {(): load.shed})
        yield counter("interview_recognition_sound_seconds", "Sound that was decoded.", {(): load.sound_s})
        yield counter("interview_recognition_compute_seconds", "Time that decoding took.", {(): load.compute_s})

    def _messages(self) -> Iterator[Metric]:
        hub = self._app[HUB]
        if self._app[SETTINGS].redis_url:
            yield gauge("interview_redis_up", "Whether Redis answered when it was last spoken to.", hub.reachable)
            yield counter("interview_redis_dropped", "Live messages that never left this process.", {(): hub.dropped})
        outbox = self._outbox()
        yield gauge("interview_database_up", "Whether the database answered just now.", outbox is not None)
        if outbox is not None:
            family = GaugeMetricFamily(
                "interview_outbox_messages", "Messages to the HR system, waiting or given up.", labels=("state",)
            )
            family.add_metric(("waiting",), outbox.waiting)
            family.add_metric(("dead",), outbox.dead)
            yield family


def gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    """A family of one value."""
    return GaugeMetricFamily(name, help_text, value=value)


def counter(
    name: str,
    help_text: str,
    values: Mapping[tuple[str, ...], float],
    labels: tuple[str, ...] = (),
) -> CounterMetricFamily:
    """A family of counters by their labels' values; () for the one without labels."""
    family = CounterMetricFamily(name, help_text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
