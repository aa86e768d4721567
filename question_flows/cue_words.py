"""Cues out of a behaviour's description: the words that a person who tells of the behaviour is likely to use.

English verbs and nouns are brought into their usual forms by rules. Chinese is cut at words that carry no content and
into pairs of characters, the length of most words; a pair that is no word is found nowhere and does no harm.
"""

from __future__ import annotations

import re

from question_flows.model import Language

MOST_CUES = 6
_SHORTEST_ENGLISH = 3
_PAIR = 2

_EMPTY_ENGLISH = set(
    re.findall(
        r"\w+",
        """
    a about above across after again against all also always am an and another any anybody anyone anything are as at
    away back be because been before being below between both but by can could do does doing done down during
    each either else enough ever every everybody everyone everything few first for from further get gets getting give
    given go goes going good had has have having he her here him his how however if in into is it its itself
    just keep keeps kind last least less let lets like likely little lot made make makes making many may me
    might more most much must my need needed needs neither never next no nor not nothing now of off often on
    once one only onto or other others our out over own part people person persons put puts rather really right
    same say see seem seems several shall she should show shows since so some somebody someone something still such take
    takes taking than that the their them themselves then there therefore these they thing things this those
    through thus to together too towards under until up upon us use used uses using very was way ways we well
    were what when where whether which while who whom whose why will with within without work works would yet
    you your
    """,
    )
)
"""Words that say nothing about what a behaviour is."""
_IRREGULAR = {
    base: forms.split()
    for base, forms in {
        "begin": "began begun",
        "bring": "brought",
        "build": "built",
        "buy": "bought",
        "choose": "chose chosen",
        "deal": "dealt",
        "draw": "drew drawn",
        "drive": "drove driven",
        "find": "found",
        "hear": "heard",
        "hold": "held",
        "know": "knew known",
        "lead": "led",
        "learn": "learnt",
        "meet": "met",
        "seek": "sought",
        "sell": "sold",
        "send": "sent",
        "speak": "spoke spoken",
        "spend": "spent",
        "stand": "stood",
        "teach": "taught",
        "tell": "told",
        "think": "thought",
        "understand": "understood",
        "win": "won",
        "write": "wrote written",
    }.items()
}
_EMPTY_CHINESE = re.compile(
    "自己|他人|别人|对方|能够|可以|以及|并且|而且|因为|所以|如果|通过|进行|根据|之前|之后|时候|什么|怎么|这个|那个|不会"
    "|[的了在和与并及或对把将向从让使给为以而且也都就先再又是有会能可要应被其之所等时中上下里后前到着过地得个各每该此们他她它我您你]"
)
_HAN = re.compile(r"[一-鿿]+")


def cues_from(description: str, language: Language) -> tuple[str, ...]:
    """At most MOST_CUES cues, forms of one word as alternatives between `|`; the whole text if no word says a thing."""
    found = _english(description) if language is Language.ENGLISH else _chinese(description)
    return tuple(dict.fromkeys(found))[:MOST_CUES] or (description.replace("|", " ").strip(" .。"),)


def content_words(text: str, language: Language) -> set[str]:
    """Every form of every word that says what a text is about."""
    found = _english(text) if language is Language.ENGLISH else _chinese(text)
    return {form for cue in found for form in cue.split("|")}


def _english(text: str) -> list[str]:
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())
    return ["|".join(_forms(word)) for word in words if len(word) >= _SHORTEST_ENGLISH and word not in _EMPTY_ENGLISH]


def _forms(word: str) -> list[str]:
    base = _base(word)
    if base.endswith("e"):
        regular = [base, f"{base}s", f"{base}d", f"{base[:-1]}ing"]
    elif re.search(r"[^aeiou]y$", base):
        regular = [base, f"{base[:-1]}ies", f"{base[:-1]}ied", f"{base}ing"]
    elif re.search(r"(?:s|x|z|ch|sh)$", base):
        regular = [base, f"{base}es", f"{base}ed", f"{base}ing"]
    elif re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", base):
        regular = [base, f"{base}s", f"{base}{base[-1]}ed", f"{base}{base[-1]}ing"]
    else:
        regular = [base, f"{base}s", f"{base}ed", f"{base}ing"]
    if base in _IRREGULAR:
        regular = [form for form in regular if not form.endswith("ed")] + _IRREGULAR[base]
    return list(dict.fromkeys([*regular, word]))


def _base(word: str) -> str:
    """The word without its ending, as far as rules tell."""
    if word.endswith("ies") and len(word) > len("ties"):
        return f"{word[:-3]}y"
    if re.search(r"(?:ss|x|z|ch|sh)es$", word):
        return word[:-2]
    if word.endswith("s") and not re.search(r"(?:ss|us|is)$", word):
        return word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and re.search(r"[aeiou].*[^aeiou]$", stem):
            if re.search(r"([^aeiouls])\1$", stem):
                return stem[:-1]
            return f"{stem}e" if re.search(r"[vcgzu]$|[^aeiou][aeiou]t$|[aeiou]s$", stem) else stem
    return word


def _chinese(text: str) -> list[str]:
    pieces = [piece for run in _HAN.findall(text) for piece in _EMPTY_CHINESE.split(run) if len(piece) >= _PAIR]
    return ["|".join(_pairs(piece)) for piece in pieces]


def _pairs(piece: str) -> list[str]:
    """Words of two characters where the piece divides evenly, else all pairs."""
    step = _PAIR if len(piece) % _PAIR == 0 else 1
    return list(dict.fromkeys(piece[at : at + _PAIR] for at in range(0, len(piece) - 1, step)))
