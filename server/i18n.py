"""Texts of pages and errors, from `web/locales/<language>/*.json`, and which language a request wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from babel import negotiate_locale

from question_flows.model import Language

LOCALES = Path(__file__).parent.parent / "web" / "locales"

LANGUAGE_COOKIE = "language"


class Messages:
    """The catalogue. Keys are dotted (`error.link_used`); a file `candidate.json` holds the keys `candidate.…`."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._texts: dict[Language, dict[str, str]] = {
            language: {
                f"{path.stem}.{key}": text
                for path in sorted((folder / language.value).glob("*.json"))
                for key, text in json.loads(path.read_text(encoding="utf-8")).items()
            }
            for language in Language
        }

    def text(self, language: Language, key: str, params: Mapping[str, str] | None = None) -> str:
        """The text with its {placeholders} filled. Raises KeyError for an unknown key."""
        return self._texts[language][key].format_map(params or {})

    def section(self, language: Language, *sections: str) -> dict[str, str]:
        """All texts of these files (`candidate`, `common`), for a page's script."""
        return {key: text for key, text in self._texts[language].items() if key.split(".", 1)[0] in sections}

    def keys(self, language: Language) -> frozenset[str]:
        """Every key this language has; a test holds the languages equal."""
        return frozenset(self._texts[language])


MESSAGES = web.AppKey("messages", Messages)


def language_of(request: web.Request, default: Language) -> Language:
    """The language of this request: `?lang=`, then the cookie, then Accept-Language, then the default."""
    for wanted in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in {language.value for language in Language}:
            return Language(wanted)
    accepted = [part.split(";")[0].strip() for part in request.headers.get("Accept-Language", "").split(",")]
    found = negotiate_locale([tag for tag in accepted if tag], ["en", "zh-CN", "zh"], sep="-")
    if found is None:
        return default
    return Language.CHINESE if found.startswith("zh") else Language.ENGLISH
