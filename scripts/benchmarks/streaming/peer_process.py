"""An environment and a process for each peer: neither touches ours, and no process outlives the benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / ".cache" / "peers"
_KILL_AFTER_S = 5.0


class PeerFailed(RuntimeError):
    """A peer could not be installed or run. The message says what its log says last."""


def same_engine() -> list[str]:
    """The recogniser's packages in the versions that we use: what differs is what a peer does with them."""
    return [f"{name}=={version(name)}" for name in ("faster-whisper", "ctranslate2", "onnxruntime", "tokenizers")]


def environment(name: str, without_dependencies: Sequence[str], packages: Sequence[str]) -> Path:
    """The Python of a peer's own environment; made and filled by pip the first time. Raises PeerFailed."""
    folder = PEERS / name
    stamp = folder / "installed.txt"
    python = folder / "bin" / "python"
    wanted = "\n".join([*without_dependencies, "", *packages])
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"Making an environment for {name} in {folder}", flush=True)
    uv = Path(sys.executable).parent / "uv"
    _run([str(uv), "venv", "--quiet", "--seed", "--clear", "--python", sys.executable, str(folder)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *packages])
    if without_dependencies:
        _run([*pip, "--no-deps", *without_dependencies])
    stamp.write_text(wanted)
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerFailed(f"'{' '.join(command)}' failed:\n{done.stderr[-2000:]}")


@contextmanager
def peer_process(command: Sequence[str | Path], log: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen]:  # type: ignore[type-arg]
    """Runs a peer, with its output in `log`, and ends it however the block is left.

    Its standard input is a pipe that nobody writes to: should this process be killed, it closes, and the runner ends.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
            cwd=log.parent,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_KILL_AFTER_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdin is not None
            process.stdin.close()


def failed(name: str, log: Path) -> PeerFailed:
    """What to raise when a peer's process has ended by itself."""
    return PeerFailed(f"{name} ended with an error. The end of its output:\n{log.read_text(errors='replace')[-2000:]}")


def cpu_seconds(process_id: int) -> float:
    """User and system time that a running process has used so far, all threads (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
