"""Which language is spoken: fixed by the interview, or detected once and then locked. Pure.

A language detected anew with each decode flaps between two that sound alike (whisper_streaming#56).
"""

from __future__ import annotations

from question_flows.model import Language

CERTAIN_FROM = 0.8
"""A detection of this probability locks."""


class LanguageLock:
    """The language of one speaker. Made with a language, it is locked from the start."""

    def __init__(self, language: Language | None = None) -> None:
        self._locked = language
        self._likeliest: tuple[float, Language | None] = (0.0, None)

    @property
    def locked(self) -> Language | None:
        """The language that holds from now on, or None while it is still to be detected."""
        return self._locked

    @property
    def language(self) -> Language:
        """The locked one, else the likeliest so far, else English."""
        return self._locked or self._likeliest[1] or Language.ENGLISH

    def hear(self, language: Language, probability: float) -> None:
        """Takes a detection; the first certain one locks, later ones change nothing."""
        if self._locked is None:
            self._likeliest = max(self._likeliest, (probability, language), key=lambda detection: detection[0])
            if probability >= CERTAIN_FROM:
                self._locked = language
