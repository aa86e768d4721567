"""Plays interviews to ufal/whisper_streaming: run by the Python of its own environment, as `… JOB_FILE RESULT_FILE`.

Each client has its own OnlineASRProcessor and thread; all share one loaded model. A client does what the project's own
server does: wait for at least --min-chunk-size of sound, take all that has come, decode, tell. Imports nothing of
this repository: that environment does not have it. Ends at once when its parent closes our standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

RATE_HZ = 16_000
START_DELAY_S = 0.3


def main() -> None:
    """Reads the job, plays it, writes what was seen."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    job = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, job["checkout"])
    whisper_online = importlib.import_module("whisper_online")
    model = WhisperModel(
        job["model"], device="cpu", compute_type="int8", cpu_threads=job["threads"], num_workers=job["workers"]
    )
    clients = [
        Client(whisper_online, model, each["language"], np.load(each["sound"]), job) for each in job["interviews"]
    ]
    clients[0].warm_up()
    start = time.monotonic() + START_DELAY_S
    cpu = _cpu_s()
    with ThreadPoolExecutor(len(clients)) as pool:
        for played in [pool.submit(client.play, start) for client in clients]:
            played.result()
    result = {"cpu_s": _cpu_s() - cpu, "timelines": [client.noted for client in clients]}
    Path(sys.argv[2]).write_text(json.dumps(result))


class Client:
    """One interview. sound: int16 at 16 kHz."""

    def __init__(self, whisper_online: Any, model: WhisperModel, language: str, sound: Any, job: Any) -> None:
        class SharedModel(whisper_online.FasterWhisperASR):  # type: ignore[misc]
            """Its backend with our model, on the CPU, instead of one loaded onto a GPU."""

            def load_model(self, *_: Any, **__: Any) -> WhisperModel:
                return model

        self._asr = SharedModel(language)
        self._online = whisper_online.OnlineASRProcessor(self._asr, buffer_trimming=("segment", 15))
        self._sound = sound.astype(np.float32) / 32768.0
        self._chunk: int = round(job["min_chunk_s"] * RATE_HZ)
        self._paced = job["paced"]
        self._committed = ""
        self.noted: dict[str, list[Any]] = {"sights": [], "lags_s": []}

    def warm_up(self) -> None:
        """As its server does, with the first second."""
        self._asr.transcribe(self._sound[:RATE_HZ])

    def play(self, start: float) -> None:
        """Plays the whole sound; its first sample is due at `start`."""
        self._online.init()
        taken = 0
        while taken < len(self._sound):
            until = self._wait(start, taken)
            self._online.insert_audio_chunk(self._sound[taken:until])
            taken = until
            try:
                said = self._online.process_iter()
            except AssertionError:
                continue  # As its own command line does.
            tentative = self._online.to_flush(self._online.transcript_buffer.complete())
            now = time.monotonic() - start
            self.noted["lags_s"].append(now - taken / RATE_HZ)
            self._see(now, said[2], tentative[2])
        self._see(time.monotonic() - start, self._online.finish()[2], "")

    def _wait(self, start: float, taken: int) -> int:
        """Returns how many samples have come, when it is enough for a decode."""
        longest: int = len(self._sound)
        enough = min(longest, taken + self._chunk)
        if not self._paced:
            return enough
        time.sleep(max(0.0, start + enough / RATE_HZ - time.monotonic()))
        return min(longest, max(enough, int((time.monotonic() - start) * RATE_HZ)))

    def _see(self, at_s: float, said: str, tentative: str) -> None:
        self._committed += said
        self.noted["sights"].append([at_s, self._committed, tentative])


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _die_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
