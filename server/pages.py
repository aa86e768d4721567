"""HTML pages: Jinja2 templates of `web/templates` with the reader's texts, and the files of `web/static`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from question_flows.model import Language
from server.i18n import LANGUAGE_COOKIE, MESSAGES, Messages, language_of
from server.keys import SETTINGS

WEB = Path(__file__).parent.parent / "web"

LANGUAGE_NAMES = {Language.ENGLISH: "English", Language.CHINESE: "简体中文"}


def setup_templates(app: web.Application) -> None:
    """Puts the catalogue (unless it is there), the templates and `/static` into the app."""
    if MESSAGES not in app:
        app[MESSAGES] = Messages()
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app.router.add_static("/static", WEB / "static")
    app.on_response_prepare.append(_revalidate_static)


async def _revalidate_static(request: web.Request, response: web.StreamResponse) -> None:
    """Browsers ask again before they use a kept script, so that a page never mixes two versions."""
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"


def page_language(request: web.Request, preferred: Language | None = None) -> Language:
    """The reader's own choice (`?lang=`, cookie), else preferred, else what the browser asks for."""
    chosen = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if preferred is not None and chosen not in {language.value for language in Language}:
        return preferred
    return language_of(request, request.app[SETTINGS].language)


def render(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    preferred_language: Language | None = None,
    **context: Any,
) -> web.Response:
    """The page. In the template: `t('file.key', name=…)`, `lang`, `languages`, `messages_json('file', …)`, and context.

    `?lang=` on any page is kept as the reader's choice. Raises KeyError for a text that the catalogue lacks.
    """
    language = page_language(request, preferred_language)
    html = aiohttp_jinja2.render_string(template, request, {**texts(request, language), **context})
    response = web.Response(text=html, status=status, content_type="text/html", charset="utf-8")
    response.headers["Cache-Control"] = "no-store"
    # A page with its interview and its texts is five times as large without.
    response.enable_compression()
    if request.query.get("lang") == language.value:
        secure = request.scheme == "https"
        response.set_cookie(
            LANGUAGE_COOKIE, language.value, max_age=365 * 86400, samesite="Lax", secure=secure, httponly=True
        )
    return response


def texts(request: web.Request, language: Language) -> dict[str, Any]:
    """What every template can use, beside its own context: `t`, `lang`, `languages`, `messages_json`."""
    catalogue = request.app[MESSAGES]

    def t(key: str, **params: object) -> str:
        return catalogue.text(language, key, {name: str(value) for name, value in params.items()})

    def messages_json(*sections: str) -> Markup:
        text = json.dumps(catalogue.section(language, *sections), ensure_ascii=False)
        # "<" is the one character that could end a script element from within.
        return Markup(text.replace("<", "\\u003c"))

    return {
        "t": t,
        "lang": language.value,
        "languages": [
            (other.value, name, str(request.rel_url.update_query(lang=other.value)))
            for other, name in LANGUAGE_NAMES.items()
        ],
        "messages_json": messages_json,
    }
