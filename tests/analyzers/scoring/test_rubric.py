"""Answers get points only with verbatim evidence, in both languages alike."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import AnswerScore, IndicatorScore, Transcript, WithheldReason
from analyzers.scoring.evidence import verify
from analyzers.scoring.rubric import score_answer, withhold
from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language, Question
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken

FLOWS = shipped_flows()
SERVICE = FLOWS["customer_service"]
SAMPLES = [
    pytest.param(flow, question, language, sample, id=f"{question.id}-{language}-{number}")
    for flow in FLOWS.values()
    for question in flow.questions
    for language in flow.languages
    for number, sample in enumerate(question.sample_answers[language], 1)
]


def indicator(score: AnswerScore, name: str) -> IndicatorScore:
    (found,) = [one for one in score.indicators if one.indicator_id == name]
    return found


def assert_sound(score: AnswerScore, question: Question, transcript: Transcript) -> None:
    """What holds for every score there can be."""
    assert [one.indicator_id for one in score.indicators] == list(question.indicator_ids)
    for one in score.indicators:
        assert (one.points is None) == (one.withheld is not None) == (not one.evidence)
        assert one.points is None or 0 <= one.points <= 10
        assert 0 <= one.confidence <= 1
        assert set(one.explanation) == {ENGLISH, CHINESE}
        for quote in one.evidence:
            assert quote.question_id == question.id
            verify(quote, transcript)


@pytest.mark.parametrize(("flow", "question", "language", "sample"), SAMPLES)
def test_a_good_answer_is_seen_as_good(flow: Flow, question: Question, language: Language, sample: str) -> None:
    transcript = spoken(sample, language)
    score = score_answer(flow, question, transcript)
    assert_sound(score, question, transcript)
    assert max(one.points or 0 for one in score.indicators) >= 6
    assert sum(one.points is not None for one in score.indicators) * 2 >= len(score.indicators)
    # What is typed has line breaks and indents of its own; the words are the same.
    assert all(
        "".join(quote.text.split()) in "".join(sample.split()) for one in score.indicators for quote in one.evidence
    )


@pytest.mark.parametrize(("flow", "question", "language", "sample"), SAMPLES)
def test_a_good_answer_to_something_else_is_not(
    flow: Flow, question: Question, language: Language, sample: str
) -> None:
    """Fluent talk that shows nothing asked for: no points, though structure, numbers and length are there."""
    talk = {
        ENGLISH: "last summer I went to the sea with my dog for three weeks. we had to swim every morning, I ate ten"
        " fish, and in the end it was cold.",
        CHINESE: "去年夏天我带狗去海边住了三周。我们要早起游泳，我吃了十条鱼，最后天气变冷了，路上下雨很大。",
    }
    score = score_answer(flow, question, spoken(talk[language], language))
    assert [one.points for one in score.indicators] == [None] * len(score.indicators)
    assert {one.withheld for one in score.indicators} == {WithheldReason.NOT_ENOUGH_EVIDENCE}


@pytest.mark.parametrize(
    ("text", "language", "confidence", "reason"),
    [
        ("", ENGLISH, 0.9, WithheldReason.NOT_ANSWERED),
        ("", CHINESE, 0.9, WithheldReason.NOT_ANSWERED),
        (". , …", ENGLISH, 0.9, WithheldReason.NOT_ANSWERED),
        ("I am very sorry", ENGLISH, 0.9, WithheldReason.TOO_FEW_WORDS),
        ("非常对不起您", CHINESE, 0.9, WithheldReason.TOO_FEW_WORDS),
        ("I am very sorry that you waited", ENGLISH, 0.2, WithheldReason.RECOGNITION_UNCERTAIN),
        ("非常对不起让您久等了", CHINESE, 0.2, WithheldReason.RECOGNITION_UNCERTAIN),
        ("blorp fnord wibble zap quux garply waldo", ENGLISH, 0.9, WithheldReason.NOT_ENOUGH_EVIDENCE),
        ("啊嗯呃啦嘿哟哦呀哇咦", CHINESE, 0.9, WithheldReason.NOT_ENOUGH_EVIDENCE),
    ],
)
def test_what_cannot_be_judged_is_withheld_with_its_reason(
    text: str, language: Language, confidence: float, reason: WithheldReason
) -> None:
    question = SERVICE.question("late_parcel_1")
    transcript = spoken(text, language, confidence)
    score = score_answer(SERVICE, question, transcript)
    assert_sound(score, question, transcript)
    assert {one.withheld for one in score.indicators} == {reason}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("well that is not my fault, the driver was late today and that happens", ENGLISH),
        ("这不是我的错，是司机今天来晚了，这种事很常见", CHINESE),
    ],
)
def test_a_counter_cue_alone_gets_a_low_score_and_is_quoted(text: str, language: Language) -> None:
    question = SERVICE.question("late_parcel_1")
    transcript = spoken(text, language)
    score = indicator(score_answer(SERVICE, question, transcript), "apologise")
    assert score.points == 1.0
    (quote,) = score.evidence
    verify(quote, transcript)
    assert "not my fault" in quote.text or "不是我的错" in quote.text
    assert "speaks against it" in score.explanation[ENGLISH]
    assert "与此不符" in score.explanation[CHINESE]


@pytest.mark.parametrize(
    ("good", "bad", "language"),
    [
        (
            "I am sorry, I will check the parcel for you right now.",
            "I am sorry, I will check the parcel, but it is not my fault.",
            ENGLISH,
        ),
        ("对不起，我马上给您查一下包裹在哪里。", "对不起，我马上给您查，不过这不是我的错。", CHINESE),
    ],
)
def test_a_counter_cue_lowers_the_score(good: str, bad: str, language: Language) -> None:
    question = SERVICE.question("late_parcel_1")
    better, worse = (
        indicator(score_answer(SERVICE, question, spoken(text, language)), "apologise") for text in (good, bad)
    )
    assert better.points is not None
    assert worse.points is not None
    assert better.points - worse.points >= 2
    assert len(worse.evidence) >= len(better.evidence)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Calm down please, it is not so bad when a parcel is late.", ENGLISH),
        ("您冷静一点，包裹晚到几天很常见的。", CHINESE),
    ],
)
def test_words_of_a_counter_cue_do_not_count_as_evidence(text: str, language: Language) -> None:
    """ "calm" and "please" are cues of staying calm and polite, but not within "calm down please"."""
    score = indicator(score_answer(SERVICE, SERVICE.question("late_parcel_1"), spoken(text, language)), "stay_calm")
    assert score.points == 1.0


def test_a_cue_that_was_not_recognised_surely_does_not_count() -> None:
    question = SERVICE.question("late_parcel_1")
    clear = spoken("I am very sorry that this parcel did not come on Monday")
    words = tuple(
        type(word)(word.text, word.start_ms, word.end_ms, 0.1 if word.text == "sorry" else 0.9) for word in clear.words
    )
    score = score_answer(SERVICE, question, Transcript(ENGLISH, words))
    assert indicator(score, "apologise").withheld is WithheldReason.RECOGNITION_UNCERTAIN
    assert indicator(score_answer(SERVICE, question, clear), "apologise").points is not None


def test_a_badly_heard_answer_is_scored_the_same_with_less_confidence() -> None:
    question = SERVICE.questions[0]
    sample = question.sample_answers[ENGLISH][0]
    clear = score_answer(SERVICE, question, spoken(sample, confidence=0.95))
    bad = score_answer(SERVICE, question, spoken(sample, confidence=0.5))
    assert [one.points for one in clear.indicators] == [one.points for one in bad.indicators]
    assert all(b.confidence < c.confidence for b, c in zip(bad.indicators, clear.indicators, strict=True) if c.evidence)


def test_talking_longer_earns_nothing() -> None:
    question = SERVICE.question("late_parcel_1")
    sample = question.sample_answers[ENGLISH][0]
    longer = sample + " it is cold and grey outside." * 20
    points = [
        [one.points for one in score_answer(SERVICE, question, spoken(text)).indicators] for text in (sample, longer)
    ]
    assert points[0] == points[1]


def test_every_indicator_is_withheld_without_consent() -> None:
    question = SERVICE.questions[0]
    score = withhold(SERVICE, question, WithheldReason.NO_CONSENT)
    assert_sound(score, question, spoken(""))
    assert {one.withheld for one in score.indicators} == {WithheldReason.NO_CONSENT}
    assert "未同意" in score.indicators[0].explanation[CHINESE]


@pytest.mark.parametrize("language", list(Language))
def test_an_answer_still_being_spoken_can_be_scored_at_every_word(language: Language) -> None:
    for question in SERVICE.questions:
        whole = spoken(question.sample_answers[language][0], language)
        for end in range(len(whole.words) + 1):
            so_far = Transcript(language, whole.words[:end])
            assert_sound(score_answer(SERVICE, question, so_far), question, so_far)


@pytest.mark.parametrize("language", list(Language))
def test_a_long_answer_is_scored_within_five_milliseconds(language: Language) -> None:
    """Two minutes of speech, scored again and again while it is spoken."""
    question = SERVICE.questions[0]
    separator = " " if language is ENGLISH else ""
    transcript = spoken(separator.join(question.sample_answers[language] * 5), language)
    assert len(transcript.words) > 300
    took = []
    for _ in range(20):
        start = time.thread_time()
        score_answer(SERVICE, question, transcript)
        took.append(time.thread_time() - start)
    assert min(took) < 0.005


@pytest.mark.parametrize(
    ("language", "text"),
    [(ENGLISH, "I am very sorry, I understand that you are angry."), (CHINESE, "非常对不起，我明白您很生气。")],
)
def test_the_evidence_is_the_whole_sentence_with_the_cue(language: Language, text: str) -> None:
    question = SERVICE.question("late_parcel_1")
    score = score_answer(SERVICE, question, spoken(question.sample_answers[language][0], language))
    (quote,) = indicator(score, "apologise").evidence
    assert quote.text == text
    assert text in indicator(score, "apologise").explanation[language]


def vocabulary(language: Language) -> list[str]:
    """Every word of every cue and counter-cue, words that deny, and noise."""
    cues = [
        cue
        for flow in FLOWS.values()
        for competency in flow.competencies
        for one in competency.indicators
        for cue in (*one.cues[language], *one.counter_cues[language])
    ]
    text = " ".join(cues).replace("|", " ")
    words = text.split() if language is ENGLISH else list(text.replace(" ", ""))
    noise = (
        ["not", "never", "don't", "três", "—", "...", "10", "’"] if language is ENGLISH else ["不", "没", "API", "1"]
    )
    words = sorted({*words, *noise})
    random.Random(1).shuffle(words)
    return words


@pytest.mark.parametrize("language", list(Language))
@given(data=st.data())
def test_no_quote_is_ever_invented(language: Language, data: st.DataObject) -> None:
    flow = data.draw(st.sampled_from(list(FLOWS.values())))
    question = data.draw(st.sampled_from(flow.questions))
    word = st.tuples(st.sampled_from(vocabulary(language)), st.sampled_from(["", "", "", ",", ".", "，", "。"])).map(
        "".join
    )
    words = data.draw(st.lists(word | st.text(max_size=6), max_size=60))
    transcript = spoken("", language)
    transcript = Transcript(
        language,
        tuple(
            type(one)(text, one.start_ms, one.end_ms, data.draw(st.sampled_from([0.1, 0.5, 1.0])))
            for one, text in zip(spoken("x " * len(words)).words, words, strict=True)
        ),
    )
    assert_sound(score_answer(flow, question, transcript), question, transcript)
