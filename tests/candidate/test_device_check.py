"""A sentence before the interview is understood by the real engine, kept by nobody, and never in the way."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media.frames import SAMPLE_RATE
from question_flows.model import Language, WeighedObservation
from scripts.local_server import VOICE_MODEL
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from server.candidate import device_check
from server.candidate.device_check import spoken_part
from server.candidate.wav import LARGEST_WAV, samples_of
from server.errors import UserError
from server.keys import ENGINE, FLOWS
from server.settings import Settings
from tests.candidate.conftest import Browser, House, error_of, serving

SENTENCE = "/api/interview/check/sentence"
WAV = {"Content-Type": "audio/wav"}
SPOKEN = {
    Language.ENGLISH: "I can send a new parcel today.",
    Language.CHINESE: "我今天可以给您寄一个新的包裹。",
}


def speech(text: str, language: Language = Language.ENGLISH) -> NDArray[np.int16]:
    """Spoken by espeak-ng at 16 kHz, with a second of silence around it."""
    silence = np.zeros(SAMPLE_RATE, np.int16)
    return np.concatenate([silence, resample(synthesise(text, language.value), RATE_HZ, SAMPLE_RATE), silence])


def wav(samples: NDArray[Any], *, rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """A WAV file as the standard library writes it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(samples.dtype.itemsize)
        writer.setframerate(rate)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


