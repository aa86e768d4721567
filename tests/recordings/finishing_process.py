"""A server's process that finishes one interview's recording and dies by SIGKILL at a named step. Started by tests."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from server.interview.events import RecordingStored
from server.recordings import finisher
from server.recordings.making import Job
from server.recordings.spool import Spool
from server.recordings.store import StoreAddress
from tests.recordings.conftest import house_in


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingSpool(Spool):
    """Dies when it is to remove an interview, before or in the middle of it."""

    half = False

    def remove(self, interview_id: str) -> None:
        if type(self).half:
            for segment in self.of_interview(interview_id).glob("*.segment"):
                segment.unlink()
        die()


class DyingFinisher(finisher.Finisher):
    """Dies at the step."""

    step = ""

    async def _stored(self, interview_id: str, stored: RecordingStored) -> None:
        if self.step == "made":
            die()
        await super()._stored(interview_id, stored)
        if self.step == "logged":
            die()


async def main(folder: Path, step: str, job: str) -> None:
    """Looks once; dies."""
    place = Job.from_json(job).address if job else StoreAddress(folder / "recordings")
    async with house_in(folder, place) as house:
        DyingFinisher.step, DyingSpool.half = step, step == "half removed"
        spool = DyingSpool(house.spool.folder) if "removed" in step else house.spool
        one = DyingFinisher(spool, place, house.keys, house.log, house.hub)
        one._now = house.finisher()._now
        await one.look()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
