"""Finding people and jobs by their names: upper and lower case, full and half width do not matter, in any script."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa

LONGEST = 600
MOST_WORDS = 8
"""Of what is searched for; words behind them are not looked at."""


def search_key(*texts: str) -> str:
    """What is kept beside the texts to find them by. It begins with the first, so that it also sorts by it."""
    return "\n".join(" ".join(plain(text).split()) for text in texts)[:LONGEST]


def plain(text: str) -> str:
    """The text without differences of case and width: ＡＤＡ is ada."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def holds_words(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether a column of search keys holds each word of the text, in any order."""
    words = plain(text).split()[:MOST_WORDS]
    return sa.and_(sa.true(), *(column.contains(word, autoescape=True) for word in words))
