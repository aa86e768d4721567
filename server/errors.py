"""Errors that a person can act on: a code with its sentence in `web/locales`, a status, the field at fault."""

from __future__ import annotations

from collections.abc import Mapping


class UserError(Exception):
    """Refuses a request and changes nothing.

    code: key `error.<code>` in the catalogue. status: HTTP status. params: what fills the text's {placeholders}.
    retry_after_s: when asking again may be answered otherwise, as the header Retry-After.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int = 400,
        field: str | None = None,
        params: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.field = field
        self.params = dict(params or {})
        self.retry_after_s = retry_after_s
