"""From a reader's raw text to lines: one kind of blank, no decomposed or look-alike characters, bounded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from server.resumes.kinds import Unreadable
from server.resumes.limits import LONGEST_LINE, MOST_CHARACTERS, MOST_LINES
from server.resumes.resume import Line, Where

_LOOK_ALIKE = re.compile("[⼀-⿟\ufb00-\ufb06０-９Ａ-Ｚａ-ｚ＠．＋－]")
"""Radicals and ligatures (ﬁ) that PDF fonts give for characters, and letters and digits in full width."""
_RADICALS = str.maketrans(
    "⺁⺒⺓⺝⺟⺠⺬⺯⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
    "厂巳幺月母民示糸虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
)
"""Those that Unicode names no equal of: a browser's PDF has 店⻓ for 店长 (EquivalentUnifiedIdeograph.txt)."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\x0b\x0c]")


def clean(text: str) -> str:
    """One line's text. Blanks stay as many as they are, since they part columns; cut at LONGEST_LINE."""
    text = _UNFIT.sub(" ", _BLANK.sub(" ", _INVISIBLE.sub("", text[: LONGEST_LINE * 2])))
    text = _LOOK_ALIKE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), unicodedata.normalize("NFC", text))
    return text.translate(_RADICALS).strip()[:LONGEST_LINE].strip()


def numbered(pages: Iterable[Iterable[str]]) -> tuple[Line, ...]:
    """The pages' lines, empty ones left out and not counted. Raises Unreadable resume_too_long, resume_no_text."""
    lines = tuple(
        Line(Where(page, number), text)
        for page, texts in enumerate(pages, start=1)
        for number, text in enumerate(_full(texts), start=1)
    )
    return checked(lines)


def checked(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The same. Raises Unreadable resume_too_long, resume_no_text."""
    if len(lines) > MOST_LINES or sum(len(line.text) for line in lines) > MOST_CHARACTERS:
        raise Unreadable("resume_too_long")
    if sum(character.isalnum() for line in lines for character in line.text) < 20:
        raise Unreadable("resume_no_text")
    return lines


def _full(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.splitlines():
            cleaned = clean(line)
            if cleaned:
                yield cleaned
