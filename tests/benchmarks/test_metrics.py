"""The transcription benchmark's figures, from timelines made by hand."""

from __future__ import annotations

import pytest

from question_flows.model import Language
from scripts.benchmarks.streaming.metrics import (
    Errors,
    finalisations,
    first_partials,
    in_all,
    percentiles,
    settled,
    stability,
    streaming_errors,
    word_appearance,
    word_confirmation,
    words_shown,
)
from scripts.benchmarks.streaming.timeline import Final
from tests.benchmarks.made import heard, interview, sight

SAID = interview((1.0, "we checked ten orders"), (4.0, "then i left"))
"""we 1.0-1.4, checked -1.8, ten -2.2, orders -2.6; then 4.0-4.4, i -4.8, left -5.2."""


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([0.1, 0.2, 0.3]) == {"p50": 200.0, "p95": 290.0}


def test_no_figure_is_made_up_where_nothing_was_measured() -> None:
    assert percentiles([]) is None


def test_english_errors_count_words() -> None:
    found = streaming_errors(heard(SAID, sight(6.0, "we checked two orders then left the")))
    assert found == Errors(wrong=3, said=7)  # ten → two, i missing, the invented


def test_chinese_errors_count_characters() -> None:
    said = interview((0.0, "我给银行打了"), language=Language.CHINESE)
    assert streaming_errors(heard(said, sight(3.0, "我 给 很 行 打"))) == Errors(wrong=2, said=6)


def test_nothing_understood_is_all_wrong() -> None:
    assert streaming_errors(heard(SAID)).rate == 1.0


def test_errors_are_averaged_over_words_not_over_interviews() -> None:
    assert in_all([Errors(1, 2), Errors(0, 8)]).rate == 0.1


def test_a_word_appears_when_it_is_first_seen_certain_or_not() -> None:
    seen = heard(
        SAID, sight(1.9, "", "we checked"), sight(2.4, "we", "checked ten"), sight(5.0, "we checked ten orders")
    )
    assert word_appearance(seen) == pytest.approx([0.5, 0.1, 0.2, 2.4])


def test_a_word_that_nobody_has_begun_to_say_was_not_seen() -> None:
    early = heard(SAID, sight(1.2, "", "then"), sight(4.6, "", "we then"))
    assert word_appearance(early) == pytest.approx([4.6 - 1.4, 4.6 - 4.4])


def test_a_word_is_confirmed_when_it_and_all_before_it_stay() -> None:
    seen = heard(
        SAID,
        sight(2.0, "we", "checked"),
        sight(3.0, "we checked ten orders"),
        sight(5.7, "we checked ten orders then i left"),
    )
    expected = [2.0 - 1.4, 3.0 - 1.8, 3.0 - 2.2, 3.0 - 2.6, 5.7 - 4.4, 5.7 - 4.8, 5.7 - 5.2]
    assert word_confirmation(seen) == pytest.approx(expected)


def test_words_that_were_misheard_are_not_confirmed() -> None:
    assert len(word_confirmation(heard(SAID, sight(6.0, "we checked two orders then i left")))) == 6


def test_what_is_committed_and_replaced_counts_from_its_replacement_on() -> None:
    """No system should do so; one that does gains nothing by it."""
    seen = heard(SAID, sight(2.0, "we chucked"), sight(3.5, "we checked ten orders"))
    assert word_confirmation(seen) == pytest.approx([0.6, 3.5 - 1.8, 3.5 - 2.2, 3.5 - 2.6])


def test_the_first_partial_of_an_utterance_counts_from_the_start_of_its_speech() -> None:
    seen = heard(SAID, sight(1.7, "", "we"), sight(4.9, "we checked ten orders", "then"))
    assert first_partials(seen) == pytest.approx([0.7, 0.9])


def test_an_utterance_that_is_never_seen_has_no_first_partial() -> None:
    assert first_partials(heard(SAID, sight(1.7, "", "we"))) == pytest.approx([0.7])


def test_an_utterance_is_settled_when_its_last_understood_word_is_committed() -> None:
    seen = heard(
        SAID, sight(2.7, "we checked"), sight(3.1, "we checked ten orders"), sight(6.0, "we checked ten orders then i")
    )
    assert settled(seen) == pytest.approx([3.1 - 2.6, 6.0 - 5.2])


def test_finalisation_is_split_and_measured_from_the_true_end_of_speech() -> None:
    final = Final(speech_end_s=2.64, ended_at_s=3.3, received_at_s=3.5, compute_ms=150)
    (found,) = finalisations(heard(SAID, finals=(final,)))
    assert (found.endpoint_s, found.queue_s, found.compute_s) == pytest.approx((0.7, 0.05, 0.15))
    assert found.total_s == pytest.approx(3.5 - 2.6)
    assert found.after_endpoint_s == pytest.approx(0.2)


def test_a_pipeline_that_hears_silence_as_speech_is_not_rewarded() -> None:
    """The end of speech is the true one, whatever the pipeline takes for it."""
    final = Final(speech_end_s=3.4, ended_at_s=4.0, received_at_s=4.0, compute_ms=0)
    assert finalisations(heard(SAID, finals=(final,)))[0].endpoint_s == pytest.approx(4.0 - 2.6)


def test_each_final_is_measured_against_the_last_word_that_it_is_the_first_to_hold() -> None:
    finals = (Final(2.6, 3.2, 3.2, 0), Final(5.2, 6.0, 6.1, 0))
    assert [each.endpoint_s for each in finalisations(heard(SAID, finals=finals))] == pytest.approx([0.6, 0.8])


def test_a_final_without_a_newly_said_word_is_not_measured() -> None:
    finals = (Final(2.6, 3.2, 3.2, 0), Final(3.8, 3.9, 3.9, 0))
    assert len(finalisations(heard(SAID, finals=finals))) == 1


def test_computing_that_ended_before_the_endpoint_is_not_waited_for() -> None:
    final = Final(speech_end_s=2.6, ended_at_s=3.3, received_at_s=3.32, compute_ms=400)
    (found,) = finalisations(heard(SAID, finals=(final,)))
    assert (found.queue_s, found.compute_s) == pytest.approx((0.0, 0.02))


def test_stability_counts_the_words_taken_back() -> None:
    seen = heard(
        SAID, sight(2.0, "", "we chucked"), sight(2.5, "we", "checked ten"), sight(3.0, "we checked ten orders")
    )
    assert stability([seen]) == 0.25  # chucked, of four
    assert words_shown(seen) == 5


def test_becoming_certain_is_not_being_taken_back() -> None:
    assert stability([heard(SAID, sight(2.0, "", "we checked"), sight(3.0, "we checked"))]) == 0.0


def test_stability_of_nothing_is_not_known() -> None:
    assert stability([heard(SAID)]) is None
