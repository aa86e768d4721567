"""Words of the review room: where a browser finds each of them in the text of the page."""

from __future__ import annotations

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language
from server.hr.review_answers import _apart, _version


def test_words_beyond_the_basic_plane_are_counted_as_browsers_count() -> None:
    transcript = Transcript(Language.ENGLISH, (TranscriptWord("😀", 5, 9, 0.9), TranscriptWord("yes", 10, 15, 0.4)))
    version = _version(_apart(transcript), transcript.words, ())
    assert (version.words, version.unsure) == ((0, 2, 5, 4, 1, 3, 5, 5), ((1, 0.4),))
