"""The device check's two questions to the server: what was understood of a spoken sentence, and how far away it is.

The sentence is heard and forgotten: neither its sound nor its words are stored, logged or shown to anybody else.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from time import monotonic
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from analyzers.results import join_words
from analyzers.transcription.confidence import utterance_confidence
from analyzers.transcription.decoding import DecodedSpeech, RecognitionError
from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.voice import VoiceArbiter
from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame, Stage, Utterance
from media.vad import VoiceGate
from question_flows.model import Language
from server.candidate.access import candidate_session
from server.candidate.wav import LARGEST_WAV, samples_of
from server.caps import CAPS
from server.errors import UserError
from server.interview.events import Purpose
from server.interview.state import Status
from server.keys import ENGINE

WAV_TYPES = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})

PATIENCE_SECONDS = 8.0
"""How long a candidate waits for their sentence; interviews that run come first."""
PRE_ROLL_MS = 500
POST_ROLL_MS = 300


class Outcome(StrEnum):
    """What came of a sentence."""

    HEARD = "heard"
    NOTHING = "nothing"
    """No voice was in it."""
    UNCLEAR = "unclear"
    """There was a voice; its words could not be told."""
    LOADING = "loading"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    """The engine has no time for a check, or has trouble. What is said in the interview is kept and waits for it."""


_WITHOUT_ENGINE = {
    EngineStatus.LOADING: Outcome.LOADING,
    EngineStatus.UNAVAILABLE: Outcome.UNAVAILABLE,
    EngineStatus.FAILING: Outcome.BUSY,
}


def add_routes(app: web.Application) -> None:
    """Adds the check's addresses."""
    app.add_routes(
        [
            web.post("/api/interview/check/sentence", sentence),
            web.get("/api/interview/check/ping", ping),
        ]
    )


async def ping(request: web.Request) -> web.Response:
    """Nothing, as fast as an interview's requests are answered: the page measures the way here and back."""
    await candidate_session(request)
    return web.Response(status=204)


async def sentence(request: web.Request) -> web.Response:
    """What is understood of a WAV (16-bit mono PCM at 16 kHz, 0.3 to 10 s): outcome, text, words, confidence, took_ms.

    took_ms: the server's own work since the sound was here, so that the page can tell how long the way was.

    Raises UserError media_not_consented (403), check_over (409) once the interview has begun, sound_media_type (415),
    sound_too_large (413), those of `samples_of` (400), and checks_too_many (429).
    """
    session = await candidate_session(request)
    if not session.state.allows(Purpose.VOICE):
        raise UserError("media_not_consented", status=403)
    if session.state.status is not Status.READY:
        raise UserError("check_over", status=409)
    if request.content_type not in WAV_TYPES:
        raise UserError("sound_media_type", status=415, params={"type": "audio/wav"})
    if (request.content_length or 0) > LARGEST_WAV:
        raise UserError("sound_too_large", status=413, params={"bytes": f"{LARGEST_WAV:,}"})
    request.app[CAPS].check(session.interview_id)
    samples = samples_of(await request.read())
    came_at = monotonic()
    language = session.state.language
    outcome, decoded = await understood(request.app[ENGINE], f"check {session.interview_id}", samples, language)
    took_ms = round((monotonic() - came_at) * 1000)
    return web.json_response({**_answer(outcome, decoded, language), "took_ms": took_ms})


async def understood(
    engine: Scheduler, owner_id: str, samples: NDArray[np.int16], language: Language
) -> tuple[Outcome, DecodedSpeech | None]:
    """Hears one sentence. It waits as a partial does: behind whole answers, and not at all when those fill the engine.

    samples: int16, shape (n,), 16 kHz. A newer sentence of the same owner takes this one's place.
    """
    utterance = await asyncio.to_thread(spoken_part, samples)
    if utterance is None:
        return Outcome.NOTHING, None
    if engine.status is not EngineStatus.AVAILABLE:
        return _WITHOUT_ENGINE[engine.status], None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            decoded = await engine.decode(owner_id, utterance, language)
    except (TimeoutError, RecognitionError):
        return Outcome.BUSY, None
    if decoded is None:
        return Outcome.BUSY, None
    return (Outcome.HEARD if decoded.words else Outcome.UNCLEAR), decoded


def spoken_part(samples: NDArray[np.int16]) -> Utterance | None:
    """From a little before the first voice in it to a little behind the last; None when there is none.

    Up to 25 ms of computing for ten seconds, so not for the event loop.
    """
    gate, arbiter = VoiceGate(), VoiceArbiter()
    size = SAMPLE_RATE * FRAME_MS // 1000
    frames = (
        AudioFrame(samples[at : at + size], at * 1000 // SAMPLE_RATE) for at in range(0, samples.size - size, size)
    )
    voiced = [frame.start_ms for frame in frames if arbiter.is_voice(frame, gate.is_open(frame))]
    if not voiced:
        return None
    start_ms = max(0, voiced[0] - PRE_ROLL_MS)
    end_ms = min(samples.size * 1000 // SAMPLE_RATE, voiced[-1] + FRAME_MS + POST_ROLL_MS)
    part = samples[start_ms * SAMPLE_RATE // 1000 : end_ms * SAMPLE_RATE // 1000]
    # The voice is noticed late at its beginning: whatever the pre-roll holds may be its first word.
    return Utterance(1, part, start_ms, end_ms, start_ms, voiced[-1] + FRAME_MS, Stage.PARTIAL)


def _answer(outcome: Outcome, decoded: DecodedSpeech | None, language: Language) -> dict[str, Any]:
    words = decoded.words if decoded is not None else ()
    return {
        "outcome": outcome.value,
        "text": join_words([word.text for word in words], language),
        "words": len(words),
        "confidence": round(utterance_confidence(words), 4) if words else None,
    }
