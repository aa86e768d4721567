"""Reads one résumé in a process of its own: `python -m server.resumes.reading`, file on stdin, JSON on stdout.

Whatever the file does to the parsers, it does to this process, which may use little and ends soon: limits are set
before anything is read. The answer is `{"resume": …}` or `{"error": code}`; no answer means that a limit was met.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from typing import Any

from server.resumes import limits

_LIMITS = (
    (resource.RLIMIT_AS, limits.MEMORY),
    (resource.RLIMIT_CPU, limits.CPU_SECONDS),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, limits.OPEN_FILES),
    (resource.RLIMIT_NPROC, 0),
    (resource.RLIMIT_CORE, 0),
)


_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "pty.", "urllib.")


def main() -> None:
    """Reads stdin, writes one line of JSON."""
    for kind, most in _LIMITS:
        resource.setrlimit(kind, (most, most))
    sys.addaudithook(_refuse)
    content = sys.stdin.buffer.read(limits.LARGEST_FILE + 1)
    sys.stdout.write(json.dumps(_answer(content)))


def _refuse(event: str, _: object) -> None:
    """Reading a file reaches no network and starts nothing, whatever a parser is made to try."""
    if event.startswith(_REFUSED):
        raise PermissionError(event)


def _answer(content: bytes) -> dict[str, Any]:
    # Only now: with the limits on, and what one kind needs is not loaded for another.
    from server.resumes.extraction import extracted
    from server.resumes.kinds import Unreadable, kind_of

    try:
        return {"resume": asdict(extracted(kind := kind_of(content), _lines(kind, content)))}
    except Unreadable as error:
        return {"error": error.code}
    except MemoryError:
        return {"error": "resume_bomb"}
    except Exception:  # noqa: BLE001
        # Parsers of foreign formats raise anything at all on damaged files; this process knows nothing else to do.
        return {"error": "resume_damaged"}


def _lines(kind: Any, content: bytes) -> Any:
    from server.resumes.resume import Kind

    if kind is Kind.PDF:
        from server.resumes.pdf_text import pdf_lines

        return pdf_lines(content)
    if kind is Kind.DOCX:
        from server.resumes.docx_text import docx_lines

        return docx_lines(content)
    from server.resumes.kinds import text_of

    if kind is Kind.JSON_RESUME:
        from server.resumes.json_resume import json_lines

        return json_lines(text_of(content))
    from server.resumes.lines import numbered

    # A form feed ends a page.
    return numbered(page.splitlines() for page in text_of(content).split("\f"))


if __name__ == "__main__":
    main()
