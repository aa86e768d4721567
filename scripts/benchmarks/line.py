"""A line that may break: what loss costs in sound and time, and how soon a candidate is heard again after an outage.

Loss: a simulated browser sends tones that say which packet they are, through a relay that drops and delays; what
reaches recognition's input is compared with what was sent. Outages: the candidate's own page in Chromium repeats a
sentence, while its network is cut off or becomes another one. All of it with the real server in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from numpy.typing import NDArray

from media.audio import level_dbfs
from media.frames import FRAME_MS, AudioFrame
from media.joining import check, join
from media.replay import FRAME_SAMPLES, SPEECH_RATE, SpeechTrack
from question_flows.model import Language
from scripts.bad_network import BadNetwork
from scripts.browsers import begin_speaking, chromium, speech_file
from scripts.local_server import VOICE_MODEL, free_port
from scripts.lossy_line import LossyLine, opus_payload_type, server_address, through, without_candidates
from server.app import create_app
from server.interview.commands import GiveConsent, Start, StartAnswer
from server.interview.events import ServerRestarted, UtteranceTranscribed
from server.interview.session import InterviewSession
from server.keys import INTERVIEWS, RECOGNITION_SETTLED, SETTINGS
from server.recordings.spool import Spool, segments_of
from server.settings import Settings

LOSSES = (0.0, 0.01, 0.02, 0.05)
JITTER_MS = 20.0
TONES = 24
"""So many different tones follow each other: a packet is known by its tone as long as fewer in a row are lost."""
LOWEST_HZ, STEP_HZ = 500.0, 125.0
ONSET_SAMPLES = 120
"""Of a frame at 16 kHz: the end of the tone before, for the encoder looks 6.5 ms ahead."""
SENTENCE = "please tell me your order number"
PAUSE_S = 1.6
LOUD_DBFS = -45.0
REPETITIONS = 3
"""Of the sentence, before an outage and after it."""
UNWRITTEN_MS = 2_000
"""Of a recording that goes on, the part that may not be on the disk yet."""
HANDOVER_S = 0.5
"""How long a device that changes its network has none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each loss is measured (default: 60)")
    parser.add_argument(
        "--outages", type=float, nargs="*", default=[2.0, 10.0, 60.0], help="lengths in seconds (default: 2 10 60)"
    )


def run(seconds: float, outages: list[float]) -> dict[str, object]:
    """Measures each loss for so many seconds, then each outage, then a change of network."""
    return asyncio.run(_run(seconds, outages))


