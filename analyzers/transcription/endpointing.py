"""How long a pause has to be before an utterance ends, judged by the words before it. Pure.

Silence alone tells little: within one speaker's turn, pauses are as long as between turns (Heldner and Edlund, Pauses,
gaps and overlaps in conversations, 2010), and people who are asked something hard think aloud. What was said tells
more: a turn ends where a sentence is complete (Sacks, Schegloff and Jefferson, 1974), and "um", "and" or a comma says
"I am going on" (Clark and Fox Tree, Using uh and um in spontaneous speaking, 2002). Voice assistants use a network for
this; word lists in two languages cost nothing, can be read, and a mistake here costs latency, never a word.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.results import TranscriptWord, join_words
from question_flows.model import Endpointing, Language

_FULL_STOPS = tuple(".?!。？！")
_GOING_ON = ("...", "…", *",;:-–—，、；：")
_CLOSING = " \"'”’)）」』"
_PUNCTUATION = "".join(_FULL_STOPS) + "…,;:-–—，、；："


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


_NEVER_LAST = {
    Language.ENGLISH: _phrases(
        "um, umm, uh, uhm, er, erm, ah, eh, hm, hmm, mm, mmm, you know, i mean, let me see, let me think, how to say,"
        "and, or, but, because, cause, although, if, unless, whether, the, a, an, my, your, our, their, of, into"
    ),
    Language.CHINESE: _phrases(
        "嗯,呃,唔,那个,这个,就是,就是说,怎么说,怎么说呢,我想想,我想一想,因为,所以,然后,而且,但是,可是,不过,如果,虽然,"
        "或者,还有,以及,并且,另外,于是,要是,由于,为了,比如,比如说,的时候,和,跟,与,把,被,从"
    ),
}
"""Hesitations, conjunctions, articles: behind one of these nobody has finished, whatever mark the recogniser wrote."""

_SELDOM_LAST = {
    Language.ENGLISH: _phrases(
        "well, like, so, actually, basically, then, when, where, while, since, though, before, after, until, than,"
        "that, which, who, what, how, why, as, to, in, on, at, by, for, from, with, without, about, between, during,"
        "through, under, over, is, are, was, were, am, be, been, have, has, had, do, does, did, can, could, will,"
        "would, should, may, might, must, i, we, they, he, she, it, i'm, it's, he's, she's, that's, we're, they're,"
        "i've, we've, i'd, his, her, its, this, these, those, some, any, every, each, very, really, also, just,"
        "sort of, kind of"
    ),
    Language.CHINESE: _phrases(
        "之后,以后,之前,以前,对于,关于,只要,只有,一个,一些,我,我们,他,他们,她,她们,也,都,还,很,非常,那么,其实,可能,应该"
    ),
}
"""Words that may end a sentence ("it went well.", "I think so.") and that go on when no full stop follows."""


def silence_to_wait_ms(words: Sequence[TranscriptWord], language: Language, endpointing: Endpointing) -> int:
    """The silence, in milliseconds, behind which what was said so far (`words`) is taken for ended.

    endpointing.complete_ms after a full stop, unless its last word is one that ends nothing; unfinished_ms after such
    a word, a comma, a dash or an ellipsis; normal_ms otherwise, and when there are no words.
    """
    text = join_words([word.text for word in words], language).casefold().replace("’", "'").rstrip(_CLOSING)
    said = text.rstrip(_PUNCTUATION + _CLOSING)
    if not said:
        return endpointing.normal_ms
    if text.endswith(_GOING_ON):
        return endpointing.unfinished_ms
    stopped = text.endswith(_FULL_STOPS)
    expecting = _NEVER_LAST[language] if stopped else _NEVER_LAST[language] + _SELDOM_LAST[language]
    if _ends_with(said, expecting, language):
        return endpointing.unfinished_ms
    return endpointing.complete_ms if stopped else endpointing.normal_ms


def _ends_with(said: str, phrases: Sequence[str], language: Language) -> bool:
    if language is Language.CHINESE:
        return said.endswith(tuple(phrases))
    return f" {said}".endswith(tuple(f" {phrase}" for phrase in phrases))
