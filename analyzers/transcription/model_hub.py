"""Brings a Whisper model's files from the model hub into a folder, with progress and within bounded time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import RepositoryNotFoundError

Progress = Callable[[int, int | None], None]
"""Called with (bytes on disk so far, bytes in all or None while unknown), four times a second while a model is fetched.

It may raise to give the download up, which goes on from there the next time.
"""

Reason = Literal["unknown_name", "folder_missing", "files_missing", "files_broken", "device", "hub", "not_on_hub"]

REQUIRED_FILES = ("config.json", "model.bin", "tokenizer.json")
_WANTED = (*REQUIRED_FILES, "preprocessor_config.json", "vocabulary.*")
_ANSWER_S = 15.0
"""How long the hub may take to say what files there are."""
_STALL_S = 60.0
"""How long a download may stand still."""
_POLL_S = 0.25

T = TypeVar("T")


class ModelUnavailable(Exception):
    """There is no model to recognise speech with. The message is a sentence for the operator that says what to do."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Reason = reason


def locate(
    name: str, repositories: Mapping[str, str], cache_dir: Path, on_progress: Progress, *, endpoint: str | None = None
) -> Path:
    """The complete folder of a model: itself a folder, a short name among repositories, or "owner/model" on the hub.

    Blocks while it is fetched. Raises ModelUnavailable.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if name.startswith(("/", ".", "~")) or name.count("/") > 1:
            raise ModelUnavailable(
                "folder_missing",
                f"There is no folder {name} with a speech model. Correct INTERVIEW_WHISPER_MODEL, or set it to a name "
                "such as small to fetch one.",
            )
        repository = name if "/" in name else repositories.get(name)
        if repository is None:
            raise ModelUnavailable(
                "unknown_name",
                f"There is no speech model named {name}. Set INTERVIEW_WHISPER_MODEL to a folder or one of: "
                f"{', '.join(repositories)}.",
            )
        return fetch(repository, cache_dir, on_progress, endpoint=endpoint)
    if missing := [file for file in REQUIRED_FILES if not (folder / file).is_file()]:
        raise ModelUnavailable(
            "files_missing",
            f"The speech model's folder {folder} lacks {', '.join(missing)}. Copy the complete model there, or set "
            "INTERVIEW_WHISPER_MODEL to another.",
        )
    return folder


def fetch(repository: str, cache_dir: Path, on_progress: Progress, *, endpoint: str | None = None) -> Path:
    """The folder in cache_dir with the files of a repository on the hub; downloaded unless they are there already.

    Blocks; on_progress is called from the same thread. endpoint: another hub's address. Raises
    ModelUnavailable: after at most 15 s when the hub is out of reach, 60 s when a download stands still.
    """
    folder = cache_dir / repository.replace("/", "--")
    if all((folder / name).is_file() for name in REQUIRED_FILES):
        return folder
    api = HfApi(endpoint=endpoint)
    asked = _in_thread(lambda: api.model_info(repository, files_metadata=True, timeout=_ANSWER_S / 2))
    wait([asked], timeout=_ANSWER_S)
    info = _result_or_sentence(asked, repository)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or () if _wanted(file.rfilename)}
    if missing := [name for name in REQUIRED_FILES if name not in sizes]:
        raise ModelUnavailable(
            "files_missing",
            f"{repository} on the model hub lacks {', '.join(missing)}, so it is no faster-whisper model. "
            "Set INTERVIEW_WHISPER_MODEL to a model converted for faster-whisper.",
        )

    def download() -> None:
        # The weights last: where they are, everything is.
        for name in sorted(sizes, key=lambda name: name == "model.bin"):
            hf_hub_download(repository, name, revision=info.sha, local_dir=folder, endpoint=endpoint)

    total = sum(sizes.values()) if all(sizes.values()) else None
    _watch(_in_thread(download), repository, folder, total, on_progress)
    return folder


def _watch(download: Future[None], repository: str, folder: Path, total: int | None, on_progress: Progress) -> None:
    done, moved_at = -1, time.monotonic()
    while not download.done() and time.monotonic() - moved_at < _STALL_S:
        if (on_disk := _bytes_in(folder)) > done:
            done, moved_at = on_disk, time.monotonic()
        on_progress(done if total is None else min(done, total), total)
        wait([download], timeout=_POLL_S)
    _result_or_sentence(download, repository)
    if total is not None:
        on_progress(total, total)


def _bytes_in(folder: Path) -> int:
    """What is on disk, the unfinished file included. A file that is just being moved into place counts as nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.path.getsize(os.path.join(where, name))
    return total


def _in_thread(work: Callable[[], T]) -> Future[T]:
    """Run in a thread that does not keep the process alive: a name look-up cannot be interrupted."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on to whoever reads the future
            future.set_exception(error)

    threading.Thread(target=run, name="model-hub", daemon=True).start()
    return future


def _result_or_sentence(future: Future[T], repository: str) -> T:
    """What the thread returned. Raises ModelUnavailable for whatever stopped it, or if it has not ended."""
    error = future.exception() if future.done() else TimeoutError()
    if error is None:
        return future.result()
    if isinstance(error, RepositoryNotFoundError):
        raise ModelUnavailable(
            "not_on_hub",
            f"The model hub has no public model {repository}. Check INTERVIEW_WHISPER_MODEL for a slip of the pen.",
        ) from error
    raise ModelUnavailable(
        "hub",
        f"The speech model {repository} could not be fetched from the model hub ({type(error).__name__}). Check the "
        "internet connection and the free disk space and start again, or copy the model to this machine and set "
        "INTERVIEW_WHISPER_MODEL to its folder.",
    ) from error


def _wanted(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _WANTED)
