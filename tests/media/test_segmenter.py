"""Utterances: nothing between first and last speech is lost or doubled, times never go backwards."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import AudioFrame, Utterance
from media.segmenter import Segmenter, SegmenterSettings

FRAME = 320
SHORT = SegmenterSettings(longest_ms=3_000, split_search_ms=1_000)


def frames(count: int, start_ms: int = 0, first: int = 0) -> list[AudioFrame]:
    """Frames whose samples all carry the frame's own number, so that each can be found again."""
    return [
        AudioFrame(np.full(FRAME, first + number, dtype=np.int16), start_ms + number * 20) for number in range(count)
    ]


def heard(segmenter: Segmenter, speech: list[bool], start_ms: int = 0) -> list[Utterance]:
    ready: list[Utterance] = []
    for frame, is_speech in zip(frames(len(speech), start_ms), speech, strict=True):
        ready += segmenter.push(frame, is_speech)
    return ready + segmenter.flush()


def numbers(utterance: Utterance) -> list[int]:
    return [int(sample) for sample in utterance.samples[::FRAME]]


def pattern(*runs: tuple[bool, int]) -> list[bool]:
    """(True, 500) is 500 ms of speech."""
    return [is_speech for is_speech, ms in runs for _ in range(ms // 20)]


runs = st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=14).map(
    lambda pairs: [is_speech for is_speech, count in pairs for _ in range(count)]
)


@settings(max_examples=300, deadline=None)
@given(speech=runs, chosen=st.sampled_from([SHORT, SegmenterSettings()]))
def test_nothing_is_lost_doubled_or_out_of_order(speech: list[bool], chosen: SegmenterSettings) -> None:
    utterances = heard(Segmenter(chosen), speech)
    finals = [utterance for utterance in utterances if utterance.final]
    taken = [number for utterance in finals for number in numbers(utterance)]
    spoken = [number for number, is_speech in enumerate(speech) if is_speech]
    assert taken == sorted(set(taken))
    assert set(spoken) <= set(taken)
    assert [utterance.number for utterance in finals] == list(range(1, len(finals) + 1))
    for utterance in utterances:
        assert utterance.start_ms == numbers(utterance)[0] * 20
        assert utterance.end_ms - utterance.start_ms == utterance.samples.size // 16
        assert utterance.end_ms - utterance.start_ms <= chosen.longest_ms
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(finals))


@settings(max_examples=300, deadline=None)
@given(speech=runs, chosen=st.sampled_from([SHORT, SegmenterSettings()]))
def test_provisional_ones_grow_into_their_final_one(speech: list[bool], chosen: SegmenterSettings) -> None:
    grown: dict[int, Utterance] = {}
    for utterance in heard(Segmenter(chosen), speech):
        before = grown.get(utterance.number)
        if before is not None:
            assert not before.final
            assert utterance.start_ms == before.start_ms
            assert numbers(utterance)[: len(numbers(before))] == numbers(before)
        grown[utterance.number] = utterance
    assert all(utterance.final for utterance in grown.values())


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(st.tuples(runs, st.integers(0, 20_000)), min_size=1, max_size=4), chosen=st.just(SHORT))
def test_a_clock_that_jumps_neither_loses_nor_reverses(
    parts: list[tuple[list[bool], int]], chosen: SegmenterSettings
) -> None:
    segmenter, finals, number, spoken = Segmenter(chosen), [], 0, []
    for speech, start_ms in parts:
        for frame, is_speech in zip(frames(len(speech), start_ms, number), speech, strict=True):
            finals += [utterance for utterance in segmenter.push(frame, is_speech) if utterance.final]
        spoken += [number + at for at, is_speech in enumerate(speech) if is_speech]
        number += len(speech)
    finals += segmenter.flush()
    taken = [number for utterance in finals for number in numbers(utterance)]
    assert taken == sorted(set(taken))
    assert set(spoken) <= set(taken)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(finals))


def test_an_utterance_has_its_pre_roll_partials_and_endpoint() -> None:
    utterances = heard(Segmenter(), pattern((False, 1000), (True, 1200), (False, 2000)))
    assert [(u.number, u.start_ms, u.end_ms, u.final) for u in utterances] == [
        (1, 700, 1200, False),
        (1, 700, 1700, False),
        (1, 700, 2200, False),
        (1, 700, 2460, False),
        (1, 700, 2500, True),
    ]


def test_a_pause_shorter_than_the_endpoint_ends_nothing() -> None:
    utterances = heard(Segmenter(), pattern((True, 600), (False, 680), (True, 600), (False, 700)))
    assert [u.final for u in utterances].count(True) == 1


def test_the_final_comes_at_the_endpoint_not_later() -> None:
    segmenter = Segmenter()
    speech = pattern((True, 600), (False, 700))
    made = [segmenter.push(frame, flag) for frame, flag in zip(frames(len(speech)), speech, strict=True)]
    assert [u.final for u in made[-1]] == [True]
    assert not any(u.final for ready in made[:-1] for u in ready)


def test_long_speech_is_split_at_its_quietest_place() -> None:
    segmenter, ready = Segmenter(), []
    for at, frame in enumerate(frames(800)):
        loudness = 50 if 700 <= at <= 704 else 5000
        ready += segmenter.push(AudioFrame(np.full(FRAME, loudness, np.int16), frame.start_ms), True)
    first, second = next(u for u in ready if u.final), next(u for u in ready if u.number == 2)
    assert 14_020 <= first.end_ms <= 14_100
    assert second.start_ms == first.end_ms
    assert not second.final


def test_late_in_a_long_utterance_a_breath_is_enough_to_split() -> None:
    utterances = heard(Segmenter(), pattern((True, 13_400), (False, 300), (True, 1_000)))
    finals = [u for u in utterances if u.final]
    assert len(finals) == 2
    assert 13_600 <= finals[0].end_ms <= 13_700


def test_silence_makes_no_utterance() -> None:
    segmenter = Segmenter()
    assert heard(segmenter, [False] * 200) == []
    assert segmenter.flush() == []


@pytest.mark.parametrize("wrong", [{"provisional_silence_ms": 400}, {"post_roll_ms": 800}, {"longest_ms": 2_500}])
def test_contradictory_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        SegmenterSettings(**wrong)
