"""Each rule of the rubric by itself, in a flow made for it: take one away and a test here falls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from analyzers.results import IndicatorScore, Transcript, WithheldReason
from analyzers.scoring.matching import SearchableAnswer
from analyzers.scoring.rubric import score_answer
from analyzers.scoring.signals import measure
from question_flows.model import Competency, Flow, Indicator, Language, QuestionKind, Text
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken
from tests.question_flows.rich import rich_flow

# Words of cues are made up, so that nothing else said can stand for them.
ANY: Text = {ENGLISH: "Tell us.", CHINESE: "请讲。"}
NONE: Mapping[Language, tuple[str, ...]] = {ENGLISH: (), CHINESE: ()}
SOOTHE = Indicator(
    "soothe",
    ANY,
    ANY,
    cues={ENGLISH: ("glimmed", "wuffled", "snarked"), CHINESE: ("道歉", "退款", "送货")},
    counter_cues={ENGLISH: ("zorp", "fnord", "quux"), CHINESE: ("推脱", "敷衍", "发火")},
)
INSPECT = Indicator("inspect", ANY, ANY, cues={ENGLISH: ("plonked",), CHINESE: ("巡视",)}, counter_cues=NONE)
RATHER_OFTEN = Indicator("often", ANY, ANY, cues={ENGLISH: ("every month",), CHINESE: ("每月",)}, counter_cues=NONE)
FLOW = replace(rich_flow(), competencies=(Competency("care", ANY, 1.0, (SOOTHE, INSPECT, RATHER_OFTEN)),))
QUESTION = replace(
    FLOW.question("opener"),
    kind=QuestionKind.STRUCTURED,
    text=ANY,
    indicator_ids=("soothe", "inspect"),
    terms=NONE,
    round_id=None,
)
BASE = {
    ENGLISH: "once the parcel came late we made tea blip near the door blip they glimmed at noon and somebody"
    " wuffled it and they snarked it blip while rain fell on the dark town",
    CHINESE: "那时我们做茶嘟嘟包裹在门口嘟嘟有人道歉并且退款还有送货嘟嘟天色已晚风吹过老街灯亮着猫睡着",
}
NOISE = {ENGLISH: "blip", CHINESE: "嘟嘟"}
BOTH = pytest.mark.parametrize("language", list(Language))


def score(text: str | Transcript, language: Language, name: str = "soothe", flow: Flow = FLOW) -> IndicatorScore:
    transcript = spoken(text, language) if isinstance(text, str) else text
    question = replace(QUESTION, indicator_ids=(name, *(one for one in QUESTION.indicator_ids if one != name)))
    return next(one for one in score_answer(flow, question, transcript).indicators if one.indicator_id == name)


def points(text: str, language: Language) -> float:
    found = score(text, language).points
    assert found is not None
    return found


def saying(language: Language, *instead: str) -> str:
    """The base with its words of noise replaced, one after the other."""
    text = BASE[language]
    for words in instead:
        text = text.replace(NOISE[language], words, 1)
    return text


@BOTH
def test_the_points_are_those_of_the_documented_formula(language: Language) -> None:
    signals = measure(SearchableAnswer(spoken(BASE[language], language)), QUESTION)
    assert (signals.structure, signals.length, signals.generalities) == (0.5, 1, 0)
    base, structure, specificity, length = {ENGLISH: (0.83, 0.05, 0.3, 0.05), CHINESE: (0.6, 0.15, 0.25, 0.1)}[language]
    quality = base + structure * 0.5 + specificity * signals.specificity + length + 0.05
    # All three kinds of cue are 10, and both indicators together hold more than one kind each.
    assert points(BASE[language], language) == pytest.approx(10 * quality, abs=0.051)


@BOTH
def test_each_counter_cue_costs_two_and_a_half_points_and_two_at_most_do(language: Language) -> None:
    against = SOOTHE.counter_cues[language]
    costs = [points(BASE[language], language) - points(saying(language, *against[:n]), language) for n in range(4)]
    assert costs == pytest.approx([0, 2.5, 5, 5], abs=0.11)


@BOTH
@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        pytest.param("seven", "三个", id="a number"),
        pytest.param("Zurich", "Nokia", id="a name"),
        pytest.param("wrong", "终于", id="another part of a story"),
    ],
)
def test_what_is_concrete_and_told_as_a_story_earns_more(language: Language, english: str, chinese: str) -> None:
    more = saying(language, {ENGLISH: english, CHINESE: chinese}[language])
    assert points(more, language) >= points(BASE[language], language) + 0.1


@BOTH
def test_ones_own_doing_earns_more_than_that_of_others(language: Language) -> None:
    own, others = {
        ENGLISH: (["i brought", "i found", "i kept"], ["he brought", "he found", "he kept"]),
        CHINESE: (["我端了", "我拿了", "我递了"], ["他端了", "他拿了", "他递了"]),
    }[language]
    assert points(saying(language, *own), language) >= points(saying(language, *others), language) + 0.3


@BOTH
def test_how_things_always_are_earns_less(language: Language) -> None:
    general = saying(language, {ENGLISH: "always", CHINESE: "一般"}[language])
    assert points(general, language) <= points(BASE[language], language) - 1


@BOTH
def test_length_earns_up_to_a_full_answer_and_nothing_beyond(language: Language) -> None:
    short = {ENGLISH: "somebody glimmed near the dark door", CHINESE: "有人在门口道歉天黑"}[language]
    noise = {ENGLISH: " while rain fell on the dark town", CHINESE: "风吹过老街灯亮着猫"}[language]
    by_length = [points(short + noise * times, language) for times in (0, 1, 3, 6, 12)]
    assert by_length[0] < by_length[1] < by_length[2] == by_length[3] == by_length[4]


@BOTH
def test_what_covers_more_of_the_question_earns_more_for_each_part_of_it(language: Language) -> None:
    one_cue = {
        ENGLISH: "somebody glimmed near the dark door blip while rain fell on the dark town and the lamps went dark",
        CHINESE: "有人在门口道歉嘟嘟风吹过老街灯亮着猫睡着天色已晚风吹过老街灯亮着",
    }[language]
    both = one_cue.replace(NOISE[language], {ENGLISH: "plonked", CHINESE: "巡视"}[language])
    alone, beside = points(one_cue, language), points(both, language)
    # Half of the coverage: 0.8 + 0.2 x 0.5 of the points, and 0.05 x 0.5 of the quality.
    assert beside - alone >= 0.4
    assert beside == pytest.approx(alone / 0.9 + (3 + 7 / 3) * 0.025, abs=0.12)


@pytest.mark.parametrize(
    ("language", "enough", "too_few"),
    [
        (ENGLISH, "somebody glimmed near the dark door", "somebody glimmed near the door"),
        (CHINESE, "有人在门口道歉天黑", "有人在门口道歉了"),
    ],
)
def test_answers_are_judged_from_six_words_or_nine_characters_on(language: Language, enough: str, too_few: str) -> None:
    assert score(enough, language).points is not None
    assert score(too_few, language).withheld is WithheldReason.TOO_FEW_WORDS


@BOTH
def test_answers_and_cues_are_relied_on_from_a_confidence_of_0_35_on(language: Language) -> None:
    for confidence, relied_on in ((0.36, True), (0.34, False)):
        heard = score(spoken(BASE[language], language, confidence), language)
        assert (heard.withheld is None) is relied_on
        assert relied_on or heard.withheld is WithheldReason.RECOGNITION_UNCERTAIN
    clear = spoken(saying(language, "fnord" if language is ENGLISH else "敷衍"), language)
    found = {*SOOTHE.cues[language], *SOOTHE.counter_cues[language]}
    of_cues = set(found) if language is ENGLISH else {*"".join(found)}
    for confidence, relied_on in ((0.36, True), (0.34, False)):
        words = tuple(replace(w, confidence=confidence) if w.text in of_cues else w for w in clear.words)
        heard = score(Transcript(language, words), language)
        assert (heard.withheld is None) is relied_on
        assert relied_on or heard.withheld is WithheldReason.RECOGNITION_UNCERTAIN


@BOTH
def test_everyday_words_alone_are_no_evidence_and_beside_other_cues_they_are(language: Language) -> None:
    talk = {ENGLISH: "we eat rice every month near the dark old door", CHINESE: "每月我们在老街边吃米饭喝茶"}[language]
    assert score(talk, language, "often").withheld is WithheldReason.NOT_ENOUGH_EVIDENCE
    more = talk + {ENGLISH: " and somebody glimmed and plonked it", CHINESE: "有人道歉然后巡视"}[language]
    assert score(more, language, "often").points is not None


def test_an_answer_in_the_other_language_is_withheld_unless_it_is_code() -> None:
    assert score(spoken(BASE[CHINESE], CHINESE).text, ENGLISH).withheld is WithheldReason.OTHER_LANGUAGE
    code = replace(QUESTION, kind=QuestionKind.CODE, code_language="Java")
    text = "for item in basket return wuffled basket total price list map filter 退款 送货 道歉"
    (soothe, _) = score_answer(FLOW, code, spoken(text, CHINESE)).indicators
    assert soothe.withheld is not WithheldReason.OTHER_LANGUAGE
    (soothe, _) = score_answer(FLOW, QUESTION, spoken(text, CHINESE)).indicators
    assert soothe.withheld is WithheldReason.OTHER_LANGUAGE
