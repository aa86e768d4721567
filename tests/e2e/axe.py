"""Accessibility findings of a page as it stands: axe-core's rules, run in the page without loosening its policy."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any, Literal

from playwright.async_api import Page, ViewportSize

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

LONGEST_LOOK_S = 60.0

GRAVE = frozenset({"serious", "critical"})

WANTED = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)

_RUN = """async ({ tags, rules }) => {
  // Colours in the middle of a transition are not those that people read. A new colour scheme moves an element, then
  // those that inherit from it: it is over when a few frames bring nothing more. What moves for ever is let move, and
  // so is what begins anew with everything that is said.
  const until = performance.now() + 3000;
  const later = () => new Promise((done) => setTimeout(done, Math.max(0, until - performance.now())));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const moving = () => document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  for (let calm = 0; calm < 3 && performance.now() < until; calm += 1) {
    await frame();
    if (!moving().length) continue;
    await Promise.race([later(), Promise.all(moving().map((one) => one.finished.catch(() => {})))]);
    calm = 0;
  }
  const found = await axe.run(document, { runOnly: rules ?? tags, resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, where: nodes.map(({ target, html, failureSummary }) =>
      `${target.join(" ")}: ${html.slice(0, 160)} ${failureSummary}`) }));
}"""


async def violations(page: Page, rules: list[str] | None = None) -> list[dict[str, Any]]:
    """What the rules find, each with its id, impact (minor to critical), help and the elements at fault.

    rules: ids of those that are run; None: all of WANTED. Evaluated by the debugger's protocol, which a content
    security policy does not stop: the page keeps its own.
    """
    if not await page.evaluate("() => Boolean(window.axe)"):
        # The bundle ends without a value that could be handed over.
        await page.evaluate(AXE + "\n;undefined")
    found: list[dict[str, Any]] = await page.evaluate(_RUN, {"tags": list(WANTED), "rules": rules})
    return found


async def expect_accessible(page: Page, name: str, *, all_colours: bool = True) -> None:
    """Asserts that nothing serious or critical is found, and that a phone shows the page without scrolling sideways.

    All rules at a desktop's width in light colours and at a phone's in dark ones with little motion; those of colour in
    the other two combinations, unless all_colours is False. name: of the screen, for the message. The page keeps its
    size and its colours.
    """
    size = page.viewport_size
    colours = ["color-contrast", "link-in-text-block"]
    looks: tuple[
        tuple[ViewportSize, Literal["light", "dark"], Literal["no-preference", "reduce"], list[str] | None], ...
    ]
    looks = (
        (DESKTOP, "light", "no-preference", None),
        (DESKTOP, "dark", "no-preference", colours),
        (PHONE, "dark", "reduce", None),
        (PHONE, "light", "reduce", colours),
    )
    for width, scheme, motion, rules in looks:
        if rules is not None and not all_colours:
            continue
        await page.set_viewport_size(width)
        await page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        where = f"{name} ({page.url}, {width['width']} px, {scheme})"
        async with asyncio.timeout(LONGEST_LOOK_S):  # What runs in the page has no limit of its own.
            grave = [finding for finding in await violations(page, rules) if finding["impact"] in GRAVE]
            if grave:
                # A page that lives may have been in the middle of something.
                await asyncio.sleep(1)
                grave = [finding for finding in await violations(page, rules) if finding["impact"] in GRAVE]
        told = "\n".join(f"- {f['id']} ({f['impact']}): {f['help']}\n  " + "\n  ".join(f["where"]) for f in grave)
        assert not grave, f"{where}:\n{told}"
        wider = await page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{where}: {wider} px wider than the screen"
    await page.emulate_media(color_scheme="null", reduced_motion="null")
    if size is not None:
        await page.set_viewport_size(size)
