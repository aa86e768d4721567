"""Drives ufal/whisper_streaming, from a checkout that the caller has, in a process of its own for each round."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.benchmarks.streaming.peer_process import environment, failed, peer_process, same_engine
from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.benchmarks.streaming.timeline import Heard, Round, timeline_of

RUNNER = Path(__file__).with_name("run_whisper_streaming.py")
MIN_CHUNK_S = 0.5
"""Its --min-chunk-size: the cadence that our partials have when the engine is not busy."""


class WhisperStreaming:
    """One loaded model, a thread for each client. threads: of CTranslate2, for one decode.

    Several clients may decode two at a time (num_workers), which its own server, of one client, never does.
    """

    name = "whisper_streaming"

    def __init__(self, checkout: Path, model: Path, threads: int) -> None:
        self._checkout = checkout.resolve()
        self._model = model.resolve()
        self._threads = threads
        self._python = environment(self.name, [], [*same_engine(), "librosa", "soundfile"])

    def play(self, interviews: Sequence[PacedInterview], *, paced: bool = True) -> Round:
        """Hear all at once. paced: as they are spoken; else chunk by chunk, as it decodes. Raises PeerFailed."""
        with tempfile.TemporaryDirectory(prefix="interview-bench-") as name:
            folder = Path(name)
            job, result, log = folder / "job.json", folder / "result.json", folder / "log"
            job.write_text(json.dumps(self._job(interviews, folder, paced)))
            with peer_process([self._python, "-P", RUNNER, job, result], log, {}) as process:
                process.wait()
            if not result.is_file():
                raise failed(self.name, log)
            noted = json.loads(result.read_text())
        timelines = [timeline_of(each) for each in noted["timelines"]]
        heard = tuple(Heard(said, seen) for said, seen in zip(interviews, timelines, strict=True))
        # It takes what has come by the clock: nothing hands it sound, so nothing can be late.
        return Round(heard, noted["cpu_s"], late_s=0.0)

    def _job(self, interviews: Sequence[PacedInterview], folder: Path, paced: bool) -> dict[str, object]:
        clients = []
        for index, each in enumerate(interviews):
            sound = folder / f"{index}.npy"
            np.save(sound, each.samples)
            clients.append({"language": each.language.whisper, "sound": str(sound)})
        return {
            "checkout": str(self._checkout),
            "model": str(self._model),
            "threads": self._threads,
            "workers": 2 if len(interviews) > 1 else 1,
            "min_chunk_s": MIN_CHUNK_S,
            "paced": paced,
            "interviews": clients,
        }
