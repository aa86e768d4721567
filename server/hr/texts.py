"""What several of HR's pages need: the reader's language, JSON for a page's script, whether speech is recognised."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from markupsafe import Markup

from server.errors import UserError
from server.i18n import MESSAGES
from server.interview.engine import recognition_json as engine_json
from server.keys import ENGINE, INTERVIEWS, SETTINGS
from server.pages import page_language
from server.recognition import uses_synthetic_model


def json_for_script(value: object) -> Markup:
    """JSON to stand in a script element; "<" is the one character that could end it from within."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))


def recognition_json(app: web.Application) -> dict[str, Any]:
    """Whether speech is recognised, whether by a model that is for tests only, and whether there is room for more."""
    engine = app[ENGINE]
    synthetic = uses_synthetic_model(app[SETTINGS])
    full = app[INTERVIEWS].room.refusal() is not None
    return {**engine_json(engine), "synthetic": synthetic, "full": full}


def sentence(request: web.Request, error: UserError | None) -> str:
    """What went wrong, in the reader's language; empty when nothing did."""
    if error is None:
        return ""
    return request.app[MESSAGES].text(page_language(request), f"error.{error.code}", error.params)
