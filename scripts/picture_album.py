"""Where pictures of the pages go: each at desktop and at phone width, and the list that shows them all."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from playwright.async_api import Page

from question_flows.model import Language
from scripts.local_server import ROOT

PICTURES = ROOT / "web" / "pictures"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

TITLES = {
    "landing": "The invitation",
    "consent": "Consent, purpose by purpose",
    "check": "The device check",
    "practice": "The practice question",
    "thinking": "Thinking time",
    "question": "A question with its hint, answered by voice with captions",
    "role-play": "A role-play",
    "follow-up": "Asked further",
    "code": "Code",
    "help": "Calling for help",
    "watched": "While somebody at the company watches",
    "paused": "Paused",
    "rest": "The rest between two rounds",
    "fact": "A question of fact",
    "transcript-check": "The check of what was heard",
    "done": "The end",
    "survey": "The survey",
    "welcome": "HR's first sign-in",
    "sign-in": "HR's sign-in",
    "wall-empty": "HR's wall before the first interview",
    "invite": "HR invites",
    "wall": "HR's wall",
    "monitor": "An interview, live",
    "monitor-live": "The candidate, live",
    "monitor-end": "An interview at its end",
    "report": "The report",
    "report-recording": "The report's recording",
    "review": "The review room",
    "report-people": "Machine, people and both",
    "feedback": "Feedback for the candidate",
    "print": "The report for paper",
    "interviews": "All interviews",
    "candidates": "All candidates",
    "candidate": "A candidate, with the résumé as it was read",
    "jobs": "All jobs",
    "job": "A job",
    "compare": "Candidates side by side",
    "invite-many": "Inviting from a spreadsheet, with bad rows",
    "flows": "All question flows",
    "flow": "A question flow",
    "process": "Where every application stands",
    "application": "One application",
    "rules": "What happens by itself",
    "deliveries": "What was delivered to whom",
    "message": "One message and its attempts",
    "connections": "Connected systems",
    "connection-new": "Connecting a system",
    "api-keys": "Keys of the API",
    "people": "Who may use the console",
    "account": "One's own account",
    "audit": "The audit trail",
}
"""What each picture of the album shows, in the album's order."""
VARIANTS = {"": "English", "-phone": "English, phone", "-zh": "简体中文", "-phone-zh": "简体中文，手机"}
"""What pictures' names end with: width, then language."""


class Album:
    """The pictures of one language."""

    def __init__(self, folder: Path, language: Language) -> None:
        self._folder = folder
        self._language = language
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, page: Page, name: str, *, show: str = "answer-panel") -> None:
        """The page as it is, at desktop and at phone width. show: the data-testid of what must be in sight."""
        for kind, size in (("", DESKTOP), ("-phone", PHONE)):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            # A page that was narrow from the start would have scrolled there by itself.
            await page.evaluate(
                "(id) => document.querySelector(`[data-testid=${id}]`)?.scrollIntoView({ block: 'nearest' })", show
            )
            await page.wait_for_timeout(350)
            suffix = "" if self._language is Language.ENGLISH else "-zh"
            await page.screenshot(path=self._folder / f"{name}{kind}{suffix}.png", full_page=name == "report-whole")
        await page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def written_album(names: Collection[str]) -> str:
    """The list as Markdown; names: the pictures that there are."""
    lines = [
        "# Every page",
        "",
        "Taken by `scripts/take_pictures` in real interviews with synthetic speech: each page at desktop and phone",
        "width, in both languages.",
    ]
    for name, title in TITLES.items():
        found = [(heading, name + ending) for ending, heading in VARIANTS.items() if name + ending in names]
        if not found:
            continue
        lines += [
            "",
            f"## {title}",
            "",
            f"| {' | '.join(heading for heading, _ in found)} |",
            "| --- " * len(found) + "|",
        ]
        lines += [f"| {' | '.join(f'![{title}]({picture}.webp)' for _, picture in found)} |"]
    return "\n".join(lines) + "\n"
