"""What a candidate's sound and picture cost the server, on one core, beside aiortc's own ways of receiving.

Each run has a receiver in a process pinned to one core, and senders in another on the other cores that send the same
packets, encoded before: 640x480 VP8 at 30 frames a second with 600 kbit/s, and Opus. The modes:

ours                our peer: encoded frames passed through into a recording, sound decoded for recognition, about one
                    picture a second decoded to RGB. The face analysis has a process of its own in the server as well,
                    and is not part of this mode
ours_with_faces     the same, and the pictures are analysed: the analysis' process runs on the same core and counts
media_recorder_mp4  aiortc as it comes, with its MediaRecorder into MP4
decode_only         aiortc as it comes, every track read and dropped

others_on_core      what else kept the receiver's core busy, the network's interrupts included: hardly anything in rest
sender_kept_up      whether every packet left, and in time: else the figures of that run are the sender's

viewer_cpu          what one live viewer of a session adds, as a share of a core: four at once, on and off in turn
cpu_per_session     user and system time, all threads and children, as a share of a core, by sessions
audio_frames_lost   of the 20 ms frames sent in the window, those that had not reached their reader 1 s after its end
                    (MediaRecorder, or who hears for recognition)
kept_up             lag p99 at most 20 ms and no frame lost. Behind that, cpu_per_session understates the need: the
                    core has no more to give. Ratios are therefore taken at the largest number that the other mode
                    carries; the others are listed by sessions
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Collection, Sequence
from statistics import median

from scripts.benchmarks.sessions.child import Child
from scripts.benchmarks.sessions.figures import Run, carried, ratio, ratios_by_sessions
from scripts.benchmarks.sessions.gauges import GRACE_S, PACKETS_A_SECOND
from scripts.benchmarks.streaming.peer_process import PeerFailed

MODES = {
    "ours": "scripts.benchmarks.sessions.ours",
    "ours_with_faces": "scripts.benchmarks.sessions.ours",
    "media_recorder_mp4": "scripts.benchmarks.sessions.plain",
    "decode_only": "scripts.benchmarks.sessions.plain",
}
WARM_UP_S = 5.0
SATURATED_S = 6.0
"""How long a mode is measured that fell behind with fewer sessions: what it cannot read fills the memory."""
VIEWED_S, SETTLED_S = 4.0, 1.0
VIEWERS = 4
"""Live viewers of the one session whose additional cost is measured; the figure is for one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    numbers = [1, 8, 12, 16, 20, 24]
    parser.add_argument("--sessions", type=_numbers, default=numbers, help="how many at once: 1,8,16 (default: to 24)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    parser.add_argument("--modes", type=_modes, default=list(MODES), help="which, separated by commas (default: all)")
    parser.add_argument("--viewer-pairs", type=int, default=12, help="with and without live viewers, so often; 0: not")


def _numbers(text: str) -> list[int]:
    numbers = sorted({int(part) for part in text.split(",")})
    if numbers[0] < 1:
        raise argparse.ArgumentTypeError("at least one session")
    return numbers


def _modes(text: str) -> list[str]:
    modes = text.split(",")
    if unknown := [mode for mode in modes if mode not in MODES]:
        raise argparse.ArgumentTypeError(f"there is no mode {unknown[0]}; there are: {', '.join(MODES)}")
    return modes


def run(sessions: list[int], seconds: float, modes: list[str], viewer_pairs: int) -> dict[str, object]:
    """Measures every mode with every number of sessions. Raises PeerFailed where that cannot be done."""
    receiving, sending = cores()
    return asyncio.run(measure(receiving, sending, sessions, seconds, modes, viewer_pairs))


def cores() -> tuple[set[int], set[int]]:
    """(the receiver's core, the senders' cores). Raises PeerFailed on a machine with one."""
    there = sorted(os.sched_getaffinity(0))
    if len(there) < 2:
        raise PeerFailed("the receiver needs a core of its own, and this machine has one in all")
    return {there[0]}, set(there[1:])


async def measure(
    receiving: Collection[int],
    sending: Collection[int],
    sessions: Sequence[int],
    seconds: float,
    modes: Sequence[str],
    viewer_pairs: int,
) -> dict[str, object]:
    """All runs, one after the other."""
    runs: list[Run] = []
    for mode in modes:
        fell_behind = False
        for number in sessions:
            for_s = min(SATURATED_S, seconds) if fell_behind else seconds
            done = await one(receiving, sending, mode, number, for_s)
            fell_behind = fell_behind or not done.kept_up
            runs.append(done)
            print(done.sentence(), flush=True)
    viewer = await viewers(receiving, sending, viewer_pairs) if viewer_pairs else {}
    return {
        "machine": machine(),
        "runs": [done.figures() for done in runs],
        "ratios": {
            "cpu_vs_media_recorder": ratio(runs, "ours", "media_recorder_mp4"),
            "cpu_vs_decode_only": ratio(runs, "ours", "decode_only"),
            "by_sessions": ratios_by_sessions(runs, "ours", ("media_recorder_mp4", "decode_only")),
        },
        "sessions_on_one_core": {mode: carried(runs, mode) for mode in modes},
        **viewer,
    }


async def one(receiving: Collection[int], sending: Collection[int], mode: str, sessions: int, seconds: float) -> Run:
    """One mode with so many sessions, in fresh processes."""
    async with (
        Child(MODES[mode], receiving, mode) as receiver,
        Child("scripts.benchmarks.sessions.sender", sending) as sender,
    ):
        before_mb = await receiver.ask("memory")
        await connect(receiver, sender, sessions)
        await receiver.ask("begin")
        await asyncio.sleep(min(WARM_UP_S, seconds))
        received, sent = await asyncio.gather(
            receiver.ask("measure", seconds=seconds), sender.ask("measure", seconds=seconds)
        )
    return Run.of(mode, sessions, before_mb, received, sent)


async def connect(receiver: Child, sender: Child, sessions: int) -> None:
    """So many sessions, one after the other. Raises PeerFailed when one does not come about."""
    for number in range(sessions):
        answer = await receiver.ask("answer", offer=await sender.ask("offer"))
        if not await sender.ask("accept", answer=answer):
            raise PeerFailed(f"session {number + 1} of {sessions} did not connect within 20 s")
    for _ in range(100):
        if await receiver.ask("flowing") == sessions:
            return
        await asyncio.sleep(0.1)
    raise PeerFailed("sound did not arrive in every session within 10 s")


async def viewers(receiving: Collection[int], sending: Collection[int], pairs: int) -> dict[str, object]:
    """What a live viewer of one session adds: alternately with and without, median of the differences."""
    differences: list[float] = []
    packets = 0
    async with (
        Child(MODES["ours"], receiving, "ours") as receiver,
        Child("scripts.benchmarks.sessions.sender", sending) as sender,
        Child("scripts.benchmarks.sessions.viewers", sending) as watching,
    ):
        await connect(receiver, sender, 1)
        await asyncio.sleep(WARM_UP_S)
        for _ in range(pairs):
            without = await receiver.ask("measure", seconds=VIEWED_S)
            for _ in range(VIEWERS):
                answer = await receiver.ask("watch", offer=await watching.ask("offer"))
                if not await watching.ask("accept", answer=answer):
                    raise PeerFailed("a viewer did not connect within 20 s")
            await asyncio.sleep(SETTLED_S)
            before = await watching.ask("packets")
            viewed = await receiver.ask("measure", seconds=VIEWED_S)
            packets += await watching.ask("packets") - before
            await receiver.ask("leave")
            await watching.ask("leave")
            await asyncio.sleep(SETTLED_S)
            differences.append((viewed["cpu"] - without["cpu"]) / VIEWERS)
    if packets < pairs * VIEWERS * VIEWED_S * PACKETS_A_SECOND:
        raise PeerFailed("the viewers did not get what they were to get")
    print(f"a live viewer adds {median(differences):.2%} of a core", flush=True)
    return {
        "viewer_cpu": round(median(differences), 4),
        "viewer_cpu_each_pair": sorted(round(difference, 4) for difference in differences),
        "viewer_packets_a_second": round(packets / (pairs * VIEWERS * (VIEWED_S + GRACE_S))),
    }


def machine() -> dict[str, object]:
    """Which processor."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return {"processor": model, "cores": os.cpu_count()}
