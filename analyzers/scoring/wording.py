"""The sentence that explains an indicator's points, or why there are none, in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzers.results import EvidenceQuote, WithheldReason
from analyzers.scoring.signals import Part, Signals
from question_flows.model import Anchors, Indicator, Language, Text

_PARTS: Mapping[Part, tuple[str, str]] = {
    Part.SITUATION: ("situation", "情境"),
    Part.TASK: ("task", "任务"),
    Part.ACTION: ("action", "行动"),
    Part.RESULT: ("result", "结果"),
    Part.ORDER: ("order of steps", "步骤"),
    Part.REASON: ("reason", "理由"),
    Part.ADDRESS: ("speaking to the other side", "面向对方"),
    Part.TIME: ("time", "时间"),
}

_WITHHELD: Mapping[WithheldReason, tuple[str, str]] = {
    WithheldReason.NOT_ANSWERED: ("there is no answer to judge", "没有可供评价的回答"),
    WithheldReason.TOO_FEW_WORDS: ("the answer is too short to judge fairly", "回答太短，无法公平评价"),
    WithheldReason.RECOGNITION_UNCERTAIN: (
        "the speech was not recognised surely enough to judge; a person should ask again",
        "语音识别不够可靠，无法评价，请由人工再次询问",
    ),
    WithheldReason.NOT_ENOUGH_EVIDENCE: (
        "nothing in the answer was found that shows it or speaks against it",
        "回答中没有找到能够支持或否定的内容",
    ),
    WithheldReason.NO_CONSENT: (
        "the candidate did not consent to scoring by a machine",
        "候选人未同意由机器评分",
    ),
    WithheldReason.QUESTION_SKIPPED: (
        "the candidate chose to skip the question",
        "候选人选择了跳过这道题",
    ),
    WithheldReason.LINE_FAULT: (
        "a fault on the line cost part of the answer; a person should ask again",
        "线路故障使部分回答丢失，请由人工再次询问",
    ),
    WithheldReason.NOT_ASKED: (
        "a person ended the questions before this was asked or answered",
        "在提问或作答之前，有人提前结束了提问",
    ),
    WithheldReason.OTHER_LANGUAGE: (
        "the answer is mostly in another language than the interview; a person should read it",
        "回答大部分不是面试所用的语言，请由人工阅读",
    ),
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an indicator's points rest on.

    evidence, against: quotes for and against it. found, kinds: how many kinds of cue there are, and of how many.
    worth: 0-1, below 1 where the same clause serves other indicators too. coverage: share of the question's indicators
    that the answer speaks to, 0-1.
    """

    points: float
    evidence: Sequence[EvidenceQuote]
    against: Sequence[EvidenceQuote]
    found: int
    kinds: int
    worth: float
    signals: Signals
    coverage: float


def explain(indicator: Indicator, grounds: Grounds) -> dict[Language, str]:
    """One sentence per language: the quotes, how many kinds of cue were found, the signals, and the nearest anchor."""
    english: list[str] = []
    chinese: list[str] = []
    if grounds.evidence:
        quoted = grounds.evidence[0].text
        english.append(f"“{quoted}” counts as evidence ({grounds.found} of {grounds.kinds} kinds)")
        chinese.append(f"“{quoted}”可作为依据（{grounds.kinds}类依据中有{grounds.found}类）")
        if grounds.worth < 1:
            english.append("some of the same words also count for another indicator, so for less here")
            chinese.append("其中部分话语同时用作其他指标的依据，在此折减计分")
    if grounds.against:
        english.append(f"“{grounds.against[0].text}” speaks against it")
        chinese.append(f"“{grounds.against[0].text}”与此不符")
    if grounds.evidence:
        signals = grounds.signals
        if signals.expected:
            english.append(f"structure: {_list(signals.parts, 0, ', ') or 'none found'}")
            chinese.append(f"结构：{_list(signals.parts, 1, '、') or '未发现'}")
        english.append(f"numbers and technical words named: {signals.numbers + signals.names}")
        chinese.append(f"提到数字和专业词{signals.numbers + signals.names}处")
        english.append(f"the answer speaks to {grounds.coverage:.0%} of what was asked for")
        chinese.append(f"回答涉及所问内容的{grounds.coverage:.0%}")
    said = {Language.ENGLISH: english, Language.CHINESE: chinese}
    if indicator.anchors is not None:
        mark, anchor = _nearest(indicator.anchors, grounds.points)
        english.append(f"nearest to the description of {mark} points: “{_bare(anchor, Language.ENGLISH)}”")
        chinese.append(f"最接近{mark}分的描述：“{_bare(anchor, Language.CHINESE)}”")
    names = indicator.name
    return {
        language: f"{names[language]}{colon}{separator.join(said[language])}{stop}"
        for language, colon, separator, stop in (
            (Language.ENGLISH, ": ", "; ", "."),
            (Language.CHINESE, "：", "；", "。"),
        )
        if language in names
    }


def _nearest(anchors: Anchors, points: float) -> tuple[int, Text]:
    """The anchor whose points are nearest; the lower one of two that are equally near."""
    marks = ((2, anchors.at_2), (5, anchors.at_5), (8, anchors.at_8))
    return min(marks, key=lambda mark: abs(mark[0] - points))


def _bare(anchor: Text, language: Language) -> str:
    """The anchor without its full stop, to stand inside a sentence; empty when the flow lacks the language."""
    return anchor.get(language, "").rstrip(".。")


def explain_withheld(indicator: Indicator, reason: WithheldReason) -> dict[Language, str]:
    """One sentence per language saying why there is no score."""
    english, chinese = _WITHHELD[reason]
    sentences = {Language.ENGLISH: f": not scored: {english}.", Language.CHINESE: f"：未评分，{chinese}。"}
    return {language: f"{indicator.name[language]}{sentences[language]}" for language in indicator.name}


def _list(parts: Sequence[Part], language: int, separator: str) -> str:
    return separator.join(_PARTS[part][language] for part in parts)
