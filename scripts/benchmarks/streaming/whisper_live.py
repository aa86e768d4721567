"""Drives collabora/WhisperLive from PyPI: its own server in a process of its own, our paced websocket clients."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp
import numpy as np

from media.frames import SAMPLE_RATE
from scripts.benchmarks.streaming.peer_process import (
    PeerFailed,
    cpu_seconds,
    environment,
    failed,
    peer_process,
    same_engine,
)
from scripts.benchmarks.streaming.sound import PacedInterview
from scripts.benchmarks.streaming.timeline import Heard, Round, Timeline, Watch

RUNNER = Path(__file__).with_name("run_whisper_live.py")
RELEASE = "whisper-live==0.10.0"
PACKET_S = 0.1
"""Its own client sends packets of 256 ms; shorter ones are kinder to its latency."""
_START_S = 60.0
_LAST_WORDS_S = 1.0


class WhisperLive:
    """One server process for each round. threads: of CTranslate2 when one client is alone; else all cores.

    In its batched mode: with the lock around the model that is its default it was slower and cost more here.
    """

    name = "whisper_live"

    def __init__(self, model: Path, threads: int, cores: int) -> None:
        self._model = model.resolve()
        self._threads = threads
        self._cores = cores
        # What its faster_whisper server imports; all that it asks for on PyPI would be gigabytes more.
        packages = [*same_engine(), "torch==2.13.0", "websockets", "fastapi", "uvicorn"]
        self._python = environment(self.name, [RELEASE], packages)

    def play(self, interviews: Sequence[PacedInterview], *, paced: bool = True) -> Round:
        """Hear all of them at once. It works by the clock and is always paced. Raises PeerFailed."""
        threads = self._threads if len(interviews) == 1 else self._cores
        with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
            log = Path(folder) / "log"
            port = _free_port()
            command: list[str | Path] = [
                self._python,
                "-P",
                RUNNER,
                json.dumps({"port": port, "model": str(self._model)}),
            ]
            with peer_process(command, log, {"OMP_NUM_THREADS": str(threads)}) as process:
                return asyncio.run(self._play(interviews, port, process, log))

    async def _play(
        self,
        interviews: Sequence[PacedInterview],
        port: int,
        process: subprocess.Popen[bytes],
        log: Path,
    ) -> Round:
        async with aiohttp.ClientSession() as http:
            clients = [_Client(said) for said in interviews]
            for index, client in enumerate(clients):
                await self._connect(client, http, port, index, process, log)
            cpu = cpu_seconds(process.pid)
            start = time.monotonic()
            late = await asyncio.gather(*(client.play(start) for client in clients))
            if process.poll() is not None:
                raise failed(self.name, log)
            cpu = cpu_seconds(process.pid) - cpu
        heard = tuple(Heard(client.said, client.timeline()) for client in clients)
        return Round(heard, cpu, float(np.percentile(np.concatenate(late), 95)))

    async def _connect(
        self,
        client: _Client,
        http: aiohttp.ClientSession,
        port: int,
        index: int,
        process: subprocess.Popen[bytes],
        log: Path,
    ) -> None:
        """Tries until the server listens, which takes seconds the first time."""
        deadline = time.monotonic() + _START_S
        while True:
            try:
                await client.connect(http, port, index, str(self._model))
                return
            except aiohttp.ClientConnectionError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise failed(self.name, log) from None
                await asyncio.sleep(0.2)


class _Client:
    """One websocket client; what it sends is what the project's own client sends by default."""

    def __init__(self, said: PacedInterview) -> None:
        self.said = said
        self._watch = Watch()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._start = 0.0
        self._last = ""

    async def connect(self, http: aiohttp.ClientSession, port: int, index: int, model: str) -> None:
        """Returns when the server is ready for sound."""
        self._socket = await http.ws_connect(f"ws://127.0.0.1:{port}", max_msg_size=0)
        options = {
            "uid": f"client-{index}",
            "language": self.said.language.whisper,
            "task": "transcribe",
            "model": model,
            "use_vad": True,
            "send_last_n_segments": 10_000,
            "no_speech_thresh": 0.45,
            "clip_audio": False,
            "same_output_threshold": 10,
        }
        await self._socket.send_str(json.dumps(options))
        answer = await self._socket.receive(timeout=_START_S)
        if answer.type is not aiohttp.WSMsgType.TEXT or "SERVER_READY" not in answer.data:
            raise PeerFailed(f"whisper_live refused a client: {answer.data}")

    async def play(self, start: float) -> list[float]:
        """Sends the sound when it is due, and returns how late each packet was.

        When the server hangs up, what was not heard is missing in the end; that is no reason to stop the others.
        """
        assert self._socket is not None
        self._start = start
        listening = asyncio.create_task(self._listen())
        late: list[float] = []
        sound = self.said.samples.astype(np.float32) / 32768.0
        packet = round(PACKET_S * SAMPLE_RATE)
        for begin in range(0, len(sound), packet):
            part = sound[begin : begin + packet]
            due = start + (begin + len(part)) / SAMPLE_RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            late.append(max(0.0, time.monotonic() - due))
            with suppress(aiohttp.ClientConnectionError):
                await self._socket.send_bytes(part.tobytes())
        await asyncio.sleep(_LAST_WORDS_S)
        with suppress(aiohttp.ClientConnectionError):
            await self._socket.send_bytes(b"END_OF_AUDIO")
        await listening
        return late

    async def _listen(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            segments = json.loads(message.data).get("segments")
            if segments is None:
                continue
            committed = " ".join(each["text"] for each in segments if each["completed"])
            tentative = " ".join(each["text"] for each in segments if not each["completed"])
            self._watch.see(time.monotonic() - self._start, committed, tentative)
            self._last = f"{committed} {tentative}"

    def timeline(self) -> Timeline:
        """What was seen; what was tentative when the connection ended counts as said, as its own client takes it."""
        self._watch.see(self.said.seconds + _LAST_WORDS_S, self._last, "")
        return Timeline(tuple(self._watch.sights))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
