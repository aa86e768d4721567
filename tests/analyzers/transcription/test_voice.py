"""Speech is never cut, however long its pauses, however quiet, in noise; and noise opens no utterance."""

from __future__ import annotations

import functools
import multiprocessing
import random
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.transcription.voice import VoiceArbiter
from media.frames import SAMPLE_RATE, AudioFrame, Stage, Utterance
from media.segmenter import Segmenter
from media.vad import VoiceGate
from question_flows.model import Language
from scripts.voice_model import noises
from scripts.voice_model.espeak import Speech, Voice, speak_with_times
from scripts.voice_model.speak import resample

Sound = NDArray[np.int16]
Span = tuple[float, float]
"""From where to where in a sound, seconds."""

FRAME = 320
EDGE_S = 0.02
"""How much of a word's first and last sound may be missing: espeak-ng's own times are no better."""

SENTENCES = {
    Language.ENGLISH: (
        "no.",
        "yes, I did.",
        "I am sorry that you waited three days, that must be hard.",
        "please tell me your order number, and I will check where the parcel is right now.",
        "I checked the memory first, and I found the cache that was never cleaned.",
        "then I sent it back.",
    ),
    Language.CHINESE: (
        "是。",
        "没有。",
        "非常对不起，我明白您很生气。",
        "请您告诉我订单号和姓名，我马上查一下包裹现在到了哪里。",
        "我先查内存，找到原因是缓存没有清理，三天内改好了。",
        "上个月我要在三周内学会一个新的数据库。",
    ),
}
VOICES = {
    Language.ENGLISH: ("en-us+m3/150", "en-gb-scotland+f2/170", "en-029+m1/140", "en-us+linda/145/50"),
    Language.CHINESE: ("cmn-latn-pinyin+m3/160", "cmn-latn-pinyin+f4/165/55", "cmn-latn-pinyin+Annie/160/52"),
}
KINDS = {
    "hiss": noises.hiss,
    "hum": noises.hum,
    "breath": noises.breath,
    "keys": noises.clicks,
    "suppressor": noises._steps,
}


@functools.cache
def speeches() -> dict[tuple[str, str], Speech]:
    """Every sentence in every voice of its language, synthesised in a process of their own.

    What espeak-ng says differs a little by what it said before: after other tests it would not be the same sound.
    """
    pairs = [(text, voice) for language in Language for voice in VOICES[language] for text in SENTENCES[language]]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        said = fresh.map(speak_with_times, [text for text, _ in pairs], [Voice.parse(voice) for _, voice in pairs])
        return dict(zip(pairs, said, strict=True))


@functools.cache
def spoken(text: str, voice: str) -> tuple[Sound, tuple[Span, ...]]:
    """The text in a voice, 16 kHz, and its words' true times."""
    speech = speeches()[text, voice]
    samples = resample(speech.samples, speech.rate_hz, SAMPLE_RATE)
    return samples, tuple((word.start_s, word.end_s) for word in speech.words)


def noise(kind: str, count: int, level_dbfs: float, seed: int) -> NDArray[np.float64]:
    """So many samples of a noise of this level (root mean square), in units of int16."""
    sound = KINDS[kind](count, np.random.default_rng(seed))
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_dbfs / 20) * 32_768)


def loudest_dbfs(sound: NDArray[np.float64]) -> float:
    """Level of the loudest tenth of a second."""
    tenth = SAMPLE_RATE // 10
    power = np.square(np.pad(sound, (0, -sound.size % tenth))).reshape(-1, tenth).mean(axis=1)
    return float(20 * np.log10(np.sqrt(power.max()) / 32_768))


def as_samples(sound: NDArray[np.float64]) -> Sound:
    return np.asarray(np.clip(np.round(sound), -32_768, 32_767), np.int16)


def dbfs(sound: Sound) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64))) / 32_768))


