"""Accessibility findings of a page as it stands: axe-core's rules, run in the page without loosening its policy."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.async_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

GRAVE = frozenset({"serious", "critical"})

WANTED = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, where: nodes.map((node) => `${node.target.join(" ")}: ${node.html.slice(0, 160)}`) }));
}"""


async def violations(page: Page) -> list[dict[str, Any]]:
    """What the rules find, each with its id, impact (minor to critical), help and the elements at fault.

    Evaluated by the debugger's protocol, which a content security policy does not stop: the page keeps its own.
    """
    if not await page.evaluate("() => Boolean(window.axe)"):
        # The bundle ends without a value that could be handed over.
        await page.evaluate(AXE + "\n;undefined")
    # Colours in the middle of a transition are not those that people read.
    await page.evaluate("() => Promise.all(document.getAnimations().map((moving) => moving.finished.catch(() => {})))")
    found: list[dict[str, Any]] = await page.evaluate(_RUN, list(WANTED))
    return found


async def expect_accessible(page: Page, name: str) -> None:
    """Asserts that nothing serious or critical is found on the page; name: of the screen, for the message."""
    grave = [finding for finding in await violations(page) if finding["impact"] in GRAVE]
    told = "\n".join(f"- {f['id']} ({f['impact']}): {f['help']}\n  " + "\n  ".join(f["where"]) for f in grave)
    assert not grave, f"{name} ({page.url}):\n{told}"