async def _run(seconds: float, outages: list[float]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        async with _server(Path(folder)) as (app, url):
            loss = [await _measure_loss(app, wire, seconds) for wire in LOSSES]
            broken = [await _measure_outage(app, url, Path(folder), length) for length in outages]
            changed = await _measure_outage(app, url, Path(folder), HANDOVER_S, change_path=True)
    return {"jitter_ms": JITTER_MS, "loss": loss, "outages": broken, "path_change": changed}


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[tuple[web.Application, str]]:
    settings = Settings(
        data_dir=folder / "data",
        whisper_model=str(VOICE_MODEL),
        allow_synthetic_model=True,
        ice_hosts=["127.0.0.1"],
        # The one candidate is let in, whatever else this machine does.
        most_queue_wait_ms=60_000,
        most_loop_lag_ms=60_000,
        most_loop_load=1.0,
        _env_file=None,
    )
    app, port = create_app(settings), free_port()
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await app[RECOGNITION_SETTLED].wait()
        yield app, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def _invite(app: web.Application) -> tuple[str, str]:
    interview_id, token = await app[INTERVIEWS].invite(
        flow_id="customer_service",
        language=Language.ENGLISH,
        candidate_name="Ada",
        email="",
        jurisdiction="EU",
        now=datetime.now(UTC),
    )
    return interview_id, token


@dataclass
class _Ear:
    """What is handed to recognition: each frame and when (time.monotonic() seconds)."""

    heard: list[tuple[float, AudioFrame]] = field(default_factory=list)

    def listen_in(self, session: InterviewSession) -> None:
        """Notes every frame on its way from the line to recognition."""
        line = session.line
        pass_on = line._hear

        def hear(frame: AudioFrame) -> None:
            self.heard.append((time.monotonic(), frame))
            pass_on(frame)

        line._hear = hear

    async def after(self, moment: float) -> float:
        """When the first frame after this moment was handed over."""
        async with asyncio.timeout(120):
            while True:
                for at, _ in self.heard[-200:]:
                    if at > moment:
                        return at
                await asyncio.sleep(0.005)

    def bursts(self, since: float) -> list[tuple[float, float]]:
        """Speech since then, as (from, to): apart where half a second is silent or nothing came."""
        found: list[tuple[float, float]] = []
        for at, frame in self.heard:
            if at <= since or level_dbfs(frame.samples) < LOUD_DBFS:
                continue
            if found and at - found[-1][1] < 0.5:
                found[-1] = (found[-1][0], at)
            else:
                found.append((at, at))
        return found


# Loss.


class _NumberedTones(SpeechTrack):
    """A microphone whose every 20 ms tell their number by their pitch."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._phase = 0.0

    def _next_samples(self) -> NDArray[np.int16]:
        step = 2 * np.pi * (LOWEST_HZ + STEP_HZ * (self._number % TONES)) / SPEECH_RATE
        angles = self._phase + step * np.arange(FRAME_SAMPLES)
        self._phase = float((self._phase + step * FRAME_SAMPLES) % (2 * np.pi))
        self._number += 1
        samples: NDArray[np.int16] = (np.sin(angles) * 9_000).astype(np.int16)
        return samples


def tone_number(frame: AudioFrame) -> int | None:
    """Which of the tones this frame is, 0-23; None for silence or anything else."""
    samples = frame.samples[ONSET_SAMPLES:].astype(np.float64)
    if level_dbfs(frame.samples) < LOUD_DBFS:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size), 2048))
    number = round((float(np.argmax(spectrum)) * 16_000 / 2048 - LOWEST_HZ) / STEP_HZ)
    return number if 0 <= number < TONES else None


def recognised_packets(frames: list[tuple[float, AudioFrame]]) -> dict[int, float]:
    """Number of each packet whose own sound was heard → when. The first is number 0's tone or close behind it."""
    heard: dict[int, float] = {}
    last = -1
    for at, frame in frames:
        number = tone_number(frame)
        if number is None:
            continue
        ahead = (number - last - 1) % TONES
        # Concealment repeats the tone before, which is a whole round ahead: nothing new.
        if ahead < TONES - 4:
            last += 1 + ahead
            heard[last] = at
    return heard


async def _measure_loss(app: web.Application, wire: float, seconds: float) -> dict[str, object]:
    interview_id, _ = await _invite(app)
    session = await app[INTERVIEWS].get(interview_id)
    await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
    connection, track, ear = RTCPeerConnection(RTCConfiguration(iceServers=[])), _NumberedTones(), _Ear()
    connection.addTrack(track)
    await connection.setLocalDescription(await connection.createOffer())
    await session.execute(Start())
    async with session.candidate_present():
        assert session.state.question_id is not None
        await session.execute(StartAnswer(session.state.question_id))
        ear.listen_in(session)
        peer_id, answer = await session.attach(without_candidates(connection.localDescription.sdp))
        relay = LossyLine(
            server_address(answer), jitter_ms=JITTER_MS, audio_payload_type=opus_payload_type(answer), seed=7
        )
        async with relay:
            await connection.setRemoteDescription(RTCSessionDescription(through(answer, relay.address), "answer"))
            await ear.after(0.0)
            relay.loss = wire
            await asyncio.sleep(seconds)
            relay.loss = 0.0
            await asyncio.sleep(0.5)
            await session.detach(peer_id)
        track.stop()
        await connection.close()
    return _loss_figures(wire, relay, ear)


def _loss_figures(wire: float, relay: LossyLine, ear: _Ear) -> dict[str, object]:
    heard = recognised_packets(ear.heard)
    first = next(iter(relay.sent_at))
    sent = [relay.sent_at.get((first + number) & 0xFFFF) for number in range(max(heard) + 1)]
    latencies = [(at - began) * 1000 for number, at in heard.items() if (began := sent[number]) is not None]
    return {
        "wire": wire,
        "wire_measured": round(relay.counts.audio_loss, 4),
        "lost": round(1 - len(heard) / len(sent), 4),
        "latency_p50_ms": round(float(np.percentile(latencies, 50)), 1),
        "latency_p99_ms": round(float(np.percentile(latencies, 99)), 1),
        "packets": len(sent),
    }


# Outages.


async def _measure_outage(
    app: web.Application, url: str, folder: Path, seconds: float, *, change_path: bool = False
) -> dict[str, Any]:
    interview_id, token = await _invite(app)
    speech = speech_file(folder / "speech.wav", [SENTENCE], "en", PAUSE_S)
    async with chromium(speech) as browsers:
        page = await browsers.page()
        async with BadNetwork(page) as network:
            session, ear = await app[INTERVIEWS].get(interview_id), _Ear()
            ear.listen_in(session)
            await begin_speaking(page, f"{url}/i/{token}")
            began = time.monotonic()
            await _repetitions(ear, began, REPETITIONS)
            before = ear.bursts(began)[:-1]
            peer = session.line._peer
            await network.interrupt()
            await asyncio.sleep(seconds)
            await network.restore(change_path=change_path)
            restored = time.monotonic()
            back = await ear.after(restored)
            # The first sentence after it may have begun in the outage.
            await _repetitions(ear, back, REPETITIONS + 1)
            after = ear.bursts(back)[1:-1]
            await asyncio.sleep(3.0)
            clock_ms = session.state.clock_at(session.now())
            events = await app[INTERVIEWS].event_log.read(interview_id)
            said = Counter(
                word.text.lower().strip(".,")
                for event in events
                if isinstance(event.body, UtteranceTranscribed)
                for word in event.body.words
            )
            same_session = not any(isinstance(event.body, ServerRestarted) for event in events)
            return {
                "seconds": seconds,
                "back_after_ms": round((back - restored) * 1000),
                "words_lost": _words_lost(said, len(before) + len(after)),
                "words_said": (len(before) + len(after)) * len(SENTENCE.split()),
                "same_session": same_session,
                "one_recording": await asyncio.to_thread(_is_one_recording, app, interview_id, clock_ms),
                "same_peer_connection": session.line._peer is peer,
                "ice_restarts": network.restarts,
                "peer_connections": len(network.lines),
            }


async def _repetitions(ear: _Ear, since: float, count: int) -> None:
    """Until so many sentences have been heard, and the silence behind the last has begun."""
    async with asyncio.timeout(120):
        while True:
            bursts = ear.bursts(since)
            if len(bursts) > count and time.monotonic() - bursts[-1][1] > 0.6:
                return
            await asyncio.sleep(FRAME_MS / 1000)


def _is_one_recording(app: web.Application, interview_id: str, clock_ms: int) -> bool:
    """Whether what lies on the disk becomes one playable file that reaches to now (but for the last cluster)."""
    folder = Spool.of(app[SETTINGS].recordings_dir).of_interview(interview_id)
    with ExitStack() as stack:
        segments = [stack.enter_context(path.open("rb")) for path in segments_of(folder)]
        joined = stack.enter_context(tempfile.TemporaryFile())
        facts = join(segments, joined)
        joined.seek(0)
        return check(joined) == facts and abs(facts.duration_ms - clock_ms) < UNWRITTEN_MS


def _words_lost(said: Counter[str], times: int) -> int:
    """Words of the sentences outside of the outage that are in no transcript."""
    return sum(max(0, times - said[word]) for word in SENTENCE.split())