def frames(sound: Sound) -> Iterable[AudioFrame]:
    for at in range(0, sound.size - FRAME + 1, FRAME):
        yield AudioFrame(sound[at : at + FRAME], at * 1000 // SAMPLE_RATE)


def voiced(sound: Sound) -> list[bool]:
    gate, arbiter = VoiceGate(), VoiceArbiter()
    return [arbiter.is_voice(frame, gate.is_open(frame)) for frame in frames(sound)]


def utterances(sound: Sound) -> list[Utterance]:
    segmenter = Segmenter()
    ready: list[Utterance] = []
    for frame, is_voice in zip(frames(sound), voiced(sound), strict=True):
        ready += segmenter.push(frame, is_voice)
    return ready + segmenter.flush()


def finals(sound: Sound) -> list[Utterance]:
    return [utterance for utterance in utterances(sound) if utterance.stage is Stage.FINAL]


def _joined(spans: list[Span]) -> list[Span]:
    """Those of a long utterance that was split taken for one: no sound is missing between them."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1][1] == span[0]:
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return joined


def interview(rng: random.Random) -> tuple[Sound, list[Span]]:
    """One to four sentences with pauses between them, in a noise; and the true times of all words."""
    language = rng.choice(list(Language))
    voice = rng.choice(VOICES[language])
    gain = 10 ** (rng.uniform(-40, 0) / 20)
    pieces, words, at = [], [], 0
    for text in rng.choices(SENTENCES[language], k=rng.randint(1, 4)):
        silence = int(rng.choice((0.0, rng.uniform(0, 3))) * SAMPLE_RATE)
        samples, times = spoken(text, voice)
        at += silence
        words += [(at / SAMPLE_RATE + start, at / SAMPLE_RATE + end) for start, end in times]
        pieces += [np.zeros(silence), samples * gain]
        at += samples.size
    speech = np.concatenate([*pieces, np.zeros(SAMPLE_RATE)])
    loudness = dbfs(as_samples(np.concatenate(pieces[1::2])))
    below = rng.uniform(10, 40)
    around = noise(rng.choice(list(KINDS)), speech.size, loudness - below, rng.randint(0, 1_000))
    # Breath comes in bursts, by far louder than it is on average: nobody hears a "no." behind one.
    return as_samples(speech + around * 10 ** (min(0.0, loudness - below - loudest_dbfs(around)) / 20)), words


@pytest.mark.parametrize("seed", range(80))
def test_speech_is_never_cut(seed: int) -> None:
    """Random pauses, levels, noises, voices and sentences: the same for a seed, whatever else is imported."""
    sound, words = interview(random.Random(seed))
    ended = finals(sound)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(ended))
    for utterance in ended:
        begin = utterance.start_ms * SAMPLE_RATE // 1000
        assert np.array_equal(utterance.samples, sound[begin : begin + utterance.samples.size])
    kept = _joined([(utterance.start_ms / 1000, utterance.end_ms / 1000) for utterance in ended])
    for start, end in words:
        assert any(a <= start + EDGE_S and end - EDGE_S <= b for a, b in kept), (start, end, kept)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("level_dbfs", [-55, -40, -25])
def test_noise_opens_no_utterance(kind: str, level_dbfs: float) -> None:
    sounds = [noise(kind, 10 * SAMPLE_RATE, level_dbfs, seed) for seed in range(3)]
    assert utterances(as_samples(np.concatenate(sounds))) == []


@pytest.mark.parametrize("gain_db", [0, -20, -40])
@pytest.mark.parametrize(("text", "voice"), [("no.", "en-us+m3/150"), ("是。", "cmn-latn-pinyin+m3/160")])
def test_the_shortest_answer_counts(text: str, voice: str, gain_db: float) -> None:
    samples, _ = spoken(text, voice)
    [answer] = finals(as_samples(np.pad(samples, SAMPLE_RATE) * 10 ** (gain_db / 20)))
    assert answer.start_ms <= 1_000
    assert answer.end_ms >= 1_000 + samples.size * 1000 // SAMPLE_RATE
    assert answer.speech_start_ms < answer.speech_end_ms


def test_a_syllable_counts_again_and_again_though_hardly_audible() -> None:
    """WebRTC's detector alone lets the first of these through and then no more."""
    samples, _ = spoken("是。", "cmn-latn-pinyin+m3/160")
    pieces = [np.pad(samples, (before, 0)) / 100 for before in (4_129, 29_600, 44_000)]
    sound = np.pad(np.concatenate(pieces), (0, SAMPLE_RATE))
    assert len(finals(as_samples(sound + noise("suppressor", sound.size, -94, 3)))) == 3


def test_a_voice_is_noticed_within_the_pre_roll_and_its_end_within_the_post_roll() -> None:
    late_ms, over_ms = [], []
    for language in Language:
        for voice in VOICES[language]:
            for seed, text in enumerate(SENTENCES[language]):
                samples, words = spoken(text, voice)
                sound = np.pad(samples / 30, SAMPLE_RATE)
                at = np.flatnonzero(voiced(as_samples(sound + noise("hiss", sound.size, -65, seed))))
                late_ms.append((at[0] + 1) * 20 - 1_000 - words[0][0] * 1_000)
                over_ms.append((at[-1] + 1) * 20 - 1_000 - words[-1][1] * 1_000)
    assert np.percentile(late_ms, 50) <= 120
    assert max(late_ms) <= 400
    assert min(over_ms) >= -100
    assert np.percentile(over_ms, 50) <= 120
    assert max(over_ms) <= 300


def test_nothing_is_computed_while_the_gate_is_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    arbiter, judged = VoiceArbiter(), 0
    hear = arbiter._hear

    def counted(probability: float) -> bool:
        nonlocal judged
        judged += 1
        return hear(probability)

    monkeypatch.setattr(arbiter, "_hear", counted)
    samples, _ = spoken("yes, I did.", "en-us+m3/150")
    sound = list(frames(as_samples(np.pad(samples, SAMPLE_RATE * 5))))
    assert not any(arbiter.is_voice(frame, gate_open=False) for frame in sound)
    assert judged == 0
    # The half second before the gate opened is heard with the frame that opened it.
    arbiter.is_voice(sound[0], gate_open=True)
    assert judged == 25 * FRAME // 512
    assert not any(arbiter.is_voice(frame, gate_open=False) for frame in sound[:200])
    assert judged == 25 * FRAME // 512 + 49 * FRAME // 512 + 1


def test_a_sound_that_is_only_ever_likely_does_not_go_on() -> None:
    arbiter = VoiceArbiter()
    assert [arbiter._hear(0.9) for _ in range(6)] == [False] * 5 + [True]  # It was cold, and then noticed at once.
    assert [arbiter._hear(0.1) for _ in range(20)] == [False] * 20
    assert [arbiter._hear(probability) for probability in (0.39, 0.5, 0.39, 0.5, 0.5)] == [False] * 4 + [True]
    likely = [arbiter._hear(0.35) for _ in range(30)]
    assert likely == [True] * 12 + [False] * 18
    assert [arbiter._hear(probability) for probability in (0.5, 0.2, 0.5, 0.5)] == [False, False, False, True]
    assert [arbiter._hear(probability) for probability in (0.2, 0.35, 0.5, 0.2)] == [False, True, True, False]
