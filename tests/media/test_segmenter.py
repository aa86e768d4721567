"""Utterances: nothing between first and last speech is lost or doubled, times never go backwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import AudioFrame, Stage, Utterance
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


runs = st.lists(st.tuples(st.booleans(), st.integers(1, 160)), max_size=14).map(
    lambda pairs: [is_speech for is_speech, count in pairs for _ in range(count)]
)


@dataclass
class Outside:
    """What comes from outside while frames are pushed: verdicts, each some frames late, and other cadences."""

    choose: st.DataObject
    due: list[tuple[int, Utterance, int]] = field(default_factory=list)

    def disturb(self, segmenter: Segmenter, at: int, ready: list[Utterance]) -> None:
        for utterance in ready:
            if utterance.stage is Stage.PROVISIONAL:
                late, silence_ms = self.choose.draw(st.tuples(st.integers(0, 60), st.integers(-100, 4_000)))
                self.due.append((at + late, utterance, silence_ms))
            segmenter.partial_every_ms = self.choose.draw(st.sampled_from([500, 1_240, 3_000]))
        for when, utterance, silence_ms in self.due:
            if when == at:
                segmenter.end_after(utterance.number, utterance.speech_end_ms, silence_ms)


def heard_with(outside: Outside, segmenter: Segmenter, speech: list[bool]) -> list[Utterance]:
    ready: list[Utterance] = []
    for at, (frame, is_speech) in enumerate(zip(frames(len(speech)), speech, strict=True)):
        new = segmenter.push(frame, is_speech)
        outside.disturb(segmenter, at, new)
        ready += new
    return ready + segmenter.flush()


@settings(max_examples=300)
@given(speech=runs, chosen=st.sampled_from([SHORT, SegmenterSettings()]), choose=st.data())
def test_nothing_is_lost_doubled_or_out_of_order(
    speech: list[bool], chosen: SegmenterSettings, choose: st.DataObject
) -> None:
    utterances = heard_with(Outside(choose), Segmenter(chosen), speech)
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
        voiced = [number for number in numbers(utterance) if speech[number]]
        assert (utterance.speech_start_ms, utterance.speech_end_ms) == (
            (voiced[0] * 20, voiced[-1] * 20 + 20) if voiced else (utterance.start_ms, utterance.start_ms)
        )
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(finals))


@settings(max_examples=300)
@given(speech=runs, chosen=st.sampled_from([SHORT, SegmenterSettings()]), choose=st.data())
def test_provisional_ones_grow_into_their_final_one(
    speech: list[bool], chosen: SegmenterSettings, choose: st.DataObject
) -> None:
    grown: dict[int, list[int]] = {}
    ended: set[int] = set()
    for utterance in heard_with(Outside(choose), Segmenter(chosen), speech):
        before = grown.get(utterance.number, [])
        assert utterance.number not in ended
        if utterance.final:
            ended.add(utterance.number)
            assert numbers(utterance)[: len(before)] == before
        else:
            assert len(numbers(utterance)) > len(before)
            assert numbers(utterance)[: len(before)] == before
        grown[utterance.number] = numbers(utterance)
    assert ended == set(grown)


@settings(max_examples=200)
@given(speech=runs, chosen=st.sampled_from([SHORT, SegmenterSettings()]), choose=st.data())
def test_an_utterance_ends_at_500_to_3000_ms_of_silence_whatever_the_verdicts(
    speech: list[bool], chosen: SegmenterSettings, choose: st.DataObject
) -> None:
    segmenter, outside, spoke = Segmenter(chosen), Outside(choose), 0
    speech = speech + [False] * 150
    for at, (frame, is_speech) in enumerate(zip(frames(len(speech)), speech, strict=True)):
        ready = segmenter.push(frame, is_speech)
        outside.disturb(segmenter, at, ready)
        spoke = at + 1 if is_speech else spoke
        for final in ready:
            silence_ms, length_ms = (at + 1 - spoke) * 20, (at + 1) * 20 - final.start_ms
            late = length_ms > chosen.longest_ms - chosen.split_search_ms
            assert not final.final or late or 500 <= silence_ms <= 3_000
    assert segmenter.flush() == []


@settings(max_examples=200)
@given(speech=runs, choose=st.data())
def test_a_verdict_changes_when_an_utterance_ends_and_not_its_sound(speech: list[bool], choose: st.DataObject) -> None:
    speech = speech + [False] * 150
    for final in heard_with(Outside(choose), Segmenter(), speech):
        if final.final and final.end_ms - final.start_ms <= 13_000:
            assert final.end_ms - final.speech_end_ms == 300


@settings(max_examples=200)
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


def test_an_utterance_has_its_pre_roll_partials_pause_and_endpoint() -> None:
    utterances = heard(Segmenter(), pattern((False, 1000), (True, 1200), (False, 2000)))
    assert [(u.number, u.start_ms, u.end_ms, u.stage) for u in utterances] == [
        (1, 500, 1020, Stage.PARTIAL),
        (1, 500, 1520, Stage.PARTIAL),
        (1, 500, 2020, Stage.PARTIAL),
        (1, 500, 2460, Stage.PROVISIONAL),
        (1, 500, 2500, Stage.PROVISIONAL),
        (1, 500, 2500, Stage.FINAL),
    ]
    assert {(u.speech_start_ms, u.speech_end_ms) for u in utterances[-2:]} == {(1000, 2200)}


def test_the_cadence_of_partials_can_be_changed_while_somebody_speaks() -> None:
    segmenter = Segmenter()
    before = [u for frame in frames(100) for u in segmenter.push(frame, True)]
    segmenter.partial_every_ms = 1_500
    behind = [u for frame in frames(150, 2_000, 100) for u in segmenter.push(frame, True)]
    assert [u.end_ms for u in before] == [500, 1000, 1500, 2000]
    assert [u.end_ms for u in behind] == [3500, 5000]


def test_a_pause_shorter_than_the_endpoint_ends_nothing() -> None:
    utterances = heard(Segmenter(), pattern((True, 600), (False, 880), (True, 600), (False, 900)))
    assert [u.final for u in utterances].count(True) == 1


def ended_at(segmenter: Segmenter, silence_ms: int, start_ms: int) -> int | None:
    """The silence, in milliseconds, at which an utterance ends, when `silence_ms` of it begins at start_ms."""
    for at, frame in enumerate(frames(silence_ms // 20, start_ms, start_ms // 20)):
        if any(u.final for u in segmenter.push(frame, False)):
            return (at + 1) * 20
    return None


@pytest.mark.parametrize(
    ("verdict_ms", "expected_ms"),
    [(None, 900), (500, 500), (600, 600), (2_000, 2_000), (3_000, 3_000), (10, 500), (9_000, 3_000)],
)
def test_the_final_comes_at_the_endpoint_not_later(verdict_ms: int | None, expected_ms: int) -> None:
    segmenter = Segmenter()
    heard_until_now = [u for frame in frames(30) for u in segmenter.push(frame, True)]
    assert ended_at(segmenter, 260, 600) is None
    if verdict_ms is not None:
        segmenter.end_after(heard_until_now[0].number, 600, verdict_ms)
    rest_ms = ended_at(segmenter, 4_000, 860)
    assert rest_ms == expected_ms - 260


def test_a_late_verdict_ends_the_utterance_with_the_next_frame() -> None:
    segmenter = Segmenter()
    for frame in frames(30):
        segmenter.push(frame, True)
    assert ended_at(segmenter, 800, 600) is None
    segmenter.end_after(1, 600, 500)
    assert ended_at(segmenter, 100, 1_400) == 20


@pytest.mark.parametrize(("number", "speech_end_ms"), [(2, 600), (0, 600), (1, 580), (1, 620)])
def test_a_verdict_about_another_pause_is_ignored(number: int, speech_end_ms: int) -> None:
    segmenter = Segmenter()
    for frame in frames(30):
        segmenter.push(frame, True)
    segmenter.end_after(number, speech_end_ms, 500)
    assert ended_at(segmenter, 2_000, 600) == 900


def test_a_verdict_holds_for_its_own_pause_only() -> None:
    segmenter = Segmenter()
    for frame in frames(30):
        segmenter.push(frame, True)
    assert ended_at(segmenter, 260, 600) is None
    segmenter.end_after(1, 600, 2_000)
    for frame in frames(30, 860, 43):
        assert segmenter.push(frame, True) is not None
    assert ended_at(segmenter, 2_000, 1_460) == 900


def test_the_sound_of_an_utterance_cannot_be_written_to_and_does_not_change() -> None:
    segmenter = Segmenter()
    partial = next(u for frame in frames(60) for u in segmenter.push(frame, True))
    with pytest.raises(ValueError, match="read-only"):
        partial.samples[0] = 1
    assert numbers(partial) == list(range(25))


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
