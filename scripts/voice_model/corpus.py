"""Sentences made of the words of the flows' sample answers: recombined, walked through and shuffled."""

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("en", "zh-CN")
HELD_OUT_SHARE = 10  # one sentence in ten, by its hash, is for tests only
TAUGHT = ("customer_service", "software_engineer")
"""The flows whose spoken sample answers the model learns; others that it hears are made of their words."""
WRITTEN = ("text", "code")
"""Kinds of question whose answers are never spoken."""
_CLAUSE = re.compile(r"[^,.，。、？?！!；;：:]+[,.，。、？?！!；;：:]?")
_CLAUSE_ENDS = ",.，。、？?！!；;：:"


def load_answers(flows: Path) -> dict[str, list[str]]:
    """Read every spoken `sample_answers` text of the taught flows, YAML files in the folder `flows`, by language."""
    answers: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for path in [flows / f"{flow}.yaml" for flow in TAUGHT]:
        for found in _sample_answers(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for language in LANGUAGES:
                answers[language].extend(" ".join(text.split()) for text in _texts(found.get(language, [])))
    return answers


def _sample_answers(node: Any) -> Iterator[dict[str, Any]]:
    """Find the mappings under the key `sample_answers`, or a list of such mappings, anywhere in a flow."""
    if isinstance(node, list):
        for item in node:
            yield from _sample_answers(item)
    if not isinstance(node, dict) or node.get("kind") in WRITTEN:
        return
    for key, value in node.items():
        if key == "sample_answers":
            yield from (item for item in (value if isinstance(value, list) else [value]))
        else:
            yield from _sample_answers(value)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        for item in node.values():
            yield from _texts(item)


def is_held_out(sentence: str) -> bool:
    """Whether a sentence is kept for tests: decided by a hash of its words without punctuation."""
    words = "".join(character for character in sentence.lower() if character.isalnum())
    return hashlib.sha256(words.encode()).digest()[0] % HELD_OUT_SHARE == 0


class SentenceMaker:
    """Makes new sentences of one language out of its sample answers."""

    def __init__(self, language: str, answers: list[str], rng: random.Random) -> None:
        self._chinese = language == "zh-CN"
        self._rng = rng
        self._sentences: list[str] = [
            part.strip() for answer in answers for part in re.findall(r"[^.。]+[.。]?", answer) if part.strip()
        ]
        self.answered = frozenset(self._sentences)
        self._clauses = [part.strip() for answer in answers for part in _CLAUSE.findall(answer) if part.strip()]
        self._units = [self._split(clause) for clause in self._clauses]
        self._stop = "。" if self._chinese else "."
        self._comma = "，" if self._chinese else ","
        self._next: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for units in self._units:
            for index, unit in enumerate(units[1:], 1):
                self._next[(units[index - 1],)].append(unit)
        self._words = sorted({unit for units in self._units for unit in units})

    def _split(self, clause: str) -> list[str]:
        bare = clause.strip(_CLAUSE_ENDS + " ")
        return list(bare.replace(" ", "")) if self._chinese else bare.split()

    def _join(self, units: list[str]) -> str:
        return ("" if self._chinese else " ").join(units)

    def may_train(self, sentence: str) -> bool:
        """Whether the model may be trained on a sentence: the answers' own ones, and those not held out."""
        return sentence in self.answered or not is_held_out(sentence)

    def answer(self) -> str:
        """A sentence as it stands in an answer."""
        return self._rng.choice(self._sentences)

    def clauses(self) -> str:
        """Clauses of different answers, one after the other."""
        chosen = self._rng.sample(self._clauses, min(len(self._clauses), self._rng.choice((1, 1, 2, 2, 2, 3))))
        return self._sentence([clause.strip(_CLAUSE_ENDS + " ") for clause in chosen])

    def crossed(self) -> str:
        """The start of one clause and the end of another, joined where they share a word if they do."""
        first, second = self._rng.choice(self._units), self._rng.choice(self._units)
        shared = [unit for unit in first[1:-1] if unit in second[1:-1]]
        if shared:
            unit = self._rng.choice(shared)
            return self._sentence([self._join(first[: first.index(unit)] + second[second.index(unit) :])])
        return self._sentence([self._join(first[: self._rng.randint(1, len(first))] + second[len(second) // 2 :])])

    def walk(self) -> str:
        """A random walk over the pairs of neighbouring words (Chinese: characters) of the answers."""
        clauses = []
        for _ in range(self._rng.choice((1, 1, 2))):
            units = [self._rng.choice(self._units)[0] if self._rng.random() < 0.7 else self._rng.choice(self._words)]
            length = self._rng.randint(4, 18 if self._chinese else 12)
            while len(units) < length:
                following = self._next.get((units[-1],))
                units.append(self._rng.choice(following or self._words))
            clauses.append(self._join(units))
        return self._sentence(clauses)

    def pieces(self) -> str:
        """Pieces of one to four neighbouring words (Chinese: two to five characters), at random."""
        units: list[str] = []
        for _ in range(self._rng.randint(2, 6)):
            source = self._rng.choice(self._units)
            length = self._rng.randint(2, 5) if self._chinese else self._rng.randint(1, 4)
            start = self._rng.randrange(max(1, len(source) - length + 1))
            units += source[start : start + length]
        return self._sentence([self._join(units)])

    def words(self) -> str:
        """Single words at random; in Chinese, pairs of neighbouring characters, rare ones as often as common."""
        units: list[str] = []
        for _ in range(self._rng.randint(3, 11)):
            word = self._rng.choice(self._words)
            units.append(word)
            if self._chinese and self._next.get((word,)):
                units.append(self._rng.choice(self._next[(word,)]))
        return self._sentence([self._join(units)])

    def _sentence(self, clauses: list[str]) -> str:
        joiner = self._comma if self._chinese else self._comma + " "
        return joiner.join(clauses) + self._stop

    def sentence(self) -> str:
        """A sentence of any kind: what the model is trained on and, held out, tested with."""
        kinds = (self.answer, self.clauses, self.crossed, self.walk, self.pieces, self.words)
        return self._rng.choices(kinds, weights=(10, 20, 15, 25, 15, 15))[0]()

    def likely_sentence(self) -> str:
        """A sentence such as a person might say: clauses of answers, recombined or crossed."""
        return self._rng.choices((self.clauses, self.crossed, self.walk), weights=(50, 30, 20))[0]()