async def said(browser: Browser, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """(status, answer or error)."""
    async with await browser.post(SENTENCE, data=body, headers=WAV | headers) as response:
        return response.status, await response.json() if response.ok else await error_of(response)


def words_of(text: str) -> list[str]:
    return re.findall(r"[\u4e00-\u9fff]|[a-z']+", text.lower())


@pytest.fixture
async def hearing(tmp_path: Path) -> AsyncIterator[House]:
    """A server with the project's voice model."""
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(VOICE_MODEL),
        whisper_threads=1,
        allow_synthetic_model=True,
        most_checks_per_interview=3,
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running


@pytest.mark.parametrize("language", list(Language))
async def test_a_sentence_is_understood_and_nothing_of_it_stays(
    hearing: House, language: Language, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = await hearing.candidate(language=language)
    before = await browser.snapshot()
    status, answer = await said(browser, wav(speech(SPOKEN[language], language)))
    assert status == 200
    assert answer["outcome"] == "heard"
    expected = words_of(SPOKEN[language])
    assert len(set(expected) & set(words_of(answer["text"]))) >= 0.8 * len(set(expected))
    assert answer["words"] >= 4
    assert 0 < answer["confidence"] <= 1
    assert answer["took_ms"] >= 0
    assert await browser.snapshot() == before
    assert answer["text"] not in caplog.text
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert answer["text"].encode() not in written
    assert not list((tmp_path / "data").rglob("*.wav"))


async def test_silence_and_noise_are_told_from_words(hearing: House) -> None:
    browser = await hearing.candidate()
    _, answer = await said(browser, wav(np.zeros(4 * SAMPLE_RATE, np.int16)))
    assert answer | {"took_ms": 0} == {"outcome": "nothing", "text": "", "words": 0, "confidence": None, "took_ms": 0}


async def test_sentences_are_capped_and_the_way_on_is_named(hearing: House) -> None:
    browser = await hearing.candidate()
    quiet = wav(np.zeros(SAMPLE_RATE, np.int16))
    assert [(await said(browser, quiet))[0] for _ in range(4)] == [200, 200, 200, 429]
    _, error = await said(browser, quiet)
    assert error["code"] == "checks_too_many"
    assert "simply go on" in error["message"]
    assert (await browser.ok("/api/interview/start"))["status"] == "running"


async def test_only_with_consent_and_only_before_the_interview(hearing: House) -> None:
    quiet = wav(np.zeros(SAMPLE_RATE, np.int16))
    assert (await said(hearing.browser(), quiet))[1]["code"] == "candidate_unknown"
    typed = await hearing.candidate(voice=False)
    status, error = await said(typed, quiet)
    assert (status, error["code"]) == (403, "media_not_consented")
    begun, _ = await hearing.answering()
    status, error = await said(begun, quiet)
    assert (status, error["code"]) == (409, "check_over")


async def test_without_a_model_it_is_said_so(house: House) -> None:
    browser = await house.candidate()
    status, answer = await said(browser, wav(speech(SPOKEN[Language.ENGLISH])))
    assert (status, answer["outcome"], answer["text"]) == (200, "unavailable", "")


async def test_a_busy_engine_keeps_nobody_waiting(hearing: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its patience over, the check says so, and takes its job out of the engine's line."""
    monkeypatch.setattr(device_check, "PATIENCE_SECONDS", 0.0)
    browser = await hearing.candidate()
    _, answer = await said(browser, wav(speech(SPOKEN[Language.ENGLISH])))
    assert answer["outcome"] == "busy"
    assert hearing.app[ENGINE].queue_length == 0


async def test_a_newer_sentence_takes_the_place_of_an_older_one(hearing: House) -> None:
    browser = await hearing.candidate()
    body = wav(speech(SPOKEN[Language.ENGLISH]))
    answers = await asyncio.gather(said(browser, body), said(browser, body))
    assert "heard" in {answer["outcome"] for _, answer in answers}
    assert {status for status, _ in answers} == {200}


async def test_what_is_wrong_with_the_sound_is_named(house: House) -> None:
    browser = await house.candidate()
    good = wav(np.zeros(SAMPLE_RATE, np.int16))
    stereo = wav(np.zeros((SAMPLE_RATE, 2), np.int16), channels=2)
    cases = [
        (b"", "sound_not_wav"),
        (b"RIFF\x00\x00\x00\x00WAVE", "sound_not_wav"),
        (good[:-100], "sound_cut_off"),
        (stereo, "sound_format"),
        (wav(np.zeros(SAMPLE_RATE, np.int16), rate=48_000), "sound_format"),
        (wav(np.zeros(SAMPLE_RATE, np.int32)), "sound_format"),
        (wav(np.zeros(SAMPLE_RATE // 10, np.int16)), "sound_too_short"),
        (wav(np.zeros(11 * SAMPLE_RATE, np.int16)), "sound_too_long"),
    ]
    for body, code in cases:
        status, error = await said(browser, body)
        assert (status, error["code"]) == (400, code)
    assert "2 × 16,000 Hz" in (await said(browser, stereo))[1]["message"]
    status, error = await said(browser, good, **{"Content-Type": "audio/webm"})
    assert (status, error["code"]) == (415, "sound_media_type")
    status, error = await said(browser, wav(np.zeros(LARGEST_WAV, np.int16)))
    assert (status, error["code"]) == (413, "sound_too_large")


def test_other_parts_of_a_wav_are_stepped_over() -> None:
    good = wav(np.arange(SAMPLE_RATE, dtype=np.int16))
    listed = good[:12] + b"LIST\x03\x00\x00\x00abc\x00" + good[12:]
    assert np.array_equal(samples_of(listed), np.arange(SAMPLE_RATE, dtype=np.int16))
    with pytest.raises(UserError, match="sound_cut_off"):
        samples_of(good[:36] + b"data\xff\xff\xff\x7f" + good[44:])


def test_the_spoken_part_keeps_its_first_and_last_word() -> None:
    sound = speech(SPOKEN[Language.ENGLISH])
    part = spoken_part(sound)
    assert part is not None
    assert part.start_ms < 1100, "the first word is cut"
    assert part.end_ms > len(sound) * 1000 // SAMPLE_RATE - 1100, "the last word is cut"
    assert len(part.samples) < len(sound)
    assert spoken_part(np.zeros(SAMPLE_RATE, np.int16)) is None


async def test_a_ping_is_answered_to_candidates_only(house: House) -> None:
    assert (await house.browser().get("/api/interview/check/ping")).status == 401
    browser = await house.candidate()
    response = await browser.get("/api/interview/check/ping")
    assert (response.status, await response.read()) == (204, b"")
    assert response.headers["Cache-Control"] == "no-store"


def named(folder: Path, **names: str) -> Settings:
    """Settings of a company that has said who it is."""
    own: dict[str, Any] = {"data_dir": folder / "data", "whisper_model": str(folder / "no-model"), **names}
    return Settings(_env_file=None, **own)


async def test_the_invitation_says_who_invites_and_where_to_ask(tmp_path: Path) -> None:
    async with serving(named(tmp_path, company_name="Nord & Süd", privacy_contact="privacy@example.org")) as house:
        _, link = await house.invite()
        page = await (await house.browser().get(link)).text()
        assert "Nord &amp; Süd invites you" in page
        assert 'href="mailto:privacy@example.org"' in page
        assert f'href="{link}/privacy"' in page
        rights = await (await house.browser().get(f"{link}/privacy")).text()
        assert "Nord &amp; Süd decides" in rights
        assert f'href="{link}"' in rights
        assert (await house.browser().post(link)).status == 303, "reading used the link up"
        assert "Write to privacy@example.org" in await (await house.browser().get("/privacy")).text()


async def test_without_a_contact_candidates_reply_to_their_invitation(house: House) -> None:
    page = await (await house.browser().get("/privacy")).text()
    assert "Just reply to the message" in page
    assert "the program alone" in page
    chinese = await (await house.browser("zh-CN").get("/privacy")).text()
    assert "直接回复" in chinese


async def test_a_contact_that_is_no_address_is_no_link(tmp_path: Path) -> None:
    async with serving(named(tmp_path, privacy_contact="javascript:alert(1)")) as house:
        page = await (await house.browser().get("/privacy")).text()
        assert "Write to javascript:alert(1)" in page
        assert 'href="javascript' not in page


async def test_the_pages_know_whether_the_recording_is_required(house: House) -> None:
    flows = house.app[FLOWS]
    for required in (False, True):
        flows["customer_service"] = replace(flows["customer_service"], recording_required=required)
        _, link = await house.invite()
        browser = house.browser()
        assert ("has to be recorded" in await (await browser.get(link)).text()) is required
        await browser.post(link)
        assert (await browser.snapshot())["policy"]["recording_required"] is required


async def test_the_consent_says_when_what_is_seen_counts(house: House) -> None:
    flows = house.app[FLOWS]
    flow = flows["customer_service"]
    first, *others = flow.competencies
    for observation in (None, WeighedObservation("smile", 0.1)):
        competencies = (replace(first, observation=observation), *others)
        flows["customer_service"] = replace(flow, competencies=competencies)
        browser = await house.candidate(jurisdiction="CN")
        assert (await browser.snapshot())["policy"]["expression_counts"] is (observation is not None)
