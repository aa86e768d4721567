"""Loads a Whisper model: by folder or by name, on CPU or CUDA, checked before anyone speaks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from analyzers.transcription.decoding import RecognitionError
from analyzers.transcription.model_hub import ModelUnavailable, Progress, locate
from analyzers.transcription.whisper import HUB_REPOSITORIES, Whisper, cuda_devices, open_model

SYNTHETIC_MARKER = "synthetic_test_model"
"""This key, true in a model's config.json, says that it knows synthetic voices only: for tests and the demo."""

WINDOWS_KEY = "windows_s"
"""This key in a model's config.json names the windows, in seconds, that it was trained on."""


def load_model(
    name: str,
    device: str,
    compute_type: str,
    threads: int,
    cache_dir: Path,
    on_progress: Progress,
    *,
    windows_s: tuple[int, ...] = (),
    hub_endpoint: str | None = None,
) -> Whisper:
    """Load a model by folder, by short name ("small") or by its name on the hub ("owner/model"). Blocks.

    device: cpu, cuda or auto. compute_type: CTranslate2's; "default" is int8 on a CPU, float16 on CUDA. threads:
    0 means one less than the cores, at most 4. cache_dir: where fetched models are kept. windows_s: lengths that
    sound is padded to; none means those the model was trained on, or the device's. Raises ModelUnavailable.
    """
    folder = locate(name, HUB_REPOSITORIES, cache_dir, on_progress, endpoint=hub_endpoint)
    if device == "auto":
        device = "cuda" if cuda_devices() > 0 else "cpu"
    if compute_type == "default":
        compute_type = "float16" if device == "cuda" else "int8"
    if device == "cuda" and cuda_devices() == 0:
        raise ModelUnavailable(
            "device", "This machine has no usable CUDA device. Set INTERVIEW_WHISPER_DEVICE to cpu or auto."
        )
    try:
        whisper = open_model(
            folder,
            device,
            compute_type,
            threads or default_threads(),
            synthetic=is_synthetic(folder),
            windows_s=windows_s or trained_windows_s(folder),
        )
        whisper.check()
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError, OSError, RecognitionError) as error:
        raise ModelUnavailable(
            "files_broken",
            f"The speech model in {folder} could not be loaded on {device} with compute type {compute_type} "
            f"({type(error).__name__}: {str(error)[:200]}). Fetch it again, or set INTERVIEW_WHISPER_MODEL to another.",
        ) from error
    return whisper


def default_threads() -> int:
    """One less than the cores, so that audio and pages keep one; at least 1, at most 4."""
    return max(1, min(4, (os.cpu_count() or 1) - 1))


def is_synthetic(directory: Path) -> bool:
    """Whether the model in this folder knows synthetic voices only and must not judge people."""
    return described(directory).get(SYNTHETIC_MARKER) is True


def trained_windows_s(directory: Path) -> tuple[int, ...]:
    """The windows that the model's config.json names; empty when it names none."""
    found = described(directory).get(WINDOWS_KEY)
    return tuple(found) if isinstance(found, list) else ()


def described(directory: Path) -> dict[str, Any]:
    """The model's config.json; empty where there is none, or a broken one: loading will say what is wrong."""
    try:
        found = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
