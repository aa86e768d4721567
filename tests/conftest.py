"""Which process gets which file when all tests run: two browsers at a time, the long files first. No test is timed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# A busy machine is no fault of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

BROWSERS = ("scripts.browsers", "playwright")
"""What a file imports that has browsers, which need more than one core."""
MOST_BROWSERS = 2
"""Processes that may have browsers side by side while anything else is left; with more, pages become too slow."""
LONG = ("tests/workers/", "tests/media/", "tests/interview/", "tests/recordings/")
"""Folders whose tests wait for real time to pass; left for the end, one process would wait alone."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """A real Odoo 19 for the tests that are otherwise asked of a fake only."""
    group = parser.getgroup("odoo", "a real Odoo 19, beside the fake")
    group.addoption("--odoo", metavar="URL", help="address of an Odoo 19 with recruitment and its skills")
    group.addoption("--odoo-database", metavar="NAME", help="its database")
    group.addoption("--odoo-key", metavar="KEY", help="API key of its administrator")


def next_file(waiting: Iterable[str], browsers: Iterable[str], *, enough_browsers: bool) -> str:
    """The waiting file a process gets. browsers: those of the files that start browsers, which are the longer half."""
    starting = set(browsers)
    return min(waiting, key=lambda file: ((file in starting) is enough_browsers, not file.startswith(LONG)))


@cache
def starts_browsers(file: Path) -> bool:
    """Whether the tests of this file start browsers."""
    return "e2e" in file.parts or any(name in file.read_text() for name in BROWSERS)


class FewBrowsers(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types.
    """Files as a whole, as `--dist loadfile` has it; three with browsers side by side only when nothing else is left.

    Most tests wait for time to pass: more processes than cores are fine while not all of them have a browser.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        elsewhere = sum(
            any(self._starts_browsers(file) and not all(tests.values()) for file, tests in files.items())
            for other, files in self.assigned_work.items()
            if other is not node
        )
        browsers = [file for file in self.workqueue if self._starts_browsers(file)]
        chosen = next_file(self.workqueue, browsers, enough_browsers=elsewhere >= MOST_BROWSERS)
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)

    def _starts_browsers(self, file: str) -> bool:
        return starts_browsers(Path(self.config.rootpath, file))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Takes the place of xdist's own `--dist loadfile`, and of no other distribution."""
    return FewBrowsers(config, log) if config.getvalue("dist") == "loadfile" else None
