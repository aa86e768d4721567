"""HTML in, PDF out, in a process of its own: laying out a long report takes seconds that no interview may wait for.

Run as `python -m server.pdf`: HTML on standard input, the PDF on standard output. Only user of WeasyPrint.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

from server.errors import UserError

STYLES = Path(__file__).parents[1] / "web" / "static" / "print.css"
SECONDS = 90
MEMORY_BYTES = 2 << 30
"""Address space of the process; WeasyPrint takes some 200 MB for 60 pages."""
NO_PANGO = 3
"""Exit status: the system's library for laying out text is missing."""
AT_ONCE = asyncio.Semaphore(2)


async def pdf_of(html: str) -> bytes:
    """The pages as a tagged PDF (PDF/UA-1). Raises UserError pdf_needs_pango (501), pdf_failed (500)."""
    async with AT_ONCE:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.pdf",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=STYLES.parents[2],
        )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS):
                made, _ = await child.communicate(html.encode())
        except TimeoutError:
            raise UserError("pdf_failed", status=500) from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    if child.returncode == NO_PANGO:
        raise UserError("pdf_needs_pango", status=501)
    if child.returncode != 0 or not made.startswith(b"%PDF-"):
        raise UserError("pdf_failed", status=500)
    return made


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    """A report has nothing to fetch: whatever a candidate's words look like, no address is asked for."""
    raise ValueError("nothing is fetched")


def main() -> None:
    """Reads, lays out, writes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        import weasyprint
    except OSError:
        sys.exit(NO_PANGO)
    document = weasyprint.HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=_refuse)
    document.write_pdf(sys.stdout.buffer, stylesheets=[weasyprint.CSS(filename=STYLES)], pdf_variant="pdf/ua-1")


if __name__ == "__main__":
    main()
