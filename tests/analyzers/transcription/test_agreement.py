"""LocalAgreement-2: what is committed, and that it never changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import TranscriptWord
from analyzers.transcription.agreement import LocalAgreement, continuation


def said(text: str, *, at: int = 0, word_ms: int = 300, confidence: float = 0.9) -> tuple[TranscriptWord, ...]:
    """The words of a text, one after the other from `at` on."""
    return tuple(
        TranscriptWord(word, at + index * word_ms, at + (index + 1) * word_ms, confidence)
        for index, word in enumerate(text.split())
    )


def texts(words: tuple[TranscriptWord, ...]) -> str:
    return " ".join(word.text for word in words)


def test_first_decode_commits_nothing() -> None:
    committed, tentative = LocalAgreement().update(said("I would apologise"))
    assert texts(committed) == ""
    assert texts(tentative) == "I would apologise"


def test_words_that_two_decodes_agree_on_are_committed() -> None:
    agreement = LocalAgreement()
    agreement.update(said("I would apologise to"))
    committed, tentative = agreement.update(said("I would apologise two the customer"))
    assert texts(committed) == "I would apologise"
    assert texts(tentative) == "two the customer"
    committed, tentative = agreement.update(said("I would apologise to the customer and"))
    assert texts(committed) == "I would apologise"
    committed, tentative = agreement.update(said("I would apologise to the customer and"))
    assert texts(committed) == "I would apologise to the customer"
    assert texts(tentative) == "and"


def test_agreement_needs_two_successive_decodes() -> None:
    agreement = LocalAgreement()
    agreement.update(said("a b c"))
    agreement.update(said("x b c"))
    committed, _ = agreement.update(said("a b c"))
    assert committed == ()


def test_a_doubtful_word_and_what_follows_wait_for_the_end() -> None:
    agreement = LocalAgreement()
    doubtful = (*said("I called"), *said("hymn", at=600, confidence=0.3), *said("today because", at=900))
    agreement.update(doubtful)
    committed, tentative = agreement.update(doubtful)
    assert (texts(committed), texts(tentative)) == ("I called", "hymn today because")
    assert texts(agreement.finish(said("I called him today because"))) == "I called him today because"


def test_the_last_word_is_whole_when_its_speaker_has_paused() -> None:
    agreement = LocalAgreement()
    agreement.update(said("I called the driver"))
    committed, tentative = agreement.update(said("I called the driver"), paused=True)
    assert (texts(committed), texts(tentative)) == ("I called the driver", "")


def test_last_word_waits_for_the_end_because_its_sound_may_be_cut_off() -> None:
    agreement = LocalAgreement()
    agreement.update(said("the cust"))
    committed, tentative = agreement.update(said("the cust"))
    assert (texts(committed), texts(tentative)) == ("the", "cust")
    assert texts(agreement.finish(said("the customer."))) == "the customer."


def test_case_and_punctuation_do_not_break_agreement_and_the_later_writing_is_kept() -> None:
    agreement = LocalAgreement()
    agreement.update(said("Well. then I"))
    committed, _ = agreement.update(said("well, then I asked"))
    assert texts(committed) == "well, then I"


def test_final_decode_that_disagrees_with_committed_words_only_adds_what_follows() -> None:
    agreement = LocalAgreement()
    agreement.update(said("they're parcel was late and"))
    agreement.update(said("they're parcel was late and"))
    assert texts(agreement.committed) == "they're parcel was late"
    assert texts(agreement.finish(said("their parcel was late and I called"))) == "they're parcel was late and I called"


def test_final_decode_that_lost_a_committed_word_neither_repeats_nor_swallows_one() -> None:
    agreement = LocalAgreement()
    for _ in range(2):
        agreement.update(said("I really did call the driver today"))
    whole = said("I did call the driver today at once")
    assert texts(agreement.finish(whole)) == "I really did call the driver today at once"


def test_time_decides_where_nothing_is_alike() -> None:
    committed = said("alpha beta gamma delta")
    heard = said("one two three four five six")
    assert texts(continuation(committed, heard)) == "five six"


def test_a_silent_final_decode_keeps_what_was_committed() -> None:
    agreement = LocalAgreement()
    agreement.update(said("yes of course"))
    agreement.update(said("yes of course"))
    assert texts(agreement.finish(())) == "yes of"


def test_characters_agree_like_words() -> None:
    agreement = LocalAgreement()
    agreement.update(said("我 会 先 道 钱"))
    committed, tentative = agreement.update(said("我 会 先 道 歉， 然"))
    assert texts(committed) == "我 会 先 道"
    assert texts(tentative) == "歉， 然"


hypotheses = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "Dd.", "我", "会"]), max_size=8).map(lambda words: said(" ".join(words))),
    max_size=8,
)


@given(hypotheses)
def test_committed_words_never_change(decodes: list[tuple[TranscriptWord, ...]]) -> None:
    agreement = LocalAgreement()
    before: tuple[TranscriptWord, ...] = ()
    for decode in decodes[:-1]:
        committed, tentative = agreement.update(decode)
        assert committed[: len(before)] == before
        new = committed[len(before) :] + tentative
        assert texts(decode).endswith(texts(new))
        starts = [word.start_ms for word in committed + tentative]
        assert starts == sorted(starts)
        before = committed
    if decodes:
        assert agreement.finish(decodes[-1])[: len(before)] == before


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=12), st.data())
def test_growing_prefixes_of_a_steady_recogniser_end_in_the_whole(words: list[str], data: st.DataObject) -> None:
    whole = said(" ".join(words))
    lengths = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    agreement = LocalAgreement()
    for length in lengths:
        committed, tentative = agreement.update(whole[:length])
        assert committed + tentative == whole[:length]
    assert agreement.finish(whole) == whole
