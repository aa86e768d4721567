"""What stands where a candidate's name would, for whoever may not know it: on pages, in JSON, in what was said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import accumulate
from typing import Any, TypeVar

from aiohttp import web

from server.hr.access import USER, may
from server.hr.blind import report_for
from server.hr.rights import Right
from server.i18n import MESSAGES
from server.interview.report import Report
from server.keys import INTERVIEWS
from server.pages import page_language

T = TypeVar("T")

SHORTEST_PART = 2
"""Of a name: one letter alone would be found everywhere."""
_KEPT = re.compile(r"(^|_)(id|ids|path|type|code|sha256)$")
"""Fields that hold no text of a person's."""
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def hides_names(request: web.Request) -> bool:
    """Whether the person asking may not know who a candidate is."""
    return not may(request[USER], Right.NAMES)


def shown_name(request: web.Request, name: str, known_as: str) -> str:
    """The name, or what stands for it: the same everywhere for the same `known_as`, the candidate's id or, for an
    interview whose candidate has none, the interview's."""
    return pseudonym(request, known_as) if hides_names(request) else name


def shown_email(request: web.Request, email: str) -> str:
    """The address, or nothing."""
    return "" if hides_names(request) else email


def pseudonym(request: web.Request, known_as: str) -> str:
    """A name for somebody who is to stay unknown."""
    return request.app[MESSAGES].text(page_language(request), "access.pseudonym", {"id": known_as[:6].upper()})


async def shown_report(request: web.Request, interview_id: str) -> Report:
    """The interview's report as this person may see it now: no scores for who rates blind, no names for some."""
    report = await report_for(request.app, request[USER], interview_id)
    return await without_candidate(request, interview_id, report) if hides_names(request) else report


async def without_candidate(request: web.Request, interview_id: str, value: T) -> T:
    """A report, a snapshot or any other value about this interview without its candidate's name and address, for
    somebody who may not know them; the same value for everybody else."""
    if not hides_names(request):
        return value
    row = await request.app[INTERVIEWS].event_log.row(interview_id)
    if row is None:
        return value
    hidden = request.app[MESSAGES].text(page_language(request), "access.hidden")
    mask = Mask(row.candidate_name, row.candidate_email, pseudonym(request, row.candidate_id or row.id), hidden)
    return mask.of(value)


class Mask:
    """Takes a person out of texts. whole: stands for the whole name; part: for a part of it, or the address."""

    def __init__(self, name: str, email: str, whole: str, part: str) -> None:
        self._whole, self._part, self._name = whole, part, name
        parts = [one for one in name.split() if len(one) >= SHORTEST_PART]
        chinese = [name[-2:], name[-1:] + "同学"] if len(name) == 3 and all(map(_CHINESE.fullmatch, name)) else []
        # As written, begun with a capital, or shouted; a small "will" or "may" is more likely no name.
        names = {form for one in (name, *parts, *chinese) for form in (one, one.title(), one.upper())} | {email}
        found = sorted(filter(None, names), key=len, reverse=True)
        self._find = re.compile("|".join(map(_whole_word, found)) or r"(?!)")

    def of(self, value: T) -> T:
        """The value with every text in it masked; its shape stays. Words of a transcript keep their number."""
        return self._of(value)  # type: ignore[no-any-return]

    def _of(self, value: Any) -> Any:
        if type(value) is str:
            return self._find.sub(self._instead, value)
        if is_dataclass(value) and not isinstance(value, type):
            new = {one.name: self._field(one.name, getattr(value, one.name)) for one in fields(value) if one.init}
            return replace(value, **{key: one for key, one in new.items() if one is not getattr(value, key)})
        if isinstance(value, Mapping):
            return {key: self._field(str(key), one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            items = self._words(value) if _are_words(value) else [self._of(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return type(value)(items) if type(value) in (list, tuple) else type(value)(*items)
        return value

    def _field(self, name: str, value: Any) -> Any:
        return value if _KEPT.search(name) else self._of(value)

    def _words(self, words: Any) -> list[Any]:
        """A name may spread over several words, as each Chinese character is one: each of them is masked."""
        texts = [_text(word) for word in words]
        # A space where a writer puts one, so that "Ann" is not found in "can not".
        gaps = [0 if _CHINESE.match(text[-1:]) else 1 for text in texts]
        line = "".join(text + " " * gap for text, gap in zip(texts, gaps, strict=True))
        starts = [0, *accumulate(len(text) + gap for text, gap in zip(texts, gaps, strict=True))]
        hidden = set()
        for found in self._find.finditer(line):
            hidden |= {
                place
                for place, text in enumerate(texts)
                if starts[place] < found.end() and found.start() < starts[place] + len(text)
            }
        return [self._hide(word) if place in hidden else word for place, word in enumerate(words)]

    def _hide(self, word: Any) -> Any:
        return {**word, "text": self._part} if isinstance(word, Mapping) else replace(word, text=self._part)

    def _instead(self, found: re.Match[str]) -> str:
        return self._whole if found[0].casefold() == self._name.casefold() else self._part


def _whole_word(text: str) -> str:
    before = r"(?<!\w)" if text[0].isascii() and text[0].isalnum() else ""
    behind = r"(?!\w)" if text[-1].isascii() and text[-1].isalnum() else ""
    return before + re.escape(text) + behind


def _are_words(value: Any) -> bool:
    """Whether these are the words of a transcript, as objects or as JSON."""
    first = value[0] if value else None
    if isinstance(first, Mapping):
        return {"text", "start_ms", "end_ms"} <= first.keys()
    return (
        is_dataclass(first)
        and {"text", "start_ms", "end_ms"} <= {one.name for one in fields(first)}
        and (len(fields(first)) == 4)
    )


def _text(word: Any) -> str:
    return str(word["text"] if isinstance(word, Mapping) else word.text)
