"""Chinese in simplified characters: by phrase, word for word, and nothing else touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import TranscriptWord
from analyzers.transcription import simplified as module
from analyzers.transcription.simplified import convert, simplified
from analyzers.transcription.words import Piece, to_words
from question_flows.loader import shipped_flows
from question_flows.model import Language

ANSWERS = [
    answer
    for flow in shipped_flows().values()
    for question in flow.questions
    for answer in question.sample_answers[Language.CHINESE]
]
CHARACTERS = sorted(set("".join(ANSWERS)))


def spoken(text: str) -> tuple[TranscriptWord, ...]:
    """As the recogniser gives it: a character a word, punctuation with the one before, Latin words whole."""
    return to_words([Piece(text, 0, 100 * len(text), 0.875)], Language.CHINESE)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("繁體", "繁体"),
        ("我先向客戶道歉，然後說明我們的處理時間。", "我先向客户道歉，然后说明我们的处理时间。"),
        ("這個軟體的錯誤，後來我們在測試環境裡重現了。", "这个软体的错误，后来我们在测试环境里重现了。"),
        ("後來皇后在後面等著。", "后来皇后在后面等着。"),
        ("乾隆皇帝的餅乾很乾淨，能幹的幹部。", "乾隆皇帝的饼干很干净，能干的干部。"),
        ("這裡、那裡，一公里。", "这里、那里，一公里。"),
        ("理髮以後頭髮少了，公司發展了。", "理发以后头发少了，公司发展了。"),
        ("著名的作者看著資料庫。", "著名的作者看着资料库。"),
        ("覆蓋率和回覆都很複雜。", "覆盖率和回复都很复杂。"),
        ("我用Redis做緩存", "我用Redis做缓存"),
        ("我們把API從v2.0遷移到Kubernetes，用了3週。", "我们把API从v2.0迁移到Kubernetes，用了3周。"),
    ],
)
def test_traditional_characters_become_simplified(heard: str, expected: str) -> None:
    assert "".join(word.text for word in simplified(spoken(heard))) == expected


@given(st.text(st.sampled_from("我們的後来乾淨發展著名看著这裡裏面，。 Redis3")))
def test_number_times_and_confidences_stay(text: str) -> None:
    words = spoken(text)
    converted = simplified(words)
    assert [(w.start_ms, w.end_ms, w.confidence) for w in converted] == [
        (w.start_ms, w.end_ms, w.confidence) for w in words
    ]
    assert all(w.text for w in converted)


@given(st.text(st.sampled_from("我們的後来乾淨發展著名看著这裡裏面，。 Redis3")))
def test_latin_letters_digits_and_punctuation_stay(text: str) -> None:
    other = re.compile(r"[^\u4e00-\u9fff]")
    assert other.findall(convert(text)) == other.findall(text)


@given(st.text(st.sampled_from(CHARACTERS)))
def test_simplified_text_stays_whatever_its_order(text: str) -> None:
    assert convert(text) == text


@pytest.mark.parametrize("text", [*ANSWERS, "这部原著的编著者，显著、著作、干燥、公里、皇后、乾坤、瞭望、慰藉。"])
def test_simplified_sentences_stay(text: str) -> None:
    assert simplified(spoken(text)) == spoken(text)


def test_a_phrase_that_changes_its_length_is_converted_word_by_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """No phrase of the installed dictionaries does so today; a later edition's may."""
    monkeypatch.setattr(module, "convert", lambda text: {"後來": "后", "後": "后", "來": "来"}.get(text, text))
    assert [word.text for word in simplified(spoken("後來"))] == ["后", "来"]


def test_nothing_stays_nothing() -> None:
    assert simplified(()) == ()
